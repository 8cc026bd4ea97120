// A quantized variable of any type starts as real zero, and is that again after a reset.
#include "src/runtime/real_zero.h"

#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using graph::Bytes;
using rt::DType;

// A graph whose only output is a variable.
graph::Graph variable_of(DType type, std::vector<int32_t> shape, graph::Quantization q) {
  graph::Graph g;
  graph::Value value;
  value.name = "state";
  value.type = type;
  value.shape = std::move(shape);
  value.quantization = std::move(q);
  value.variable = true;
  g.outputs = {g.add_value(value)};
  return g;
}

void expect_start(DType type, std::vector<int32_t> shape, const graph::Quantization& q,
                  const Bytes& expected) {
  SCOPED_TRACE(rt::dtype_name(type));
  Loaded loaded = must_load(variable_of(type, std::move(shape), q));
  ASSERT_NE(loaded.session, nullptr);
  EXPECT_EQ(loaded.get<uint8_t>(), expected);
  auto* memory = const_cast<void*>(loaded.session->output_data(0));
  std::memset(memory, 0x5A, loaded.session->output_bytes(0));
  loaded.session->reset_state();
  EXPECT_EQ(loaded.get<uint8_t>(), expected);
}

template <class T>
Bytes bytes_of(const std::vector<T>& elements) {
  Bytes bytes(elements.size() * sizeof(T));
  std::memcpy(bytes.data(), elements.data(), bytes.size());
  return bytes;
}

TEST(RealZero, OfEveryQuantizedType) {
  const auto with_zero = [](int32_t zero) { return graph::Quantization{{0.5f}, {zero}, -1, 0}; };
  expect_start(DType::S8, {3}, with_zero(-7), bytes_of<int8_t>({-7, -7, -7}));
  expect_start(DType::U8, {3}, with_zero(200), bytes_of<uint8_t>({200, 200, 200}));
  expect_start(DType::S16, {3}, with_zero(-300), bytes_of<int16_t>({-300, -300, -300}));
  expect_start(DType::S32, {3}, with_zero(-70000), bytes_of<int32_t>({-70000, -70000, -70000}));
  expect_start(DType::S4, {4}, with_zero(-7), {0x99, 0x99});
  expect_start(DType::S4, {3}, with_zero(5), {0x55, 0x05});
}

TEST(RealZero, IsZeroWithoutAZeroPoint) {
  for (DType type : {DType::S8, DType::U8, DType::S16, DType::S32}) {
    expect_start(type, {2}, {{0.5f}, {}, -1, 0}, Bytes(2 * rt::dtype_bytes(type)));
  }
  for (DType type : {DType::F32, DType::S64, DType::F16, DType::Bool}) {
    expect_start(type, {2}, {}, Bytes(2 * rt::dtype_bytes(type)));
  }
}

TEST(RealZero, OfEachIndexOfAnAxis) {
  const graph::Quantization middle = {{1, 1, 1}, {1, 2, 3}, 1, 0};
  expect_start(DType::S8, {2, 3, 2}, middle, {1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3});
  expect_start(DType::S16, {1, 3, 1}, middle, bytes_of<int16_t>({1, 2, 3}));
  expect_start(DType::S4, {3, 3}, {{1, 1, 1}, {1, -2, 3}, 1, 0}, {0xE1, 0x13, 0x3E, 0xE1, 0x03});
}

TEST(RealZero, OfEachBlock) {
  expect_start(DType::S8, {2, 4}, {{1, 1, 1, 1}, {1, 2, 3, 4}, 1, 2}, {1, 1, 2, 2, 3, 3, 4, 4});
  expect_start(DType::S8, {4, 2}, {{1, 1, 1, 1}, {1, 2, 3, 4}, 0, 2}, {1, 2, 1, 2, 3, 4, 3, 4});
  // The last block of what is left.
  expect_start(DType::S8, {2, 3}, {{1, 1, 1, 1}, {1, 2, 3, 4}, 1, 2}, {1, 1, 2, 3, 3, 4});
}

}  // namespace
}  // namespace qrt::test
