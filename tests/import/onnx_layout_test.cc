// Between convolutions a tensor lies as [N,H,W,C], while every axis and shape in the model speaks
// of [N,C,H,W]. Each operator is imported twice: on a graph input, which lies as the model says,
// and behind a convolution that changes nothing. Both must give the same.
#include <functional>

#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

using Names = std::vector<std::string>;

constexpr int64_t kChannels = 4;

// A 1x1 convolution with the unit matrix.
void identity_conv(OnnxBuilder& b, const std::string& from, const std::string& to,
                   int64_t channels = kChannels, size_t spatial_axes = 2) {
  std::vector<float> unit(static_cast<size_t>(channels * channels), 0.0f);
  for (int64_t i = 0; i < channels; ++i) unit[static_cast<size_t>(i * channels + i)] = 1;
  Dims64 dims = {channels, channels};
  dims.resize(2 + spatial_axes, 1);
  b.floats(to + ".w", dims, unit);
  b.op("Conv", {from, to + ".w"}, {to});
}

// An operator from "in" (and "other", of the same shape) to "out".
struct Case {
  const char* name;
  std::function<void(OnnxBuilder&)> build;
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

graph::Graph build(const Case& c, const Dims64& dims, bool inside) {
  OnnxBuilder b;
  b.input("x", dims);
  b.input("x2", dims);
  for (const auto& [from, to] : {std::pair{"x", "in"}, std::pair{"x2", "other"}}) {
    if (inside) {
      identity_conv(b, from, to, kChannels, dims.size() - 2);
    } else {
      b.op("Identity", {from}, {to});
    }
  }
  c.build(b);
  b.output("out");
  return b.must_optimize();
}

void expect_same(const Case& c, const Dims64& dims) {
  size_t count = 1;
  for (int64_t dim : dims) count *= static_cast<size_t>(dim);
  std::vector<float> x = ramp(count, 0.01f), x2 = ramp(count, -0.02f);
  for (size_t i = 0; i < count; i += 3) x[i] -= 0.4f;
  const graph::Graph outside = build(c, dims, false), inside = build(c, dims, true);
  ASSERT_FALSE(outside.outputs.empty());
  ASSERT_FALSE(inside.outputs.empty());
  EXPECT_EQ(output_shape(inside), output_shape(outside));
  expect_near(run_floats(inside, {x, x2}), run_floats(outside, {x, x2}));
}

class OnnxLayout : public testing::TestWithParam<Case> {};

TEST_P(OnnxLayout, DoesNotShow) { expect_same(GetParam(), {2, kChannels, 3, 6}); }

const Case kCases[] = {
    {"Relu", [](OnnxBuilder& b) { b.op("Relu", {"in"}, {"out"}); }},
    {"AddOfTwo",
     [](OnnxBuilder& b) {
       b.op("Add", {"in", "other"}, {"out"});
     }},
    {"MulByChannel",
     [](OnnxBuilder& b) {
       b.floats("k", {kChannels, 1, 1}, ramp(kChannels));
       b.op("Mul", {"in", "k"}, {"out"});
     }},
    {"SubOfARow",
     [](OnnxBuilder& b) {
       b.floats("k", {6}, ramp(6));
       b.op("Sub", {"k", "in"}, {"out"});
     }},
    {"DivByARank4Constant",
     [](OnnxBuilder& b) {
       b.floats("k", {1, kChannels, 3, 1}, ramp(kChannels * 3));
       b.op("Div", {"in", "k"}, {"out"});
     }},
    {"AddOfALowerRankResult",
     [](OnnxBuilder& b) {
       b.integers("shape", {2 * kChannels * 3, 6});
       b.op("Reshape", {"other", "shape"}, {"flat"});
       b.integers("axis", {0});
       b.op("ReduceSum", {"flat", "axis"}, {"row"}).set("keepdims", 0);
       b.op("Add", {"in", "row"}, {"out"});
     }},
    {"AddOfABiggerRank",
     [](OnnxBuilder& b) {
       b.floats("k", {3, 1, 1, 1, 1}, ramp(3));
       b.op("Add", {"in", "k"}, {"out"});
     }},
    {"PRelu",
     [](OnnxBuilder& b) {
       b.floats("k", {kChannels, 1, 1}, ramp(kChannels, 0.1f));
       b.op("PRelu", {"in", "k"}, {"out"});
     }},
    {"Where",
     [](OnnxBuilder& b) {
       b.op("Less", {"in", "other"}, {"c"});
       b.floats("k", {kChannels, 1, 1}, ramp(kChannels));
       b.op("Where", {"c", "in", "k"}, {"out"});
     }},
    {"BatchNormalization",
     [](OnnxBuilder& b) {
       b.op("Abs", {"in"}, {"a"});
       for (const char* name : {"g", "b", "m", "v"}) b.floats(name, {4}, ramp(4));
       b.op("BatchNormalization", {"a", "g", "b", "m", "v"}, {"out"});
     }},
    {"MaxPool",
     [](OnnxBuilder& b) {
       b.op("MaxPool", {"in"}, {"out"}).set("kernel_shape", Dims64{2, 3});
     }},
    {"GlobalAveragePool", [](OnnxBuilder& b) { b.op("GlobalAveragePool", {"in"}, {"out"}); }},
    {"ReduceMeanOfChannels",
     [](OnnxBuilder& b) { b.op("ReduceMean", {"in"}, {"out"}).set("axes", Dims64{1}); }},
    {"ReduceMaxWithoutAxes",
     [](OnnxBuilder& b) {
       b.op("ReduceMax", {"in"}, {"out"}).set("axes", Dims64{1, 3}).set("keepdims", 0);
     }},
    {"SoftmaxOfChannels", [](OnnxBuilder& b) { b.op("Softmax", {"in"}, {"out"}).set("axis", 1); }},
    {"LogSoftmaxOfRows",
     [](OnnxBuilder& b) { b.op("LogSoftmax", {"in"}, {"out"}).set("axis", 2); }},
    {"ConcatOfChannels",
     [](OnnxBuilder& b) {
       b.op("Concat", {"in", "other", "in"}, {"out"}).set("axis", 1);
     }},
    {"ConcatOfColumns",
     [](OnnxBuilder& b) {
       b.op("Concat", {"in", "other"}, {"out"}).set("axis", -1);
     }},
    {"SplitOfChannels",
     [](OnnxBuilder& b) {
       b.integers("sizes", {1, 3});
       b.op("Split", {"in", "sizes"}, {"one", "out"}).set("axis", 1);
     }},
    {"SliceOfChannelsAndColumns",
     [](OnnxBuilder& b) {
       b.integers("starts", {1, -1});
       b.integers("ends", {4, -9});
       b.integers("axes", {1, 3});
       b.integers("steps", {2, -2});
       b.op("Slice", {"in", "starts", "ends", "axes", "steps"}, {"out"});
     }},
    {"PadOfChannelsAndRows",
     [](OnnxBuilder& b) {
       b.integers("pads", {0, 1, 2, 0, 0, 0, 1, -1});
       b.op("Pad", {"in", "pads"}, {"out"});
     }},
    {"PadOfEdges",
     [](OnnxBuilder& b) {
       b.integers("pads", {0, 0, 2, 1, 0, 0, 0, 3});
       b.op("Pad", {"in", "pads"}, {"out"}).set("mode", "edge");
     }},
    {"GatherOfChannels",
     [](OnnxBuilder& b) {
       b.integers("which", {3, 0, -2});
       b.op("Gather", {"in", "which"}, {"out"}).set("axis", 1);
     }},
    {"GatherOfOneColumn",
     [](OnnxBuilder& b) {
       b.constant<int64_t>("which", {}, {2}, Onnx::INT64);
       b.op("Gather", {"in", "which"}, {"out"}).set("axis", 3);
     }},
    {"GatherByATable",
     [](OnnxBuilder& b) {
       b.constant<int64_t>("which", {2, 2}, {0, 1, 2, 0}, Onnx::INT64);
       b.op("Gather", {"in", "which"}, {"out"}).set("axis", 2);
     }},
    {"GatherNdOfRows",
     [](OnnxBuilder& b) {
       b.constant<int64_t>("which", {2, 2, 2}, {0, 1, 3, 0, 2, 2, 1, 0}, Onnx::INT64);
       b.op("GatherND", {"in", "which"}, {"out"}).set("batch_dims", 1);
     }},
    {"Tile",
     [](OnnxBuilder& b) {
       b.integers("repeats", {1, 2, 1, 3});
       b.op("Tile", {"in", "repeats"}, {"out"});
     }},
    {"Expand",
     [](OnnxBuilder& b) {
       b.op("ReduceMean", {"in"}, {"mean"}).set("axes", Dims64{1, 3});
       b.integers("shape", {5, 1, 1});
       b.op("Expand", {"mean", "shape"}, {"out"});
     }},
    {"Flatten", [](OnnxBuilder& b) { b.op("Flatten", {"in"}, {"out"}); }},
    {"FlattenOfPooled",
     [](OnnxBuilder& b) {
       b.op("GlobalAveragePool", {"in"}, {"pooled"});
       b.op("Flatten", {"pooled"}, {"out"});
     }},
    {"ReshapeOfThePlane",
     [](OnnxBuilder& b) {
       b.integers("shape", {0, 0, -1});
       b.op("Reshape", {"in", "shape"}, {"out"});
     }},
    {"ChannelShuffle",
     [](OnnxBuilder& b) {
       b.integers("apart", {2, 2, 2, 3, 6});
       b.integers("together", {2, kChannels, 3, 6});
       b.op("Reshape", {"in", "apart"}, {"five"});
       b.op("Transpose", {"five"}, {"swapped"}).set("perm", Dims64{0, 2, 1, 3, 4});
       b.op("Reshape", {"swapped", "together"}, {"four"});
       identity_conv(b, "four", "out");
     }},
    {"SqueezeAndUnsqueeze",
     [](OnnxBuilder& b) {
       b.op("ReduceMax", {"in"}, {"max"}).set("axes", Dims64{2});
       b.integers("two", {2});
       b.op("Squeeze", {"max", "two"}, {"squeezed"});
       b.integers("around", {0, 3});
       b.op("Unsqueeze", {"squeezed", "around"}, {"out"});
     }},
    {"TransposeToChannelsLast",
     [](OnnxBuilder& b) {
       b.op("Transpose", {"in"}, {"out"}).set("perm", Dims64{0, 2, 3, 1});
     }},
    {"TransposeOfEverything", [](OnnxBuilder& b) { b.op("Transpose", {"in"}, {"out"}); }},
    {"ArgMaxOfChannelsAsFloat",
     [](OnnxBuilder& b) {
       b.op("ArgMax", {"in"}, {"index"}).set("axis", 1);
       b.op("Cast", {"index"}, {"out"}).set("to", Onnx::FLOAT);
     }},
    {"DepthToSpace",
     [](OnnxBuilder& b) {
       b.op("DepthToSpace", {"in"}, {"out"}).set("blocksize", 2).set("mode", "CRD");
     }},
    {"SpaceToDepth",
     [](OnnxBuilder& b) {
       b.integers("pads", {0, 0, 0, 0, 0, 0, 1, 0});
       b.op("Pad", {"in", "pads"}, {"even"});
       b.op("SpaceToDepth", {"even"}, {"out"}).set("blocksize", 2);
     }},
    {"ResizeOfThePlane",
     [](OnnxBuilder& b) {
       b.floats("scales", {4}, {1, 1, 2, 1.5f});
       b.op("Resize", {"in", "", "scales"}, {"out"}).set("mode", "linear");
     }},
    {"ResizeByGathering",
     [](OnnxBuilder& b) {
       b.floats("scales", {4}, {1, 1, 2, 0.5f});
       b.op("Resize", {"in", "", "scales"}, {"out"})
           .set("nearest_mode", "ceil")
           .set("coordinate_transformation_mode", "asymmetric");
     }},
    {"MatMulOfPlanes",
     [](OnnxBuilder& b) {
       b.op("Transpose", {"other"}, {"t"}).set("perm", Dims64{0, 1, 3, 2});
       b.op("MatMul", {"in", "t"}, {"out"});
     }},
    {"QuantizeDequantize", [](OnnxBuilder& b) { b.quantize_pair("in", "out", 0.015625f, 70); }},
};

INSTANTIATE_TEST_SUITE_P(Operators, OnnxLayout, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

// The same with one spatial axis, for operators that do not ask for two.
TEST(OnnxLayout1d, DoesNotShow) {
  for (const Case& c :
       {Case{"Relu", [](OnnxBuilder& b) { b.op("Relu", {"in"}, {"out"}); }},
        Case{"Softmax", [](OnnxBuilder& b) { b.op("Softmax", {"in"}, {"out"}).set("axis", 1); }},
        Case{"AveragePool",
             [](OnnxBuilder& b) {
               b.op("AveragePool", {"in"}, {"out"}).set("kernel_shape", Dims64{2});
             }},
        Case{"Flatten", [](OnnxBuilder& b) { b.op("Flatten", {"in"}, {"out"}); }}}) {
    SCOPED_TRACE(c.name);
    expect_same(c, {2, kChannels, 5});
  }
}

// Convolutions, pools and elementwise operators in a row need a Transpose at each border only.
TEST(OnnxLayoutOfAGraph, TransposesAtTheBordersOnly) {
  OnnxBuilder b;
  b.input("x", {1, kChannels, 6, 6});
  identity_conv(b, "x", "a");
  b.op("Relu", {"a"}, {"r"});
  identity_conv(b, "r", "c");
  b.floats("k", {1, kChannels, 1, 1}, ramp(kChannels));
  b.op("Mul", {"c", "k"}, {"m"});
  b.op("Add", {"m", "r"}, {"s"});
  b.op("MaxPool", {"s"}, {"p"}).set("kernel_shape", Dims64{2, 2}).set("strides", Dims64{2, 2});
  b.op("Concat", {"p", "p"}, {"j"}).set("axis", 1);
  b.op("Sigmoid", {"j"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(count_kind(g, "Transpose"), 2u);
  EXPECT_EQ(kinds(g).front(), "Transpose");
  EXPECT_EQ(kinds(g).back(), "Transpose");
  EXPECT_EQ(g.value(g.outputs[0]).name, "y");
}

TEST(OnnxLayoutOfAGraph, ReshapesWhereOnlyAxesOfOneElementMove) {
  OnnxBuilder b;
  b.input("x", {1, 1, 6, 6});
  b.floats("w", {8, 1, 6, 6}, ramp(8 * 36));
  b.op("Conv", {"x", "w"}, {"y"});
  b.output("y");
  EXPECT_EQ(kinds(b.must_optimize()), (Names{"Reshape", "Conv2D", "Reshape"}));
}

TEST(OnnxLayoutOfAGraph, PooledFeaturesReachTheClassifierWithoutMoving) {
  OnnxBuilder b;
  b.input("x", {1, kChannels, 6, 6});
  identity_conv(b, "x", "a");
  b.op("GlobalAveragePool", {"a"}, {"p"});
  b.op("Flatten", {"p"}, {"f"});
  b.floats("w", {3, kChannels}, ramp(3 * kChannels));
  b.op("Gemm", {"f", "w"}, {"y"}).set("transB", 1);
  b.output("y");
  EXPECT_EQ(kinds(b.must_optimize()),
            (Names{"Transpose", "Conv2D", "Reduce.Mean", "Reshape", "FullyConnected"}));
}

}  // namespace
}  // namespace qrt::test
