#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

void check(const Array& in, const Dims& wanted, const Dims& shape) {
  SCOPED_TRACE(::testing::PrintToString(in.shape) + " to " + ::testing::PrintToString(wanted));
  const Array out = rearrange(in, shape, [&](const Dims& index) {
    Dims source(index.end() - static_cast<std::ptrdiff_t>(in.shape.size()), index.end());
    for (size_t i = 0; i < source.size(); ++i) {
      if (in.shape[i] == 1) source[i] = 0;
    }
    return source;
  });
  fb::BroadcastToT options;
  options.shape = wanted;
  expect_node(options, {in}, {out});
}

TEST(BroadcastTo, RandomShapes) {
  std::mt19937 random(1);
  for (int round = 0; round < 80; ++round) {
    Dims shape(random() % 9);
    for (int32_t& dim : shape) dim = 1 + static_cast<int32_t>(random() % 3);
    Dims in(shape.begin() + static_cast<std::ptrdiff_t>(random() % (shape.size() + 1)),
            shape.end());
    for (int32_t& dim : in) dim = random() % 2 == 0 ? 1 : dim;
    check(random_array(kMovedTypes[random() % kMovedTypes.size()], in, random), shape, shape);
  }
}

TEST(BroadcastTo, OnesInTheWantedShapeKeepTheInputs) {
  std::mt19937 random(2);
  const Array in = random_array(DType::S8, {4, 1, 3}, random);
  check(in, {1, 2, 1}, {4, 2, 3});
  check(in, {1}, {4, 1, 3});
  check(in, {2, 1, 1, 1}, {2, 4, 1, 3});
}

TEST(BroadcastTo, OnManyThreads) {
  std::mt19937 random(3);
  check(random_array(DType::S16, {70, 1, 1}, random), {70, 60, 50}, {70, 60, 50});
  check(random_array(DType::F32, {50}, random), {70, 60, 50}, {70, 60, 50});
}

TEST(BroadcastTo, Refuses) {
  const Array in = empty_array(DType::S8, {2, 3});
  const auto refused = [&](const Dims& shape, const std::string& words) {
    fb::BroadcastToT options;
    options.shape = shape;
    expect_refused(options, {in}, {in}, words);
  };
  refused({2, 4}, "cannot broadcast 2x3 to 2x4");
  refused({5, 2, 3}, "the model declares 2x3");
  refused({2, 0}, "cannot broadcast 2x3 to 2x0");
  refused({2, -1}, "its shape has a dimension of -1");
  refused(Dims(9, 1), "has 9 dimensions, more than 8");
}

}  // namespace
}  // namespace qrt::test
