// fuse_qdq pattern by pattern, on graphs made by hand.
#include <algorithm>

#include "tests/graph/qdq_builder.h"

namespace qrt::test {
namespace {

constexpr float kStep = 1.0f / 64;  // of most outputs here
const Quantization kIn = per_tensor(1.0f / 128, 128), kOut = per_tensor(kStep, 100);

std::vector<int8_t> small_weights(size_t count) {
  std::vector<int8_t> weights(count);
  for (size_t i = 0; i < count; ++i) weights[i] = static_cast<int8_t>(i * 37 % 200 - 100);
  return weights;
}

const graph::Node& find(const Graph& g, fb::OpOptions type) {
  for (const graph::Node& node : g.nodes) {
    if (node.type() == type) return node;
  }
  ADD_FAILURE() << "no such operator";
  return g.nodes.front();
}

TEST(FuseQdq, ConvPerChannelWithReluAndIntegerBias) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 3, 3, 4}), kIn);
  const Quantization per_output = {{0.01f, 0.02f}, {}, 0};
  const int w = b.constant<int8_t>({2, 1, 1, 4}, small_weights(8), per_output);
  const Quantization of_bias = {{0.01f / 128, 0.02f / 128}, {}, 0};
  const int bias = b.constant<int32_t>({2}, {1000, -2000}, of_bias);
  b.output(b.pair(b.clip(b.conv(x, w, bias), 0, INFINITY), kOut));
  const Graph g = expect_fused(b, "Quantize Conv2D Dequantize", kStep);
  const graph::Node& conv = find(g, fb::OpOptions::Conv2D);
  EXPECT_EQ(g.value(conv.inputs[0]).type, DType::U8);
  EXPECT_EQ(g.value(conv.inputs[1]).quantization, per_output);
  EXPECT_EQ(g.value(conv.inputs[2]).type, DType::S32);
  EXPECT_EQ(g.value(conv.inputs[2]).as<int32_t>()[0], 1000) << "integers stay what they are";
  EXPECT_EQ(g.value(conv.inputs[2]).as<int32_t>()[1], -2000);
  ASSERT_NE(conv.options.AsConv2D()->clamp, nullptr);
  EXPECT_EQ(conv.options.AsConv2D()->clamp->min, 0);
}

TEST(FuseQdq, FloatBiasIsRoundedHalfToEvenAndNotChangedForOthers) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 4}), per_tensor(0.5f, 128));
  const int w = b.constant<int8_t>({4, 4}, small_weights(16), per_tensor(0.25f));
  const int bias = b.floats({4}, {0.3125f, 0.4375f, -0.3125f, 1e9f});  // 2.5, 3.5, -2.5, 8e9 steps
  const int sum = b.node(fb::FullyConnectedT(), {x, w, bias}, {1, 4});
  b.output(b.pair(sum, per_tensor(1.0f, 128)));
  b.output(bias);
  Graph g = b.graph;
  ASSERT_TRUE(graph::fuse_qdq(g).ok());
  const graph::Node& node = find(g, fb::OpOptions::FullyConnected);
  const graph::Value& made = g.value(node.inputs[2]);
  EXPECT_EQ(made.as<int32_t>()[0], 2);
  EXPECT_EQ(made.as<int32_t>()[1], 4);
  EXPECT_EQ(made.as<int32_t>()[2], -2);
  EXPECT_EQ(made.as<int32_t>()[3], INT32_MAX);
  // In steps of 0.5 * 0.25: it needs no scale of its own.
  EXPECT_TRUE(made.quantization.empty());
  EXPECT_EQ(g.value(bias).as<float>()[0], 0.3125f);
}

// A dead channel has weights near zero and so a tiny scale, in which its bias has no place.
TEST(FuseQdq, AChannelWithABiasTooLargeGetsCoarserWeights) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 1, 4, 4}), kIn);
  const Quantization per_output = {{0.01f, 1e-12f}, {}, 0};
  const int w = b.constant<int8_t>({2, 1, 1, 4}, small_weights(8), per_output);
  b.output(b.pair(b.conv(x, w, b.floats({2}, {0.25f, 0.75f})), kOut));
  const Graph g = expect_fused(b, "Quantize Conv2D Dequantize", kStep);
  const graph::Node& conv = find(g, fb::OpOptions::Conv2D);
  EXPECT_EQ(g.value(conv.inputs[1]).quantization.scales[0], 0.01f);
  EXPECT_EQ(g.value(conv.inputs[2]).as<int32_t>()[1], 1 << 30);
}

TEST(FuseQdq, UnsignedWeightsWithAZeroPointAndFloatWeightsBehindQuantize) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 4}), kIn);
  const int w =
      b.constant<uint8_t>({2, 4}, {0, 50, 100, 150, 200, 250, 255, 128}, per_tensor(0.01f, 120));
  const int h = b.pair(b.node(fb::FullyConnectedT(), {x, w}, {1, 2}), kOut);
  const int stored = b.floats({3, 2}, {0.5f, -0.25f, 0.1f, 0.9f, -1, 1});
  const int v = b.pair(stored, per_tensor(0.01f), DType::S8);
  b.output(b.pair(b.node(fb::FullyConnectedT(), {h, v}, {1, 3}), kOut));
  const Graph g = expect_fused(b, "Quantize FullyConnected FullyConnected Dequantize", kStep);
  const graph::Value& weights = g.value(g.nodes[2].inputs[1]);
  ASSERT_TRUE(weights.constant());
  EXPECT_EQ(weights.as<int8_t>()[1], -25);
}

TEST(FuseQdq, FloatWeightsAreQuantizedPerChannel) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 2}), kIn);
  const int stored = b.floats({3, 2}, {0.5f, -0.25f, 0.1f, 0.9f, -1, 1});
  const int w = b.pair(stored, {{0.01f, 0.005f, 0.008f}, {}, 0}, DType::S8);
  b.output(b.pair(b.node(fb::FullyConnectedT(), {x, w}, {1, 3}), kOut));
  ASSERT_TRUE(graph::fuse_qdq(b.graph).ok());
  EXPECT_EQ(sequence(b.graph), "Quantize FullyConnected Dequantize");
  const graph::Value& weights = b.graph.value(b.graph.nodes[1].inputs[1]);
  ASSERT_TRUE(weights.constant());
  const std::vector<int8_t> expected = {50, -25, 20, 127, -125, 125};
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), weights.as<int8_t>()));
}

TEST(FuseQdq, OneDequantizeForSeveralReadersAndAResidual) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 2, 2, 2}), kIn);
  const int w = b.constant<int8_t>({2, 1, 1, 2}, small_weights(4), per_tensor(0.01f));
  const int c = b.pair(b.conv(x, w), kOut);
  b.output(b.pair(b.clip(b.binary(fb::BinaryKind::Add, c, x), 0, 6), kOut));
  const Graph g = expect_fused(b, "Quantize Conv2D Binary.Add Dequantize", kStep * 2);
  EXPECT_EQ(g.nodes[2].inputs[1], g.nodes[0].outputs[0]) << "both read the same integers";
}

TEST(FuseQdq, ElementwiseTablesPoolsReductionsAndSoftmax) {
  const auto each = [](const std::string& kind, const auto& build, float step = kStep,
                       const Quantization& out = kOut) {
    SCOPED_TRACE(kind);
    QdqBuilder b;
    const int x = b.pair(b.input("x", {1, 4, 4, 2}), kIn);
    b.output(b.pair(build(b, x), out));
    expect_fused(b, "Quantize " + kind + " Dequantize", step);
  };
  for (const auto kind : {fb::UnaryKind::Logistic, fb::UnaryKind::Tanh, fb::UnaryKind::HardSwish,
                          fb::UnaryKind::Gelu, fb::UnaryKind::Exp, fb::UnaryKind::Abs}) {
    each(std::string("Unary.") + fb::EnumNameUnaryKind(kind),
         [=](QdqBuilder& b, int x) { return b.unary(kind, x); });
  }
  for (const auto kind : {fb::BinaryKind::Add, fb::BinaryKind::Sub, fb::BinaryKind::Mul}) {
    each(std::string("Binary.") + fb::EnumNameBinaryKind(kind),
         [=](QdqBuilder& b, int x) { return b.binary(kind, x, x); });
  }
  each("Pool2D.Average", [](QdqBuilder& b, int x) {
    fb::Pool2DT options;
    options.kind = fb::PoolKind::Average;
    options.kernel_h = options.kernel_w = 2;
    options.window = std::make_unique<fb::Window2DT>();
    return b.node(std::move(options), {x}, {1, 3, 3, 2});
  });
  each("Reduce.Mean", [](QdqBuilder& b, int x) {
    fb::ReduceT options;
    options.axes = {1, 2};
    return b.node(std::move(options), {x}, {1, 2});
  });
  each(
      "Softmax",
      [](QdqBuilder& b, int x) {
        return b.node(fb::SoftmaxT(), {x}, {1, 4, 4, 2});
      },
      1.0f / 256, per_tensor(1.0f / 256));
}

TEST(FuseQdq, MatMulOfTwoComputedMatrices) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {2, 3, 4}), kIn), y = b.pair(b.input("y", {2, 4, 5}), kIn);
  b.output(b.pair(b.node(fb::MatMulT(), {x, y}, {2, 3, 5}), per_tensor(1.0f / 32, 128)));
  expect_fused(b, "Quantize Quantize MatMul Dequantize", 1.0f / 32);
}

TEST(FuseQdq, ASingleNumberIsQuantized) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 8}), kIn);
  const int half = b.pair(b.binary(fb::BinaryKind::Mul, x, b.floats({}, {-0.7f})), kOut);
  b.output(b.pair(b.binary(fb::BinaryKind::Add, half, b.floats({1, 1}, {0.3f})), kOut));
  expect_fused(b, "Quantize Binary.Mul Binary.Add Dequantize", kStep * 1.5f);
}

TEST(FuseQdq, AClampBehindAnOperatorThatHasNone) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 8}), kIn);
  b.output(b.pair(b.clip(b.unary(fb::UnaryKind::Tanh, x), -0.25f, 0.5f), kOut));
  expect_fused(b, "Quantize Unary.Tanh Unary.Clip Dequantize", kStep);
  // One that the integers imply is dropped.
  QdqBuilder relu;
  const int y = relu.pair(relu.input("x", {1, 8}), kIn);
  const int z = relu.clip(relu.unary(fb::UnaryKind::Tanh, y), 0, INFINITY);
  relu.output(relu.pair(z, per_tensor(kStep, 0)));
  expect_fused(relu, "Quantize Unary.Tanh Dequantize", kStep);
}

TEST(FuseQdq, ConcatBringsItsInputsToOneQuantization) {
  QdqBuilder b;
  const int in = b.input("x", {1, 4});
  const int x = b.pair(in, kIn), y = b.pair(in, kOut);
  fb::ConcatT options;
  options.axis = 1;
  b.output(b.pair(b.node(std::move(options), {x, y}, {1, 8}), kOut));
  const Graph g = expect_fused(b, "Quantize Quantize Quantize Concat Dequantize", kStep);
  EXPECT_EQ(g.value(g.nodes[3].inputs[0]).quantization, kOut);
}

TEST(FuseQdq, ConcatOfOneQuantizationNeedsNoQuantizeBehind) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 4}), kIn);
  fb::ConcatT options;
  options.axis = 1;
  b.output(b.node(std::move(options), {x, x}, {1, 8}));
  expect_fused(b, "Quantize Concat Dequantize", 0);
}

TEST(FuseQdq, ResizeAndPadKeepOneQuantization) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 2, 2, 3}), kIn);
  fb::ResizeT resize;
  resize.out_h = resize.out_w = 4;
  const int r = b.pair(b.node(std::move(resize), {x}, {1, 4, 4, 3}), kIn);
  fb::PadT pad;
  pad.before = {0, 1, 0, 0};
  pad.after = {0, 0, 1, 0};
  pad.value = -5;  // beyond what the integers hold
  b.output(b.pair(b.node(std::move(pad), {r}, {1, 5, 5, 3}), kOut));
  expect_fused(b, "Quantize Resize Quantize Pad Dequantize", kStep);
}

TEST(FuseQdq, DequantizeMovesBehindWhatMovesElements) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 2, 3, 4}), kIn);
  fb::TransposeT transpose;
  transpose.perm = {0, 3, 1, 2};
  const int t = b.node(std::move(transpose), {x}, {1, 4, 2, 3});
  fb::Pool2DT pool;
  pool.kernel_h = 2;
  pool.window = std::make_unique<fb::Window2DT>();
  const int p = b.node(std::move(pool), {t}, {1, 3, 2, 3});
  fb::SplitT split;
  split.axis = 3;
  split.sizes = {1, 2};
  const int first = b.graph.add_tensor("first", DType::F32, {1, 3, 2, 1});
  const int second = b.graph.add_tensor("second", DType::F32, {1, 3, 2, 2});
  b.graph.add_node("split", std::move(split), {p}, {first, second});
  b.output(first);
  b.output(b.pair(b.reshape(second, {12}), kIn));
  expect_fused(b, "Quantize Transpose Pool2D.Max Split Dequantize Reshape Dequantize", 0);
}

TEST(FuseQdq, QuantizeMovesBeforeWhatMovesElements) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 1, 3, 4}), kIn);
  const int w = b.constant<int8_t>({2, 1, 1, 4}, small_weights(8), per_tensor(0.01f));
  const int flat = b.reshape(b.clip(b.conv(x, w), 0, 6), {1, 6});
  b.output(b.pair(flat, kOut));
  expect_fused(b, "Quantize Conv2D Reshape Dequantize", kStep);
}

TEST(FuseQdq, PairsOfEqualQuantizationVanishAndOthersBecomeOneQuantize) {
  QdqBuilder b;
  const int x = b.pair(b.pair(b.input("x", {1, 8}), kIn), kIn);
  b.output(b.pair(x, kOut));
  expect_fused(b, "Quantize Quantize Dequantize", kStep);
}

TEST(FuseQdq, SeveralQuantizeThatAgree) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 8}), kIn);
  const int t = b.unary(fb::UnaryKind::Tanh, x);
  b.output(b.pair(t, kOut));
  b.output(b.pair(t, kOut));
  b.output(b.dequantize(b.quantize(t, kOut)));
  expect_fused(b, "Quantize Unary.Tanh Dequantize Dequantize Dequantize", kStep);
}

TEST(FuseQdq, IndicesOfTheLargestAreThoseOfTheLargestCode) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 8}), kIn);
  const int index = b.graph.add_tensor("index", DType::S64, {1});
  fb::ArgReduceT options;
  options.axis = 1;
  b.graph.add_node("argmax", std::move(options), {x}, {index});
  b.output(index);
  ASSERT_TRUE(graph::fuse_qdq(b.graph).ok());
  EXPECT_EQ(sequence(b.graph), "Quantize ArgReduce");
}

TEST(FuseQdq, BatchNormalizationBehindQuantizedWeights) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 2, 2, 4}), kIn);
  const int w = b.constant<int8_t>({2, 1, 1, 4}, small_weights(8), per_tensor(0.01f));
  int y = b.conv(x, w, b.floats({2}, {0.1f, -0.1f}));
  y = b.binary(fb::BinaryKind::Div, y, b.floats({1, 1, 1, 2}, {0.5f, 4}));
  y = b.binary(fb::BinaryKind::Add, y, b.floats({2}, {0.25f, 0.5f}));
  y = b.binary(fb::BinaryKind::Mul, y, b.floats({1, 1, 1, 2}, {0.5f, 2}));
  y = b.binary(fb::BinaryKind::Sub, y, b.floats({1}, {0.125f}));
  b.output(b.pair(b.clip(y, 0, INFINITY), kOut));
  const Graph g = expect_fused(b, "Quantize Conv2D Dequantize", kStep);
  const graph::Quantization& q = g.value(g.nodes[1].inputs[1]).quantization;
  EXPECT_EQ(q.scales, (std::vector<float>{0.01f, 0.005f}));
  EXPECT_EQ(q.axis, 0);
}

TEST(FuseQdq, WhatHasNoIntegerFormStaysFloat) {
  const auto stays = [](const std::string& expected, const auto& build) {
    SCOPED_TRACE(expected);
    QdqBuilder b;
    const int in = b.input("x", {1, 4});
    build(b, in, b.pair(in, kIn));
    expect_fused(b, expected, kStep);
  };
  stays("Quantize Dequantize Unary.Tanh", [](QdqBuilder& b, int, int x) {
    b.output(b.unary(fb::UnaryKind::Tanh, x));  // nobody quantizes the result
  });
  stays("Quantize Dequantize Binary.Add Quantize Dequantize", [](QdqBuilder& b, int in, int x) {
    b.output(b.pair(b.binary(fb::BinaryKind::Add, x, in), kOut));  // one input is a float
  });
  stays("Quantize Dequantize Binary.Mul Quantize Dequantize", [](QdqBuilder& b, int, int x) {
    b.output(b.pair(b.binary(fb::BinaryKind::Mul, x, b.floats({4}, {1, 2, 3, 4})), kOut));
  });
  stays("Quantize Dequantize Binary.FloorDiv Quantize Dequantize", [](QdqBuilder& b, int, int x) {
    b.output(b.pair(b.binary(fb::BinaryKind::FloorDiv, x, x), kOut));  // it jumps
  });
  stays("Quantize Dequantize Softmax Quantize Dequantize", [](QdqBuilder& b, int, int x) {
    fb::SoftmaxT options;
    options.log = true;
    b.output(b.pair(b.node(std::move(options), {x}, {1, 4}), per_tensor(0.1f, 255)));
  });
  stays("Quantize Dequantize Unary.Tanh Quantize Quantize Dequantize Dequantize",
        [](QdqBuilder& b, int, int x) {
          const int t = b.unary(fb::UnaryKind::Tanh, x);
          const int p = b.quantize(t, kOut), q = b.quantize(t, kIn);  // two that disagree
          b.output(b.dequantize(p));
          b.output(b.dequantize(q));
        });
  stays("Quantize Dequantize Unary.Tanh Quantize Dequantize", [](QdqBuilder& b, int, int x) {
    b.output(b.pair(b.unary(fb::UnaryKind::Tanh, x), per_tensor(0.001f), DType::S16));
  });
}

TEST(FuseQdq, GraphOutputsKeepTheirValues) {
  QdqBuilder b;
  const int x = b.pair(b.input("x", {1, 8}), kIn);
  const int t = b.unary(fb::UnaryKind::Tanh, x);
  const int inner = b.quantize(t, kOut), outer = b.quantize(t, kOut);
  b.output(outer);
  b.output(b.dequantize(inner));
  Graph g = b.graph;
  ASSERT_TRUE(graph::fuse_qdq(g).ok());
  EXPECT_EQ(g.outputs[0], outer);
  EXPECT_EQ(sequence(g), "Quantize Unary.Tanh Dequantize");
  EXPECT_EQ(g.nodes[1].outputs[0], outer);
}

}  // namespace
}  // namespace qrt::test
