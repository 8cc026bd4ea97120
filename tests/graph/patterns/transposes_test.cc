// Transposes that undo each other, with operators between them.
#include "tests/support/fusion.h"

namespace qrt::test {
namespace {

using graph::Graph;
using Shape = std::vector<int32_t>;
using Perm = std::vector<int32_t>;

// A chain of nodes of f32, from an input of this shape.
class Chain {
 public:
  Graph graph;
  int last;

  explicit Chain(const Shape& shape) : last(graph.add_tensor("x", rt::DType::F32, shape)) {
    graph.inputs = {last};
  }
  Chain& transposed(const Perm& perm) {
    fb::TransposeT options;
    options.perm = perm;
    Shape shape;
    for (int32_t axis : perm) shape.push_back(this->shape()[static_cast<size_t>(axis)]);
    return then(std::move(options), shape);
  }
  Chain& unary(fb::UnaryKind kind) {
    fb::UnaryT options;
    options.kind = kind;
    return then(std::move(options), shape());
  }
  Chain& binary(fb::BinaryKind kind, int other) {
    fb::BinaryT options;
    options.kind = kind;
    return then(std::move(options), shape(), {other});
  }
  int constant(const Shape& shape) {
    size_t count = 1;
    for (int32_t dim : shape) count *= static_cast<size_t>(dim);
    return graph.add_constant("constant", shape, random_numbers(count, 9));
  }
  template <class Options>
  Chain& then(Options options, const Shape& shape, const std::vector<int>& others = {}) {
    const int from = last;
    last = graph.add_tensor("n" + std::to_string(graph.nodes.size()), rt::DType::F32, shape);
    std::vector<int> inputs = {from};
    inputs.insert(inputs.end(), others.begin(), others.end());
    graph.add_node(graph.value(last).name, std::move(options), inputs, {last});
    return *this;
  }
  const Shape& shape() const { return graph.value(last).shape; }
  Graph finish() {
    graph.outputs.push_back(last);
    return graph;
  }
};

const Perm kFirst = {0, 3, 1, 2}, kLast = {0, 2, 3, 1};

TEST(CancelTransposes, NeighboursBecomeOneOrNone) {
  Chain none({2, 3, 4, 5});
  none.unary(fb::UnaryKind::Abs).transposed(kFirst).transposed(kLast).unary(fb::UnaryKind::Exp);
  expect_fused(none.finish(), {{"Unary.Abs", "Unary.Exp"}, 0, {{{2, 3, 4, 5}}}});
  Chain one({2, 3, 4, 5});
  one.transposed(kFirst).transposed({1, 0, 2, 3});
  expect_fused(one.finish(), {{"Transpose"}, 0, {{{2, 3, 4, 5}}}});
  Chain open({-1, 3, -1, 5});
  open.unary(fb::UnaryKind::Abs).transposed(kFirst).transposed(kLast).unary(fb::UnaryKind::Exp);
  expect_fused(open.finish(), {{"Unary.Abs", "Unary.Exp"}, 0, {{{1, 3, 1, 5}}, {{2, 3, 6, 5}}}});
}

TEST(CancelTransposes, ThroughWhatComputesEachPlaceForItself) {
  Chain c({-1, 3, 4, 5});
  c.transposed(kFirst).unary(fb::UnaryKind::Tanh);
  c.binary(fb::BinaryKind::Mul, c.constant({1, 5, 1, 1}));
  c.binary(fb::BinaryKind::Add, c.constant({}));
  c.binary(fb::BinaryKind::Sub, c.constant({1, 5, 3, 4})).transposed(kLast);
  expect_fused(c.finish(), {{"Unary.Tanh", "Binary.Mul", "Binary.Add", "Binary.Sub"},
                            0,
                            {{{1, 3, 4, 5}}, {{3, 3, 4, 5}}}});
}

TEST(CancelTransposes, BothSidesOfASum) {
  Chain c({2, 3, 4});
  const int x = c.last;
  c.transposed({1, 0, 2}).unary(fb::UnaryKind::Exp);
  const int a = c.last;
  c.last = x;
  c.unary(fb::UnaryKind::Abs).transposed({1, 0, 2}).binary(fb::BinaryKind::Add, a);
  c.transposed({1, 0, 2});
  expect_fused(c.finish(), {{"Unary.Abs", "Unary.Exp", "Binary.Add"}, 0, {{{2, 3, 4}}}});
}

TEST(CancelTransposes, ThroughLayersOverTheLastAxis) {
  Chain c({-1, -1, 4});
  const int scale = c.constant({4}), w = c.constant({6, 4}), v = c.constant({4, 6});
  c.transposed({1, 0, 2}).then(fb::LayerNormalizationT(), c.shape(), {scale});
  c.then(fb::FullyConnectedT(), {-1, -1, 6}, {w}).unary(fb::UnaryKind::Tanh);
  c.then(fb::FullyConnectedT(), {-1, -1, 4}, {v}).then(fb::SoftmaxT(), c.shape());
  c.transposed({1, 0, 2});
  expect_fused(c.finish(),
               {{"LayerNormalization", "FullyConnected", "Unary.Tanh", "FullyConnected", "Softmax"},
                1e-6,
                {{{1, 1, 4}}, {{2, 7, 4}}}});
}

void expect_transposes(Graph graph, size_t count) {
  ASSERT_TRUE(graph::optimize(graph).ok());
  EXPECT_EQ(count_kind(graph, "Transpose"), count) << testing::PrintToString(kinds(graph));
}

TEST(CancelTransposes, OthersStay) {
  // Another order; an operator over an axis that moves; one that reads elsewhere what is between.
  Chain other({2, 3, 4, 5});
  other.transposed(kFirst).unary(fb::UnaryKind::Tanh).transposed(kFirst);
  expect_transposes(other.finish(), 2);
  Chain over({2, 3, 4});
  over.transposed({0, 2, 1}).then(fb::SoftmaxT(), over.shape()).transposed({0, 2, 1});
  expect_transposes(over.finish(), 2);
  Chain read({2, 3, 4, 5});
  read.transposed(kFirst).unary(fb::UnaryKind::Tanh);
  read.graph.outputs.push_back(read.last);
  read.transposed(kLast);
  expect_transposes(read.finish(), 2);
  // A constant of fewer axes lies along others.
  Chain fewer({2, 3, 4, 5});
  fewer.transposed(kFirst).binary(fb::BinaryKind::Add, fewer.constant({4})).transposed(kLast);
  expect_transposes(fewer.finish(), 2);
  // One side of a sum is no Transpose.
  Chain sum({2, 3, 4});
  const int outer = sum.graph.add_tensor("outer", rt::DType::F32, {3, 2, 4});
  sum.graph.inputs.push_back(outer);
  sum.transposed({1, 0, 2}).binary(fb::BinaryKind::Add, outer).transposed({1, 0, 2});
  expect_transposes(sum.finish(), 2);
}

// The same bits of quantized values.
TEST(CancelTransposes, OfIntegers) {
  const graph::Quantization q = {{0.5f}, {3}, -1, 0}, r = {{0.01f}, {}, -1, 0};
  Graph g;
  const int x = g.add_tensor("x", rt::DType::S8, {2, 3, 4}, q);
  const int a = g.add_tensor("a", rt::DType::S8, {2, 4, 3}, q);
  const int b = g.add_tensor("b", rt::DType::S8, {2, 4, 3}, r);
  const int y = g.add_tensor("y", rt::DType::S8, {2, 3, 4}, r);
  fb::TransposeT swap;
  swap.perm = {0, 2, 1};
  fb::UnaryT tanh;
  tanh.kind = fb::UnaryKind::Tanh;
  g.add_node("a", swap, {x}, {a});
  g.add_node("b", std::move(tanh), {a}, {b});
  g.add_node("y", swap, {b}, {y});
  g.inputs = {x};
  g.outputs = {y};
  std::vector<int8_t> input(24);
  for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<int8_t>(i * 5 - 60);
  Graph fused = g;
  ASSERT_TRUE(graph::optimize(fused).ok());
  EXPECT_EQ(kinds(fused), std::vector<std::string>{"Unary.Tanh"});
  EXPECT_EQ((run_one<int8_t>(fused, input)), (run_one<int8_t>(g, input)));
}

}  // namespace
}  // namespace qrt::test
