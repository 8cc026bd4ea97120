#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

void check(const Array& in, const Dims& multiples) {
  SCOPED_TRACE(::testing::PrintToString(in.shape) + " x " + ::testing::PrintToString(multiples));
  Dims shape = in.shape;
  for (size_t i = 0; i < shape.size(); ++i) shape[i] *= multiples[i];
  const Array out = rearrange(in, shape, [&](Dims index) {
    for (size_t i = 0; i < index.size(); ++i) index[i] %= in.shape[i];
    return index;
  });
  fb::TileT options;
  options.multiples = multiples;
  expect_node(options, {in}, {out});
}

TEST(Tile, RandomShapes) {
  std::mt19937 random(1);
  for (int round = 0; round < 80; ++round) {
    Dims shape(random() % 9), multiples(shape.size());
    for (int32_t& dim : shape) dim = 1 + static_cast<int32_t>(random() % 3);
    for (int32_t& multiple : multiples) multiple = random() % 3 == 0 ? 2 : 1;
    check(random_array(kMovedTypes[random() % kMovedTypes.size()], shape, random), multiples);
  }
}

// Sixteen axes of the copy: none merge.
TEST(Tile, EveryAxisOfTheHighestRank) {
  std::mt19937 random(2);
  check(random_array(DType::S8, Dims(8, 2), random), Dims(8, 2));
}

TEST(Tile, OnManyThreads) {
  std::mt19937 random(3);
  check(random_array(DType::F32, {5, 1, 7}, random), {30, 40, 3});
}

TEST(Tile, Refuses) {
  const Array in = empty_array(DType::S8, {2, 3});
  const auto refused = [&](const Dims& multiples, const std::string& words) {
    fb::TileT options;
    options.multiples = multiples;
    expect_refused(options, {in}, {in}, words);
  };
  refused({2}, "has 1 multiples, the input has 2 axes");
  refused({1, 0}, "computes 2x0 for output 0, the model declares 2x3");
  refused({-1, 1}, "repeats axis 0, of 2 elements, -1 times");
  refused({1 << 30, 1}, "repeats axis 0, of 2 elements, 1073741824 times");
  refused({1 << 29, 1 << 29}, "has an impossible shape");
}

}  // namespace
}  // namespace qrt::test
