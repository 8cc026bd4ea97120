#include <gtest/gtest.h>

#include <limits>

#include "src/graph/passes.h"

namespace qrt::graph {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Quantization per_tensor(float scale, int32_t zero_point) { return {{scale}, {zero_point}, -1, 0}; }

fb::UnaryT clip(float min, float max) {
  fb::UnaryT unary;
  unary.kind = fb::UnaryKind::Clip;
  unary.clamp = make_clamp(min, max);
  return unary;
}

// in -> producer -> between -> clip -> out
struct Chain {
  Graph graph;
  int in = 0, between = 0, out = 0;

  template <class Options>
  Chain(Options producer, float min, float max, DType type = DType::F32, Quantization before = {},
        Quantization after = {}) {
    in = graph.add_tensor("in", type, {1, 4}, before);
    between = graph.add_tensor("between", type, {1, 4}, std::move(before));
    out = graph.add_tensor("out", type, {1, 4}, std::move(after));
    graph.inputs = {in};
    graph.outputs = {out};
    graph.add_node("producer", std::move(producer), {in, in}, {between});
    graph.add_node("clip", clip(min, max), {between}, {out});
  }
};

fb::BinaryT add(std::unique_ptr<fb::ClampT> clamp = nullptr) {
  fb::BinaryT binary;
  binary.clamp = std::move(clamp);
  return binary;
}

TEST(FuseActivations, ARelu6MovesIntoTheProducer) {
  Chain chain(add(), 0, 6);
  ASSERT_TRUE(fuse_activations(chain.graph).ok());
  ASSERT_EQ(chain.graph.nodes.size(), 1u);
  const Node& node = chain.graph.nodes[0];
  EXPECT_EQ(node.outputs, std::vector<int>{chain.out});
  EXPECT_EQ(node.options.AsBinary()->clamp->min, 0);
  EXPECT_EQ(node.options.AsBinary()->clamp->max, 6);
}

fb::Pool2DT pooling() {
  fb::Pool2DT pool;
  pool.window = std::make_unique<fb::Window2DT>();
  return pool;
}

TEST(FuseActivations, EveryOperatorWithAClampTakesIt) {
  fb::UnaryT inner = clip(-1, kInfinity);
  fb::Conv2DT convolution;
  convolution.window = std::make_unique<fb::Window2DT>();
  Chain conv(std::move(convolution), 0, 6), dense(fb::FullyConnectedT(), 0, 6),
      pool(pooling(), 0, 6), twice(std::move(inner), 0, 6);
  for (Chain* chain : {&conv, &dense, &pool, &twice}) {
    ASSERT_TRUE(fuse_activations(chain->graph).ok());
    EXPECT_EQ(chain->graph.nodes.size(), 1u);
  }
}

TEST(FuseActivations, OtherOperatorsKeepTheClipBehind) {
  fb::BinaryT compare;
  compare.kind = fb::BinaryKind::Less;
  fb::UnaryT tanh;
  tanh.kind = fb::UnaryKind::Tanh;
  Chain comparison(std::move(compare), 0, 6), unary(std::move(tanh), 0, 6),
      product(fb::MatMulT(), 0, 6);
  for (Chain* chain : {&comparison, &unary, &product}) {
    ASSERT_TRUE(fuse_activations(chain->graph).ok());
    EXPECT_EQ(chain->graph.nodes.size(), 2u);
  }
}

TEST(FuseActivations, TwoClampsBecomeTheirSequence) {
  Chain overlapping(add(make_clamp(-1, 4)), 0, 6);
  ASSERT_TRUE(fuse_activations(overlapping.graph).ok());
  EXPECT_EQ(overlapping.graph.nodes[0].options.AsBinary()->clamp->min, 0);
  EXPECT_EQ(overlapping.graph.nodes[0].options.AsBinary()->clamp->max, 4);
  // Whatever leaves [0, 1] is below 2.
  Chain disjoint(add(make_clamp(0, 1)), 2, 3);
  ASSERT_TRUE(fuse_activations(disjoint.graph).ok());
  EXPECT_EQ(disjoint.graph.nodes[0].options.AsBinary()->clamp->min, 2);
  EXPECT_EQ(disjoint.graph.nodes[0].options.AsBinary()->clamp->max, 2);
}

TEST(FuseActivations, ARowOfClipsGoesIntoOneProducer) {
  Chain chain(add(), 0, kInfinity);
  Graph& graph = chain.graph;
  const int last = graph.add_tensor("last", DType::F32, {1, 4});
  graph.add_node("last", clip(-kInfinity, 6), {chain.out}, {last});
  graph.outputs = {last};
  ASSERT_TRUE(fuse_activations(graph).ok());
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.nodes[0].outputs, std::vector<int>{last});
  EXPECT_EQ(graph.nodes[0].options.AsBinary()->clamp->min, 0);
  EXPECT_EQ(graph.nodes[0].options.AsBinary()->clamp->max, 6);
}

TEST(FuseActivations, AValueThatSomebodyElseReadsStays) {
  Chain output(add(), 0, 6);
  output.graph.outputs.push_back(output.between);
  ASSERT_TRUE(fuse_activations(output.graph).ok());
  EXPECT_EQ(output.graph.nodes.size(), 2u);

  Chain read(add(), 0, 6);
  const int other = read.graph.add_tensor("other", DType::F32, {1, 4});
  read.graph.outputs.push_back(other);
  read.graph.add_node("other", add(), {read.between, read.out}, {other});
  ASSERT_TRUE(fuse_activations(read.graph).ok());
  EXPECT_EQ(read.graph.nodes.size(), 3u);
}

TEST(FuseActivations, AClipOfAGraphInputStays) {
  Graph graph;
  graph.inputs = {graph.add_tensor("in", DType::F32, {4})};
  graph.outputs = {graph.add_tensor("out", DType::F32, {4})};
  graph.add_node("clip", clip(0, 6), graph.inputs, graph.outputs);
  ASSERT_TRUE(fuse_activations(graph).ok());
  EXPECT_EQ(graph.nodes.size(), 1u);
}

TEST(FuseActivations, TheProducerWritesTheClipsQuantization) {
  // before: [-12.8, 12.7]; after: [0, 25.5]
  Chain chain(add(), 0, kInfinity, DType::S8, per_tensor(0.1f, 0), per_tensor(0.1f, -128));
  ASSERT_TRUE(fuse_activations(chain.graph).ok());
  ASSERT_EQ(chain.graph.nodes.size(), 1u);
  const Node& node = chain.graph.nodes[0];
  EXPECT_EQ(chain.graph.value(node.outputs[0]).quantization, per_tensor(0.1f, -128));
  // What the first quantization cut off at 12.7 stays cut off.
  EXPECT_EQ(node.options.AsBinary()->clamp->min, 0);
  EXPECT_FLOAT_EQ(node.options.AsBinary()->clamp->max, 12.7f);
}

TEST(FuseActivations, ANarrowerQuantizationNeedsNoFurtherClamp) {
  Chain chain(add(), 0, kInfinity, DType::S8, per_tensor(0.1f, 0), per_tensor(0.01f, -128));
  ASSERT_TRUE(fuse_activations(chain.graph).ok());
  ASSERT_EQ(chain.graph.nodes.size(), 1u);
  EXPECT_EQ(chain.graph.nodes[0].options.AsBinary()->clamp->max, kInfinity);
}

TEST(FuseActivations, OperatorsThatKeepTheirInputsQuantizationKeepTheClip) {
  fb::BinaryT maximum;
  maximum.kind = fb::BinaryKind::Max;
  const Quantization before = per_tensor(0.1f, 0), after = per_tensor(0.1f, -128);
  Chain pool(pooling(), 0, 6, DType::S8, before, after);
  Chain pick(std::move(maximum), 0, 6, DType::S8, before, after);
  for (Chain* chain : {&pool, &pick}) {
    ASSERT_TRUE(fuse_activations(chain->graph).ok());
    EXPECT_EQ(chain->graph.nodes.size(), 2u);
  }
  Chain same(pooling(), 0, 6, DType::S8, before, before);
  ASSERT_TRUE(fuse_activations(same.graph).ok());
  EXPECT_EQ(same.graph.nodes.size(), 1u);
}

}  // namespace
}  // namespace qrt::graph
