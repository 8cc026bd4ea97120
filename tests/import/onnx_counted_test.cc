// ONNX operators whose results are as large as a run decides.
#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

using Indices = std::vector<int64_t>;

// PyTorch's x[x > 1]: the places as [rank, count], turned to rows, gathered.
TEST(OnnxCounted, ElementsThatAMaskPicks) {
  for (const char* rows : {"2", "rows"}) {
    OnnxBuilder b;
    b.open_input("x", {rows, "3"});
    b.floats("one", {}, {1});
    b.op("Greater", {"x", "one"}, {"mask"});
    b.op("NonZero", {"mask"}, {"columns"});
    b.op("Transpose", {"columns"}, {"places"}).set("perm", Dims64{1, 0});
    b.op("GatherND", {"x", "places"}, {"y"});
    b.output("y");
    b.output("columns");
    Loaded loaded = must_load(b.must_optimize());
    ASSERT_NE(loaded.session, nullptr);
    ASSERT_TRUE(loaded.session->resize_input(0, {2, 3}).ok());
    loaded.set<float>(0, {5, 0, 2, 1, 4, 0});
    loaded.run();
    EXPECT_EQ(loaded.get<float>(), (std::vector<float>{5, 2, 4}));
    EXPECT_EQ(loaded.session->output_shape(1).str(), "2x3");
    EXPECT_EQ(loaded.get<int64_t>(1), (Indices{0, 0, 1, 0, 2, 1}));
  }
}

// Of constants they are constants, as large as they are.
TEST(OnnxCounted, OfConstantsAreConstants) {
  OnnxBuilder b;
  b.input("x", {4});
  b.floats("mask", {4}, {0, 1, 0, 1});
  b.op("NonZero", {"mask"}, {"columns"});
  b.integers("flat", {-1});
  b.op("Reshape", {"columns", "flat"}, {"places"});
  b.op("Gather", {"x", "places"}, {"some"});
  b.op("ReduceSum", {"some"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(count_kind(g, "NonZero"), 0u);
  EXPECT_EQ(run_floats(g, {{1, 2, 3, 4}}), std::vector<float>{6});
}

TEST(OnnxCounted, Compress) {
  for (int axis : {0, 1, 9}) {
    OnnxBuilder b;
    b.input("x", {3, 2});
    b.input("condition", {2}, Onnx::BOOL);
    OnnxNode node = b.op("Compress", {"x", "condition"}, {"y"});
    if (axis < 9) node.set("axis", axis);
    b.output("y");
    Loaded loaded = must_load(b.must_optimize());
    ASSERT_NE(loaded.session, nullptr);
    loaded.set<float>(0, {1, 2, 3, 4, 5, 6});
    loaded.set<uint8_t>(1, {0, 1});
    loaded.run();
    const std::vector<float> want[] = {{3, 4}, {2, 4, 6}, {2}};
    EXPECT_EQ(loaded.get<float>(), want[axis == 9 ? 2 : axis]);
    loaded.set<uint8_t>(1, {0, 0});
    loaded.run();
    EXPECT_TRUE(loaded.get<float>().empty());
  }
}

// As detectors end: the boxes that are left, and their scores.
TEST(OnnxCounted, TheBoxesThatAreLeft) {
  OnnxBuilder b;
  b.input("boxes", {1, 3, 4});
  b.input("scores", {1, 1, 3});
  b.integers("most", {10});
  b.floats("iou", {1}, {0.5f});
  b.floats("score", {1}, {0.25f});
  b.op("NonMaxSuppression", {"boxes", "scores", "most", "iou", "score"}, {"selected"});
  b.integers("two", {2});
  b.op("Gather", {"selected", "two"}, {"column"}).set("axis", 1);
  b.integers("axes", {1});
  b.op("Squeeze", {"column", "axes"}, {"chosen"});
  b.integers("zero", {0});
  b.op("Squeeze", {"boxes", "zero"}, {"all"});
  b.op("Gather", {"all", "chosen"}, {"y"}).set("axis", 0);
  b.output("y");
  b.output("selected");
  Loaded loaded = must_load(b.must_optimize());
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<float>(0, {0, 0, 1, 1, 0, 0, 1, 0.9f, 2, 2, 3, 3});
  loaded.set<float>(1, {0.5f, 0.75f, 0.3f});
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (std::vector<float>{0, 0, 1, 0.9f, 2, 2, 3, 3}));
  EXPECT_EQ(loaded.get<int64_t>(1), (Indices{0, 0, 1, 0, 0, 2}));
  loaded.set<float>(1, {0, 0, 0});
  loaded.run();
  EXPECT_EQ(loaded.session->output_shape(0).str(), "0x4");
}

// A limit that is computed when the model runs.
TEST(OnnxCounted, LimitsThatARunGives) {
  OnnxBuilder b;
  b.input("boxes", {1, 2, 4});
  b.input("scores", {1, 1, 2});
  b.integers("most", {1});
  b.input("iou", {1});
  b.op("NonMaxSuppression", {"boxes", "scores", "most", "iou"}, {"y"}).set("center_point_box", 1);
  b.output("y");
  Loaded loaded = must_load(b.must_optimize());
  ASSERT_NE(loaded.session, nullptr);
  EXPECT_EQ(loaded.session->output_shape(0).str(), "1x3");
  loaded.set<float>(0, {0, 0, 1, 1, 5, 5, 1, 1});
  loaded.set<float>(1, {0.5f, 0.75f});
  loaded.set<float>(2, {0.5f});
  loaded.run();
  EXPECT_EQ(loaded.get<int64_t>(), (Indices{0, 0, 1}));
}

}  // namespace
}  // namespace qrt::test
