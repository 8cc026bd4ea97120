#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

void check(const Array& in, int32_t axis, const Dims& sizes) {
  const size_t a =
      static_cast<size_t>(axis < 0 ? axis + static_cast<int32_t>(in.shape.size()) : axis);
  std::vector<Array> pieces;
  int32_t begin = 0;
  for (int32_t size : sizes) {
    Dims shape = in.shape;
    shape[a] = size;
    pieces.push_back(rearrange(in, shape, [&](Dims index) {
      index[a] += begin;
      return index;
    }));
    begin += size;
  }
  SCOPED_TRACE(::testing::PrintToString(in.shape) + " axis " + std::to_string(axis));
  fb::SplitT options;
  options.axis = axis;
  options.sizes = sizes;
  expect_node(options, {in}, pieces);
}

TEST(Split, EveryAxisOfRandomShapes) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    Dims shape(1 + random() % 8), sizes(1 + random() % 4);
    for (int32_t& dim : shape) dim = 1 + static_cast<int32_t>(random() % 3);
    const auto axis = static_cast<int32_t>(random() % shape.size());
    int32_t& dim = shape[static_cast<size_t>(axis)] = 0;
    for (int32_t& size : sizes) dim += size = 1 + static_cast<int32_t>(random() % 4);
    const int32_t rank = static_cast<int32_t>(shape.size());
    check(random_array(kMovedTypes[random() % kMovedTypes.size()], shape, random),
          axis - (round % 2 == 0 ? rank : 0), sizes);
  }
}

TEST(Split, PiecesWithoutElements) {
  std::mt19937 random(3);
  check(random_array(DType::S8, {3, 5, 2}, random), 1, {0, 5, 0});
  check(random_array(DType::S32, {4}, random), 0, {1, 0, 3});
}

TEST(Split, ChannelsOfAnImage) {
  std::mt19937 random(2);
  check(random_array(DType::S8, {1, 40, 41, 48}, random), 3, {1, 3, 12, 32});
}

TEST(Split, Refuses) {
  const Array in = empty_array(DType::S8, {2, 5});
  const std::vector<Array> out = {empty_array(DType::S8, {2, 2}), empty_array(DType::S8, {2, 3})};
  const auto refused = [&](int32_t axis, const Dims& sizes, const std::string& words) {
    fb::SplitT options;
    options.axis = axis;
    options.sizes = sizes;
    expect_refused(options, {in}, out, words);
  };
  refused(1, {}, "splits into nothing");
  refused(1, {2, 2, 1}, "has 2 outputs, gives 3");
  refused(1, {5}, "has 2 outputs, gives 1");
  refused(1, {2, 2}, "its pieces have 4 elements, axis 1 has 5");
  refused(1, {INT32_MAX, INT32_MAX}, "its pieces have 4294967294 elements");
  refused(1, {5, 0}, "computes 2x5 for output 0, the model declares 2x2");
  refused(1, {6, -1}, "piece 1 has -1 elements");
  refused(2, {2, 3}, "axis 2 does not exist in 2x5");
  refused(-3, {2, 3}, "axis -3 does not exist");
}

}  // namespace
}  // namespace qrt::test
