// NonZero: every type, and results that are as large as the elements say.
#include <cmath>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

// One NonZero as a model, its result as s64.
Loaded loaded(DType type, const Dims& shape) {
  graph::Graph g;
  const int in = g.add_tensor("in", type, shape);
  const int out = g.add_tensor("out", DType::S64, {-1, static_cast<int32_t>(shape.size())});
  g.inputs = {in};
  g.outputs = {out};
  g.add_node("node", fb::NonZeroT(), {in}, {out});
  return must_load(g);
}

template <class T>
void check(const Dims& shape, const std::vector<T>& elements) {
  SCOPED_TRACE(rt::dtype_name(rt::DTypeOf<T>::value));
  Loaded model = loaded(rt::DTypeOf<T>::value, shape);
  ASSERT_NE(model.session, nullptr);
  EXPECT_EQ(model.session->output_shape(0)[0], static_cast<int32_t>(elements.size()));
  std::vector<int64_t> want;
  for_each_index(shape, [&](const Dims& index) {
    const T& element = elements[position(index, shape)];
    if (static_cast<double>(element) != 0) want.insert(want.end(), index.begin(), index.end());
  });
  // Twice, for the first run leaves more behind than the second needs.
  for (int turn = 0; turn < 2; ++turn) {
    model.set(0, std::vector<T>(elements.size(), T(1.0)));
    model.run();
    EXPECT_EQ(model.session->output_shape(0)[0], static_cast<int32_t>(elements.size()));
    model.set(0, elements);
    model.run();
    EXPECT_EQ(model.session->output_shape(0).rank(), 2);
    EXPECT_EQ(model.session->output_shape(0)[0], static_cast<int32_t>(want.size() / shape.size()));
    EXPECT_EQ(model.get<int64_t>(), want);
  }
}

template <class T>
void check_shapes() {
  std::mt19937 random(1);
  for (const Dims& shape : {Dims{1}, Dims{9}, Dims{3, 4}, Dims{2, 1, 3, 5}}) {
    for (unsigned zeros : {0u, 2u, 100u}) {
      std::vector<T> elements;
      for (size_t i = 0; i < test::elements(shape); ++i) {
        const bool zero = random() % 100 < zeros * 50;
        elements.push_back(zero ? T(0.0) : T(static_cast<double>(1 + random() % 100)));
      }
      check(shape, elements);
    }
  }
}

TEST(NonZero, EveryType) {
  check_shapes<float>();
  check_shapes<double>();
  check_shapes<rt::Half>();
  check_shapes<rt::BFloat16>();
  check_shapes<int8_t>();
  check_shapes<uint8_t>();
  check_shapes<int16_t>();
  check_shapes<int32_t>();
  check_shapes<int64_t>();
}

TEST(NonZero, BothZerosAreZeroAndNanIsNot) {
  check<float>({4}, {0.0f, -0.0f, 1e-40f, NAN});
  check<double>({4}, {0.0, -0.0, 1e-310, static_cast<double>(NAN)});
  check<rt::Half>({3}, {rt::Half(0.0), rt::Half(-0.0), rt::Half(0x1p-24)});
}

TEST(NonZero, AnyByteButZeroIsTrue) {
  Loaded model = loaded(DType::Bool, {5});
  ASSERT_NE(model.session, nullptr);
  model.set<uint8_t>(0, {0, 1, 0, 128, 255});
  model.run();
  EXPECT_EQ(model.get<int64_t>(), (std::vector<int64_t>{1, 3, 4}));
}

TEST(NonZero, Refuses) {
  Array quantized = empty_array(DType::S8, {4});
  quantized.quantization = {{0.5f}, {1}, -1, 0};
  const Array out = empty_array(DType::S64, {4, 1});
  expect_refused(fb::NonZeroT(), {quantized}, {out}, "cannot run on s8", rt::Code::Unsupported);
  expect_refused(fb::NonZeroT(), {empty_array(DType::F32, {})}, {out}, "its input is a scalar");
}

}  // namespace
}  // namespace qrt::test
