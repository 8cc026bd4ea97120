// What the importer makes of each operator.
#include <gtest/gtest.h>

#include <limits>

#include "tests/import/tflite_builder.h"

namespace qrt::test {
namespace {

using graph::DType;
using graph::Graph;
using graph::Node;
using graph::Value;

std::string kinds(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes) text += (text.empty() ? "" : " ") + node_kind(node);
  return text;
}

// Imports a graph that must be right; an empty one if it is not.
Graph import_or_fail(const TfliteBuilder& builder) {
  auto graph = builder.import();
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  return graph.ok() ? std::move(*graph) : Graph();
}

tfl::Conv2DOptionsT conv_options(tfl::Padding padding, tfl::Activation activation) {
  tfl::Conv2DOptionsT options;
  options.padding = padding;
  options.stride_h = 2;
  options.stride_w = 1;
  options.activation = activation;
  return options;
}

const Value& input_of(const Graph& graph, size_t node, size_t input) {
  return graph.value(graph.nodes[node].inputs[input]);
}
const Value& output_of(const Graph& graph, size_t node, size_t output = 0) {
  return graph.value(graph.nodes[node].outputs[output]);
}
template <class T>
std::vector<T> elements(const Value& value) {
  return std::vector<T>(value.as<T>(), value.as<T>() + value.elements());
}

using ShapeList = std::vector<int32_t>;

TEST(TfliteImport, ConvolutionKeepsWeightsAndFusesItsActivation) {
  TfliteBuilder b;
  const int in = b.add_input("in", {1, 8, 8, 4}), out = b.add_output("out", {1, 4, 8, 6});
  const int weights = b.add_floats("w", {6, 3, 3, 2}), bias = b.add_floats("b", {6});
  b.add_op(Builtin::CONV_2D, {in, weights, bias}, {out},
           conv_options(tfl::Padding::SAME, tfl::Activation::RELU6));
  const Graph graph = import_or_fail(b);
  ASSERT_EQ(kinds(graph), "Conv2D");
  const fb::Conv2DT& conv = *graph.nodes[0].options.AsConv2D();
  EXPECT_EQ(graph.nodes[0].name, "out");
  EXPECT_EQ(conv.groups, 2);
  EXPECT_EQ(conv.window->stride_h, 2);
  EXPECT_EQ(conv.window->stride_w, 1);
  EXPECT_EQ(conv.window->padding, fb::Padding::Same);
  EXPECT_EQ(conv.clamp->max, 6);
  EXPECT_EQ(input_of(graph, 0, 1).shape, (ShapeList{6, 3, 3, 2}));
  EXPECT_EQ(graph.metadata[0].second, "tflite");
  EXPECT_EQ(graph.metadata[1].second, "made by a test");
}

TEST(TfliteImport, ATanhInAConvolutionBecomesANode) {
  TfliteBuilder b;
  const int in = b.add_input("in", {1, 8, 8, 2}), out = b.add_output("out", {1, 4, 8, 6});
  b.add_op(Builtin::CONV_2D, {in, b.add_floats("w", {6, 3, 3, 2})}, {out},
           conv_options(tfl::Padding::SAME, tfl::Activation::TANH));
  const Graph graph = import_or_fail(b);
  ASSERT_EQ(kinds(graph), "Conv2D Unary.Tanh");
  EXPECT_EQ(output_of(graph, 1).name, "out");
  EXPECT_EQ(graph.nodes[0].inputs[2], graph::kAbsent);
}

TEST(TfliteImport, DepthwiseWeightsAreTransposedWithTheirChannels) {
  TfliteBuilder b;
  const int in = b.add_input("in", {1, 8, 8, 2}, TensorType::INT8);
  const int out = b.add_output("out", {1, 7, 8, 4}, TensorType::INT8);
  b.quantize(in, {0.5f}, {3});
  b.quantize(out, {0.5f}, {4});
  const int weights =
      b.add_constant<int8_t>("w", {1, 2, 1, 4}, TensorType::INT8, {10, 20, 30, 40, 11, 21, 31, 41});
  b.quantize(weights, {1, 2, 3, 4}, {0, 0, 0, 0}, 3);
  tfl::DepthwiseConv2DOptionsT options;
  options.padding = tfl::Padding::VALID;
  options.stride_h = options.stride_w = 1;
  b.add_op(Builtin::DEPTHWISE_CONV_2D, {in, weights}, {out}, options);
  const Graph graph = import_or_fail(b);
  ASSERT_EQ(kinds(graph), "Conv2D");
  EXPECT_EQ(graph.nodes[0].options.AsConv2D()->groups, 2);
  EXPECT_EQ(graph.nodes[0].options.AsConv2D()->window->padding, fb::Padding::Explicit);
  const Value& w = input_of(graph, 0, 1);
  EXPECT_EQ(w.shape, (ShapeList{4, 2, 1, 1}));
  EXPECT_EQ(elements<int8_t>(w), (std::vector<int8_t>{10, 11, 20, 21, 30, 31, 40, 41}));
  EXPECT_EQ(w.quantization.axis, 0);
  EXPECT_EQ(w.quantization.scales, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(w.name, "w");
}

TEST(TfliteImport, FourBitDepthwiseWeightsAreTurned) {
  TfliteBuilder b;
  const int in = b.add_input("in", {1, 8, 8, 3}, TensorType::INT8);
  const int out = b.add_output("out", {1, 8, 8, 3}, TensorType::INT8);
  b.quantize(in, {0.5f}, {3});
  b.quantize(out, {0.5f}, {4});
  const int weights =
      b.add_constant<uint8_t>("w", {1, 2, 1, 3}, TensorType::INT4, {0x8f, 0x17, 0x32});
  b.quantize(weights, {1}, {0});
  tfl::DepthwiseConv2DOptionsT options;
  options.stride_h = options.stride_w = 1;
  b.add_op(Builtin::DEPTHWISE_CONV_2D, {in, weights}, {out}, options);
  const Graph graph = import_or_fail(b);
  EXPECT_EQ(input_of(graph, 0, 1).type, DType::S4);
  EXPECT_EQ(*input_of(graph, 0, 1).data, (graph::Bytes{0x1f, 0x28, 0x37}));
}

TEST(TfliteImport, FullyConnectedFlattensUnlessItKeepsDimensions) {
  for (const bool keep : {false, true}) {
    TfliteBuilder b;
    const int in = b.add_input("in", {2, 3, 4});
    const int out = b.add_output("out", keep ? ShapeList{2, 3, 5} : ShapeList{6, 5});
    tfl::FullyConnectedOptionsT options;
    options.keep_num_dims = keep;
    options.activation = tfl::Activation::RELU;
    b.add_op(Builtin::FULLY_CONNECTED, {in, b.add_floats("w", {5, 4}), -1}, {out}, options);
    const Graph graph = import_or_fail(b);
    EXPECT_EQ(kinds(graph), keep ? "FullyConnected" : "Reshape FullyConnected");
    const Node& product = graph.nodes.back();
    EXPECT_EQ(product.options.AsFullyConnected()->clamp->min, 0);
    EXPECT_EQ(graph.value(product.inputs[0]).shape, (keep ? ShapeList{2, 3, 4} : ShapeList{6, 4}));
    EXPECT_EQ(output_of(graph, graph.nodes.size() - 1).shape,
              (keep ? ShapeList{2, 3, 5} : ShapeList{6, 5}));
  }
}

TEST(TfliteImport, AProductWithComputedWeightsIsAMatMul) {
  TfliteBuilder b;
  const int in = b.add_input("in", {2, 4}), weights = b.add_input("weights", {5, 4});
  const int out = b.add_output("out", {2, 5});
  tfl::FullyConnectedOptionsT options;
  options.activation = tfl::Activation::RELU;
  b.add_op(Builtin::FULLY_CONNECTED, {in, weights, b.add_floats("b", {5})}, {out}, options);
  const Graph graph = import_or_fail(b);
  EXPECT_EQ(kinds(graph), "MatMul Binary.Add Unary.Clip");
  EXPECT_TRUE(graph.nodes[0].options.AsMatMul()->transpose_b);
}

TEST(TfliteImport, HalfPrecisionConstantsBecomeFloats) {
  TfliteBuilder b;
  const int in = b.add_input("in", {1, 6}), out = b.add_output("out", {1, 6});
  const int half = b.add_constant<uint16_t>("half", {1, 6}, TensorType::FLOAT16,
                                            {0x3c00, 0xc000, 0x0001, 0x8000, 0x7bff, 0x7c00});
  const int full = b.add("full", {1, 6});
  b.add_op(Builtin::DEQUANTIZE, {half}, {full});
  b.add_op(Builtin::ADD, {in, full}, {out}, tfl::AddOptionsT());
  const Graph graph = import_or_fail(b);
  ASSERT_EQ(kinds(graph), "Binary.Add");
  EXPECT_EQ(
      elements<float>(input_of(graph, 0, 1)),
      (std::vector<float>{1, -2, 0x1p-24f, -0.0f, 65504, std::numeric_limits<float>::infinity()}));
}

TEST(TfliteImport, PreluIsTakenApart) {
  TfliteBuilder b;
  const int in = b.add_input("in", {1, 2, 2, 3}), out = b.add_output("out", {1, 2, 2, 3});
  b.add_op(Builtin::PRELU, {in, b.add_floats("slope", {1, 1, 3})}, {out});
  const Graph graph = import_or_fail(b);
  ASSERT_EQ(kinds(graph), "Unary.Clip Unary.Clip Binary.Mul Binary.Add");
  EXPECT_EQ(graph.nodes[0].options.AsUnary()->clamp->min, 0);
  EXPECT_EQ(graph.nodes[1].options.AsUnary()->clamp->max, 0);
}

TfliteBuilder with_s64_bias(TensorType activations) {
  TfliteBuilder b;
  const int in = b.add_input("in", {1, 2}, activations);
  const int out = b.add_output("out", {1, 2}, activations);
  b.quantize(in, {0.5f}, {0});
  b.quantize(out, {0.5f}, {0});
  const int weights = b.add_constant<int8_t>("w", {2, 2}, TensorType::INT8, {1, 2, 3, 4});
  b.quantize(weights, {0.25f}, {0});
  const int bias = b.add_constant<int64_t>("b", {2}, TensorType::INT64, {-5, 70000});
  b.add_op(Builtin::FULLY_CONNECTED, {in, weights, bias}, {out}, tfl::FullyConnectedOptionsT());
  return b;
}

TEST(TfliteImport, AnS64BiasIsNarrowed) {
  const Graph graph = import_or_fail(with_s64_bias(TensorType::INT8));
  EXPECT_EQ(input_of(graph, 0, 2).type, DType::S32);
  EXPECT_EQ(elements<int32_t>(input_of(graph, 0, 2)), (std::vector<int32_t>{-5, 70000}));
}

TEST(TfliteImport, AnS64BiasOfS16ActivationsStays) {
  const Graph graph = import_or_fail(with_s64_bias(TensorType::INT16));
  EXPECT_EQ(input_of(graph, 0, 2).type, DType::S64);
  EXPECT_EQ(elements<int64_t>(input_of(graph, 0, 2)), (std::vector<int64_t>{-5, 70000}));
}

// The columns of a constant right-hand side may have a scale each: these become outputs.
TEST(TfliteImport, AnS16ProductWithScaledColumnsIsFullyConnected) {
  for (const bool transposed : {false, true}) {
    TfliteBuilder b;
    const int in = b.add_input("in", {4, 2}, TensorType::INT16);
    const int out = b.add_output("out", {4, 3}, TensorType::INT16);
    b.quantize(in, {0.5f}, {0});
    b.quantize(out, {0.5f}, {0});
    const int weights =
        transposed ? b.add_constant<int8_t>("w", {3, 2}, TensorType::INT8, {1, 2, 3, 4, 5, 6})
                   : b.add_constant<int8_t>("w", {2, 3}, TensorType::INT8, {1, 3, 5, 2, 4, 6});
    b.quantize(weights, {1, 2, 3}, {0, 0, 0}, transposed ? 0 : 1);
    tfl::BatchMatMulOptionsT options;
    options.adj_y = transposed;
    b.add_op(Builtin::BATCH_MATMUL, {in, weights}, {out}, options);
    const Graph graph = import_or_fail(b);
    ASSERT_EQ(kinds(graph), "FullyConnected");
    const auto& w = input_of(graph, 0, 1);
    EXPECT_EQ(w.shape, (std::vector<int32_t>{3, 2}));
    EXPECT_EQ(w.quantization.axis, 0);
    EXPECT_EQ(elements<int8_t>(w), (std::vector<int8_t>{1, 2, 3, 4, 5, 6}));
  }
}

// An s32 tensor that is only ever converted stands for real numbers; a scale of any other is not
// kept.
TEST(TfliteImport, OnlyConvertedS32TensorsKeepTheirScale) {
  for (const bool added : {false, true}) {
    TfliteBuilder b;
    const int in = b.add_input("in", {4}, TensorType::INT32);
    const int out = b.add_output("out", {4}, TensorType::INT16);
    b.quantize(in, {0.25f}, {0});
    b.quantize(out, {0.5f}, {0});
    b.add_op(Builtin::QUANTIZE, {in}, {out});
    if (added) {
      const int sum = b.add_output("sum", {4}, TensorType::INT32);
      b.add_op(Builtin::ADD, {in, in}, {sum}, tfl::AddOptionsT());
    }
    const Graph graph = import_or_fail(b);
    EXPECT_EQ(input_of(graph, 0, 0).quantization.scales.size(), added ? 0u : 1u);
  }
}

TEST(TfliteImport, ReshapeReadsItsShapeWhereverItIs) {
  TfliteBuilder b;
  const int in = b.add_input("in", {2, 6}), runtime = b.add_input("n", {2}, TensorType::INT32);
  const int a = b.add_output("a", {9}), c = b.add_output("c", {4, 3}),
            d = b.add_output("d", {3, 4});
  b.add_op(Builtin::RESHAPE, {in, b.add_ints("shape", {-1, 4})}, {a});
  tfl::ReshapeOptionsT options;
  options.new_shape = {4, -1};
  b.add_op(Builtin::RESHAPE, {in}, {c}, options);
  b.add_op(Builtin::RESHAPE, {in, runtime}, {d});
  const Graph graph = import_or_fail(b);
  ASSERT_EQ(kinds(graph), "Reshape Reshape Reshape");
  EXPECT_EQ(graph.nodes[0].options.AsReshape()->shape, (ShapeList{-1, 4}));
  EXPECT_EQ(output_of(graph, 0).shape, (ShapeList{3, 4}));
  EXPECT_EQ(output_of(graph, 1).shape, (ShapeList{4, 3}));
  EXPECT_EQ(graph.nodes[2].options.AsReshape()->shape, (ShapeList{3, 4}));
}

TEST(TfliteImport, AnEmptyShapeMakesAScalar) {
  TfliteBuilder b;
  const int in = b.add_input("in", {1}), out = b.add_output("out", {});
  b.add_op(Builtin::RESHAPE, {in, b.add_ints("shape", {})}, {out});
  const Graph graph = import_or_fail(b);
  EXPECT_EQ(kinds(graph), "Reshape");
  EXPECT_TRUE(output_of(graph, 0).shape.empty());
}

TEST(TfliteImport, SqueezeAndExpandDimsAreReshapes) {
  TfliteBuilder b;
  const int in = b.add_input("in", {1, 3, 1, 2}), a = b.add_output("a", {3, 2});
  const int c = b.add_output("c", {1, 3, 2}), d = b.add_output("d", {3, 2, 1});
  b.add_op(Builtin::SQUEEZE, {in}, {a}, tfl::SqueezeOptionsT());
  tfl::SqueezeOptionsT options;
  options.squeeze_dims = {-2};
  b.add_op(Builtin::SQUEEZE, {in}, {c}, options);
  b.add_op(Builtin::EXPAND_DIMS, {a, b.add_ints("axis", {-1})}, {d});
  const Graph graph = import_or_fail(b);
  ASSERT_EQ(kinds(graph), "Reshape Reshape Reshape");
  EXPECT_EQ(output_of(graph, 0).shape, (ShapeList{3, 2}));
  EXPECT_EQ(output_of(graph, 1).shape, (ShapeList{1, 3, 2}));
  EXPECT_EQ(output_of(graph, 2).shape, (ShapeList{3, 2, 1}));
}

TEST(TfliteImport, PackReshapesItsPartsAndUnpackTheResults) {
  TfliteBuilder b;
  const int in = b.add_input("in", {3}), constant = b.add_floats("constant", {3});
  const int packed = b.add("packed", {3, 2});
  const int a = b.add_output("a", {2}), c = b.add_output("c", {2}), d = b.add_output("d", {2});
  tfl::PackOptionsT pack;
  pack.values_count = 2;
  pack.axis = -1;
  b.add_op(Builtin::PACK, {in, constant}, {packed}, pack);
  tfl::UnpackOptionsT unpack;
  unpack.num = 3;
  b.add_op(Builtin::UNPACK, {packed}, {a, c, d}, unpack);
  const Graph graph = import_or_fail(b);
  // The constant is reshaped here and shares its bytes.
  ASSERT_EQ(kinds(graph), "Reshape Concat Split Reshape Reshape Reshape");
  EXPECT_EQ(graph.nodes[1].options.AsConcat()->axis, 1);
  EXPECT_EQ(input_of(graph, 1, 1).shape, (ShapeList{3, 1}));
  EXPECT_TRUE(input_of(graph, 1, 1).constant());
  EXPECT_EQ(graph.nodes[2].options.AsSplit()->sizes, (ShapeList{1, 1, 1}));
  EXPECT_EQ(output_of(graph, 5).name, "d");
}

TEST(TfliteImport, ConcatenationBringsItsPartsToOneQuantization) {
  TfliteBuilder b;
  const int same = b.add_input("same", {1, 2}, TensorType::UINT8);
  const int other = b.add_input("other", {1, 2}, TensorType::UINT8);
  const int out = b.add_output("out", {1, 4}, TensorType::UINT8);
  b.quantize(same, {0.5f}, {10});
  b.quantize(other, {0.25f}, {10});
  b.quantize(out, {0.5f}, {10});
  tfl::ConcatenationOptionsT options;
  options.axis = -1;
  options.activation = tfl::Activation::RELU;
  b.add_op(Builtin::CONCATENATION, {same, other}, {out}, options);
  const Graph graph = import_or_fail(b);
  ASSERT_EQ(kinds(graph), "Quantize Concat Unary.Clip");
  EXPECT_EQ(graph.nodes[0].inputs, std::vector<int>{graph.inputs[1]});
  EXPECT_EQ(graph.nodes[1].options.AsConcat()->axis, 1);
  EXPECT_EQ(output_of(graph, 2).name, "out");
}

TEST(TfliteImport, SplitsKnowTheirSizes) {
  TfliteBuilder b;
  const int in = b.add_input("in", {2, 6});
  const int a = b.add_output("a", {2, 3}), c = b.add_output("c", {2, 3});
  const int d = b.add_output("d", {2, 1}), e = b.add_output("e", {2, 5});
  const int axis = b.add_constant<int32_t>("axis", {}, TensorType::INT32, {-1});
  tfl::SplitOptionsT split;
  split.num_splits = 2;
  b.add_op(Builtin::SPLIT, {axis, in}, {a, c}, split);
  b.add_op(Builtin::SPLIT_V, {in, b.add_ints("sizes", {1, -1}), axis}, {d, e});
  const Graph graph = import_or_fail(b);
  ASSERT_EQ(kinds(graph), "Split Split");
  EXPECT_EQ(graph.nodes[0].options.AsSplit()->sizes, (ShapeList{3, 3}));
  EXPECT_EQ(graph.nodes[1].options.AsSplit()->sizes, (ShapeList{1, 5}));
}

struct SliceCase {
  ShapeList begins, ends, strides;
  int begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_mask;
  ShapeList result;
  const char* kinds;
};

// x has the shape [4, 5, 6]; the expression is what numpy would say.
TEST(TfliteImport, StridedSlicesMeanWhatNumpyMeans) {
  const SliceCase cases[] = {
      {{1}, {3}, {1}, 0, 0, 0, 0, 0, {2, 5, 6}, "Slice"},                      // x[1:3]
      {{-1, 0}, {0, -1}, {-2, 2}, 0, 0, 0, 0, 0, {2, 2, 6}, "Slice"},          // x[-1:0:-2, 0:-1:2]
      {{0, 9}, {0, 1}, {1, -1}, 1, 1, 0, 0, 0, {4, 3, 6}, "Slice"},            // x[:, 9:1:-1]
      {{-1, 2}, {0, 0}, {1, 1}, 0, 2, 0, 0, 1, {3, 6}, "Slice"},               // x[-1, 2:]
      {{0, 1}, {0, 3}, {1, 1}, 0, 0, 1, 0, 0, {4, 5, 2}, "Slice"},             // x[..., 1:3]
      {{0, 0, 1}, {0, 0, 2}, {1, 1, 1}, 1, 1, 2, 0, 5, {5}, "Slice"},          // x[0, ..., 1]
      {{0, 1}, {0, 2}, {1, 1}, 0, 0, 0, 1, 0, {1, 1, 5, 6}, "Slice Reshape"},  // x[None, 1:2]
      {{0, 0, 0},
       {0, 0, 0},
       {1, 1, 1},
       0,
       0,
       2,
       4,
       1,
       {5, 6, 1},
       "Slice Reshape"},                                            // x[0,...,None]
      {{0}, {2147483647}, {3}, 0, 0, 0, 0, 0, {2, 5, 6}, "Slice"},  // x[0:huge:3]
  };
  for (const SliceCase& c : cases) {
    TfliteBuilder b;
    const int in = b.add_input("in", {4, 5, 6}), out = b.add_output("out", c.result);
    tfl::StridedSliceOptionsT options;
    options.begin_mask = c.begin_mask;
    options.end_mask = c.end_mask;
    options.ellipsis_mask = c.ellipsis_mask;
    options.new_axis_mask = c.new_axis_mask;
    options.shrink_axis_mask = c.shrink_mask;
    b.tensor(out).shape = {1};  // the importer computes it
    b.add_op(Builtin::STRIDED_SLICE,
             {in, b.add_ints("b", c.begins), b.add_ints("e", c.ends), b.add_ints("s", c.strides)},
             {out}, options);
    const Graph graph = import_or_fail(b);
    SCOPED_TRACE(&c - cases);
    ASSERT_EQ(kinds(graph), c.kinds);
    EXPECT_EQ(graph.value(graph.outputs[0]).shape, c.result);
    EXPECT_EQ(graph.nodes[0].options.AsSlice()->begins.size(), 3u);
  }
}

TEST(TfliteImport, APaddingValueIsAReal) {
  TfliteBuilder b;
  const int in = b.add_input("in", {2}, TensorType::INT8);
  const int out = b.add_output("out", {5}, TensorType::INT8);
  const int value = b.add_constant<int8_t>("value", {}, TensorType::INT8, {-8});
  for (int t : {in, out, value}) b.quantize(t, {0.25f}, {4});
  const int padding = b.add_constant<int32_t>("padding", {1, 2}, TensorType::INT32, {1, 2});
  b.add_op(Builtin::PADV2, {in, padding, value}, {out});
  const Graph graph = import_or_fail(b);
  const fb::PadT& pad = *graph.nodes[0].options.AsPad();
  EXPECT_EQ(pad.before, ShapeList{1});
  EXPECT_EQ(pad.after, ShapeList{2});
  EXPECT_EQ(pad.value, -3);
}

TEST(TfliteImport, AShapeIsKnownWhenImporting) {
  TfliteBuilder b;
  const int in = b.add_input("in", {4, 5}), shape = b.add("shape", {2}, TensorType::INT32);
  const int out = b.add_output("out", {4, 5});
  b.add_op(Builtin::SHAPE, {in}, {shape});
  b.add_op(Builtin::RESHAPE, {in, shape}, {out});
  const Graph graph = import_or_fail(b);
  EXPECT_EQ(kinds(graph), "Reshape");
  EXPECT_EQ(graph.nodes[0].options.AsReshape()->shape, (ShapeList{4, 5}));
}

TEST(TfliteImport, AVectorConditionSelectsRows) {
  TfliteBuilder b;
  const int condition = b.add_constant<uint8_t>("c", {2}, TensorType::BOOL, {0, 7});
  const int x = b.add_input("x", {2, 3}), y = b.add_input("y", {2, 3});
  b.add_op(Builtin::SELECT, {condition, x, y}, {b.add_output("out", {2, 3})});
  const Graph graph = import_or_fail(b);
  ASSERT_EQ(kinds(graph), "Select");
  EXPECT_EQ(input_of(graph, 0, 0).shape, (ShapeList{2, 1}));
  EXPECT_EQ(*input_of(graph, 0, 0).data, (graph::Bytes{0, 1}));
}

TEST(TfliteImport, DataBehindTheFlatBufferIsRead) {
  TfliteBuilder b;
  const int in = b.add_input("in", {2}), out = b.add_output("out", {2});
  const int far = b.add_floats("far", {2});
  b.add_op(Builtin::ADD, {in, far}, {out});
  b.buffer_of(far).data.clear();
  b.buffer_of(far).size = 8;
  b.buffer_of(far).offset = 4096;
  std::vector<uint8_t> file = b.bytes();
  ASSERT_LT(file.size(), 4096u);
  file.resize(4096);
  const float data[] = {3, 4};
  file.insert(file.end(), reinterpret_cast<const uint8_t*>(data),
              reinterpret_cast<const uint8_t*>(data + 2));
  // At an odd address, too: the file may be part of something larger.
  std::vector<uint8_t> shifted(1);
  shifted.insert(shifted.end(), file.begin(), file.end());
  for (const uint8_t* start : {file.data(), shifted.data() + 1}) {
    auto graph = import::import_tflite(start, file.size(), "far");
    ASSERT_TRUE(graph.ok()) << graph.status().message();
    EXPECT_EQ(elements<float>(input_of(*graph, 0, 1)), (std::vector<float>{3, 4}));
  }
}

}  // namespace
}  // namespace qrt::test
