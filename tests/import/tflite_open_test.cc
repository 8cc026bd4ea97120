// TensorFlow Lite's open dimensions (-1 in shape_signature) and shapes that a file leaves out.
#include "tests/import/tflite_expect.h"
#include "tests/support/open_model.h"

namespace qrt::test {
namespace {

using Shape = std::vector<int32_t>;

Shape output_shape(const graph::Graph& g) { return g.value(g.outputs[0]).shape; }

// Keras' Flatten: the batch picked out of the shape, and packed with -1.
TEST(TfliteOpen, AFlattenThatIsComputedFromTheShape) {
  TfliteBuilder b;
  const int x = b.add_input("x", {1, 4, 3});
  b.tensor(x).shape_signature = {-1, 4, 3};
  const int shape = b.add("shape", {3}, TensorType::INT32), n = b.add("n", {}, TensorType::INT32);
  const int wanted = b.add("wanted", {2}, TensorType::INT32);
  const int y = b.add_output("y", {1, 12});
  b.add_op(Builtin::SHAPE, {x}, {shape});
  tfl::StridedSliceOptionsT first;
  first.shrink_axis_mask = 1;
  b.add_op(Builtin::STRIDED_SLICE,
           {shape, b.add_ints("b", {0}), b.add_ints("e", {1}), b.add_ints("s", {1})}, {n}, first);
  const int rest = b.add_constant<int32_t>("rest", {}, TensorType::INT32, {-1});
  tfl::PackOptionsT pack;
  pack.values_count = 2;
  b.add_op(Builtin::PACK, {n, rest}, {wanted}, pack);
  b.add_op(Builtin::RESHAPE, {x, wanted}, {y});
  const graph::Graph g = optimized(b);
  EXPECT_EQ(output_shape(g), (Shape{-1, 12}));
  EXPECT_EQ(g.nodes.size(), 1u) << "the shape needs no operator of its own";
  expect_same_alone_and_in_a_batch(g, 3);
}

// Nearly all files fix the batch at 1, in the input and in reshapes.
TEST(TfliteOpen, ABatchThatTheFileFixesCanBeOpened) {
  TfliteBuilder b;
  const int x = b.add_input("x", {1, 2, 3});
  const int y = b.add("y", {1, 6});
  const int z = b.add_output("z", {1, 6});
  b.add_op(Builtin::RESHAPE, {x, b.add_ints("shape", {1, 6})}, {y});
  b.add_op(Builtin::NEG, {y}, {z});
  EXPECT_EQ(output_shape(optimized(b)), (Shape{1, 6}));
  const std::vector<uint8_t> bytes = b.bytes();
  import::ImportOptions options;
  options.input_shapes["x"] = {import::InputDim("batch"), 2, 3};
  auto g = import::import_tflite(bytes.data(), bytes.size(), "t", options);
  ASSERT_TRUE(g.ok()) << g.status().message();
  ASSERT_TRUE(graph::optimize(*g).ok());
  EXPECT_EQ(output_shape(*g), (Shape{-1, 6}));
  expect_same_alone_and_in_a_batch(*g, 3);
}

TEST(TfliteOpen, AResizeToTwiceTheSizeOfItsInput) {
  TfliteBuilder b;
  const int x = b.add_input("x", {1, 4, 4, 2});
  b.tensor(x).shape_signature = {-1, -1, -1, 2};
  const int shape = b.add("shape", {4}, TensorType::INT32),
            hw = b.add("hw", {2}, TensorType::INT32);
  const int twice = b.add("twice", {2}, TensorType::INT32);
  const int y = b.add_output("y", {});
  b.add_op(Builtin::SHAPE, {x}, {shape});
  b.add_op(Builtin::SLICE, {shape, b.add_ints("b", {1}), b.add_ints("n", {2})}, {hw});
  b.add_op(Builtin::MUL, {hw, b.add_ints("two", {2})}, {twice}, tfl::MulOptionsT());
  b.add_op(Builtin::RESIZE_BILINEAR, {x, twice}, {y}, tfl::ResizeBilinearOptionsT());
  const graph::Graph g = optimized(b);
  EXPECT_EQ(output_shape(g), (Shape{-1, -1, -1, 2}));
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  ASSERT_TRUE(loaded.session->resize_input(0, {2, 3, 5, 2}).ok());
  EXPECT_EQ(loaded.session->output_shape(0), (rt::Shape{2, 6, 10, 2}));
  expect_same_alone_and_in_a_batch(g, 3, {4, 5});
}

// The file says [9] of all results: they are computed.
TEST(TfliteOpen, ShapesOfResultsAreNotTakenFromTheFile) {
  TfliteBuilder b;
  const int x = b.add_input("x", {2, 3});
  const int t = b.add("t", {9}), y = b.add_output("y", {9});
  b.add_op(Builtin::TRANSPOSE, {x, b.add_ints("perm", {1, 0})}, {t});
  b.add_op(Builtin::PAD, {t, b.add_constant<int32_t>("p", {2, 2}, TensorType::INT32, {1, 0, 0, 2})},
           {y});
  EXPECT_EQ(output_shape(optimized(b)), (Shape{4, 4}));
}

// Split needs the size of the axis.
TEST(TfliteOpen, ABatchThatAnOperatorNeedsIsOneAndTheModelSaysWhy) {
  TfliteBuilder b;
  const int x = b.add_input("x", {1, 4});
  b.tensor(x).shape_signature = {-1, 4};
  const int y = b.add_output("y", {1, 4});
  tfl::SplitOptionsT split;
  split.num_splits = 1;
  b.add_op(Builtin::SPLIT, {b.add_constant<int32_t>("axis", {}, TensorType::INT32, {0}), x}, {y},
           split);
  const graph::Graph g = optimized(b);
  EXPECT_EQ(g.value(g.inputs[0]).shape, (Shape{1, 4}));
  bool said = false;
  for (const auto& [key, value] : g.metadata) {
    said = said || (key == "assumed x[0]" && value.rfind("1, because of SPLIT: ", 0) == 0);
  }
  EXPECT_TRUE(said);
}

}  // namespace
}  // namespace qrt::test
