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

// Without sizes, whatever size the axis takes.
TEST(Split, EqualPartsAndWhatIsLeft) {
  graph::Graph g;
  const int in = g.add_tensor("in", DType::F32, {-1, 2});
  std::vector<int> parts;
  for (const char* name : {"a", "b", "c"}) {
    parts.push_back(g.add_tensor(name, DType::F32, {-1, 2}));
  }
  g.add_node("split", fb::SplitT(), {in}, parts);
  g.inputs = {in};
  g.outputs = parts;
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  for (int32_t n : {3, 6, 8, 0}) {
    ASSERT_TRUE(loaded.session->resize_input(0, {n, 2}).ok());
    std::vector<float> all(static_cast<size_t>(n) * 2), joined;
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<float>(i);
    loaded.set(0, all);
    loaded.run();
    const int32_t part = (n + 2) / 3;
    EXPECT_EQ(loaded.session->output_shape(0), (rt::Shape{part, 2}));
    EXPECT_EQ(loaded.session->output_shape(2), (rt::Shape{n - 2 * part, 2}));
    for (size_t k = 0; k < 3; ++k) {
      const std::vector<float> piece = loaded.get<float>(k);
      joined.insert(joined.end(), piece.begin(), piece.end());
    }
    EXPECT_EQ(joined, all);
  }
  const rt::Status status = loaded.session->resize_input(0, {4, 2});
  EXPECT_TRUE(status.ok()) << "2, 2 and none";
  EXPECT_NE(loaded.session->resize_input(0, {1, 2}).message().find(
                "cannot split 1 elements into 3 equal parts"),
            std::string::npos);
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
  refused(1, {}, "computes 2x3 for output 0, the model declares 2x2");
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
