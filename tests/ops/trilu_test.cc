// Trilu: both triangles, every diagonal, any type and batch.
#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

void check(const Array& in, bool upper, int32_t k, const Bytes& zero) {
  SCOPED_TRACE(::testing::PrintToString(in.shape) + (upper ? " above " : " below ") +
               std::to_string(k));
  Array out = in;
  for_each_index(in.shape, [&](const Dims& index) {
    const int32_t column = index.back(), line = index[index.size() - 2];
    if (upper ? column - line >= k : column - line <= k) return;
    std::copy(zero.begin(), zero.end(),
              out.bytes.begin() +
                  static_cast<std::ptrdiff_t>(position(index, in.shape) * in.element_bytes()));
  });
  fb::TriluT options;
  options.upper = upper;
  options.k = k;
  expect_node(options, {in}, {out});
}

TEST(Trilu, EveryDiagonal) {
  std::mt19937 random(1);
  for (const Dims& shape : {Dims{3, 5}, Dims{5, 3}, Dims{2, 3, 4, 4}, Dims{1, 1}}) {
    for (int32_t k = -7; k <= 7; ++k) {
      for (bool upper : {false, true}) {
        for (DType type : {DType::Bool, DType::S16, DType::F32, DType::S64}) {
          const Array in = random_array(type, shape, random);
          check(in, upper, k, Bytes(in.element_bytes()));
        }
      }
    }
  }
}

TEST(Trilu, FarDiagonals) {
  std::mt19937 random(2);
  const Array in = random_array(DType::F32, {3, 4}, random);
  for (int32_t k : {INT32_MIN, -INT32_MAX, INT32_MAX}) {
    for (bool upper : {false, true}) check(in, upper, k, Bytes(4));
  }
}

TEST(Trilu, ZeroOfQuantizedValuesIsTheirZeroPoint) {
  std::mt19937 random(3);
  Array in = random_array(DType::S8, {4, 4}, random);
  in.quantization = {{0.5f}, {-7}};
  check(in, true, 1, {static_cast<uint8_t>(-7)});
}

TEST(Trilu, OnManyThreads) {
  std::mt19937 random(4);
  check(random_array(DType::F32, {3, 200, 170}, random), false, -1, Bytes(4));
}

TEST(Trilu, RefusesAVector) {
  const Array in = empty_array(DType::F32, {3});
  expect_refused(fb::TriluT(), {in}, {in}, "takes matrices, not 3");
}

}  // namespace
}  // namespace qrt::test
