#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

TEST(Reshape, KeepsTheOrderOfElements) {
  std::mt19937 random(1);
  struct Case {
    Dims from, wanted, to;
  };
  for (const Case& c : {Case{{2, 3, 4}, {4, 6}, {4, 6}}, Case{{2, 3, 4}, {-1, 2}, {12, 2}},
                        Case{{1}, {}, {}}, Case{{}, {1, -1, 1}, {1, 1, 1}},
                        Case{{6}, {1, 1, 2, 1, 3, 1, 1, 1}, {1, 1, 2, 1, 3, 1, 1, 1}}}) {
    Array in = random_array(DType::S8, c.from, random);
    in.quantization = kSomeScale;
    Array out = in;
    out.shape = c.to;
    fb::ReshapeT options;
    options.shape = c.wanted;
    expect_node(options, {in}, {out});
  }
}

TEST(Reshape, FollowsAResizedInput) {
  graph::Graph graph;
  const int in = graph.add_tensor("in", DType::S8, {-1, 2, 3});
  const int out = graph.add_tensor("out", DType::S8, {-1, 6});
  graph.inputs = {in};
  graph.outputs = {out};
  fb::ReshapeT options;
  options.shape = {-1, 6};
  graph.add_node("flatten", options, {in}, {out});
  Loaded loaded = must_load(graph);
  ASSERT_NE(loaded.session, nullptr);
  EXPECT_EQ(loaded.session->output_shape(0), (rt::Shape{1, 6}));
  ASSERT_TRUE(loaded.session->resize_input(0, {3, 2, 3}).ok());
  EXPECT_EQ(loaded.session->output_shape(0), (rt::Shape{3, 6}));
}

TEST(Reshape, Refuses) {
  const Array in = empty_array(DType::S8, {2, 3});
  const auto refused = [&](const Dims& shape, const std::string& words) {
    fb::ReshapeT options;
    options.shape = shape;
    expect_refused(options, {in}, {in}, words);
  };
  refused({7}, "cannot give 2x3 the shape 7");
  refused({4, -1}, "cannot give 2x3 the shape");
  refused({-1, -1}, "impossible dimension, -1");
  refused({6, 0}, "cannot give 2x3 the shape 6x0");
  refused({-2, -3}, "impossible dimension, -2");
  refused({INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX}, "cannot give 2x3 the shape");
  refused(Dims(9, 1), "has 9 dimensions, more than 8");
}

}  // namespace
}  // namespace qrt::test
