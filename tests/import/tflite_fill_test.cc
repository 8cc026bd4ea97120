// TensorFlow Lite's operators that fill, count axes, add many tensors and turn axes round.
#include "tests/import/tflite_expect.h"

namespace qrt::test {
namespace {

TEST(TfliteFill, ANumberInAShape) {
  TfliteBuilder b;
  const int x = b.add_input("x", {});
  b.add_op(Builtin::FILL, {b.add_ints("shape", {2, 3}), x}, {b.add_output("y", {2, 3})});
  EXPECT_EQ(run_one<float>(optimized(b), Floats{7}), Floats(6, 7.0f));
  b.tensor(x).shape = {2};
  const auto g = b.import();
  ASSERT_FALSE(g.ok());
  EXPECT_NE(g.status().message().find("fills with no number"), std::string::npos);
}

TEST(TfliteFill, AsLargeAsAnInputOfOpenSize) {
  TfliteBuilder b;
  const int x = b.add_input("x", {1, 2});
  b.tensor(x).shape_signature = {-1, 2};
  const int shape = b.add("shape", {2}, TensorType::INT32);
  const int y = b.add_output("y", {1, 2}), zeros = b.add_output("zeros", {1, 2});
  b.tensor(y).shape_signature = b.tensor(zeros).shape_signature = {-1, 2};
  b.add_op(Builtin::SHAPE, {x}, {shape});
  b.add_op(Builtin::FILL, {shape, b.add_floats("value", {}, 3)}, {y});
  b.add_op(Builtin::ZEROS_LIKE, {x}, {zeros});
  const graph::Graph g = optimized(b);
  const rt::InputShape three = {0, {3, 2}};
  rt::SessionOptions options;
  options.input_shapes = {&three, 1};
  Loaded loaded = must_load(g, options);
  ASSERT_NE(loaded.session, nullptr);
  loaded.set(0, Floats(6, 1.0f));
  loaded.run();
  EXPECT_EQ(loaded.get<float>(0), Floats(6, 3.0f));
  EXPECT_EQ(loaded.get<float>(1), Floats(6, 0.0f));
}

TEST(TfliteFill, ZerosOfAScaleAreItsZeroPoint) {
  TfliteBuilder b;
  const int x = b.add_input("x", {3}, TensorType::INT8);
  const int y = b.add_output("y", {3}, TensorType::INT8);
  b.quantize(x, {0.5f}, {-7});
  b.quantize(y, {0.5f}, {-7});
  b.add_op(Builtin::ZEROS_LIKE, {x}, {y});
  EXPECT_EQ(run_one<int8_t>(optimized(b), std::vector<int8_t>{1, 2, 3}),
            std::vector<int8_t>(3, -7));
}

TEST(TfliteFill, RanksSumsAndReversedAxes) {
  TfliteBuilder b;
  const int x = b.add_input("x", {2, 2}, TensorType::INT32);
  const int rank = b.add("rank", {}, TensorType::INT32);
  const int sum = b.add("sum", {2, 2}, TensorType::INT32);
  const int turned = b.add_output("turned", {2, 2}, TensorType::INT32);
  b.add_op(Builtin::RANK, {x}, {rank});
  b.add_op(Builtin::ADD_N, {x, rank, x}, {sum});
  b.add_op(Builtin::REVERSE_V2, {sum, b.add_ints("axes", {-1})}, {turned});
  EXPECT_EQ(run_one<int32_t>(optimized(b), Ints{1, 2, 3, 4}), (Ints{6, 4, 10, 8}));
}

}  // namespace
}  // namespace qrt::test
