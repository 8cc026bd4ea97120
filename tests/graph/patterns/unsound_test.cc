// Nodes that a file may hold but no row takes: patterns leave them for the model to be refused.
#include "tests/support/fusion.h"

namespace qrt::test {
namespace {

using graph::Graph;
using rt::DType;

int value(Graph* g, std::vector<int32_t> shape) {
  return g->add_tensor("v" + std::to_string(g->values.size()), DType::F32, std::move(shape));
}

void expect_left(Graph g, int in, int out) {
  g.inputs = {in};
  g.outputs = {out};
  const size_t nodes = g.nodes.size();
  ASSERT_TRUE(graph::optimize(g).ok());
  EXPECT_EQ(g.nodes.size(), nodes);
  EXPECT_FALSE(load(g).ok());
}

TEST(UnsoundPatterns, Transposes) {
  Graph g;
  const int x = value(&g, {2, 3}), a = value(&g, {3, 2}), y = value(&g, {2, 3});
  fb::TransposeT far, back;
  far.perm = {7, -3};
  back.perm = {1, 0};
  g.add_node("a", far, {x}, {a});
  g.add_node("y", back, {a}, {y});
  expect_left(g, x, y);
}

TEST(UnsoundPatterns, APadOfTooFewAxesBeforeAConvolutionOfNoGroups) {
  Graph g;
  const int x = value(&g, {1, 4, 4, 2}), p = value(&g, {1, 4, 4, 2}), y = value(&g, {1, 4, 4, 2});
  const int w = g.add_constant<float>("w", {2, 1, 1, 2}, {1, 2, 3, 4});
  fb::PadT pad;
  pad.before = {1};
  pad.after = {0};
  fb::Conv2DT conv;
  conv.window = std::make_unique<fb::Window2DT>();
  conv.groups = 0;
  g.add_node("p", std::move(pad), {x}, {p});
  g.add_node("y", std::move(conv), {p, w}, {y});
  expect_left(g, x, y);
}

TEST(UnsoundPatterns, OperandsThatAreMissing) {
  Graph g;
  const int x = value(&g, {4}), s = value(&g, {4}), y = value(&g, {4});
  fb::UnaryT sigmoid;
  sigmoid.kind = fb::UnaryKind::Logistic;
  fb::BinaryT product;
  product.kind = fb::BinaryKind::Mul;
  g.add_node("s", std::move(sigmoid), {x}, {s});
  g.add_node("y", std::move(product), {s}, {y});
  expect_left(g, x, y);
}

TEST(UnsoundPatterns, PartsOfTooFewAxes) {
  Graph g;
  const int x = value(&g, {2, 4}), a = value(&g, {2, 2}), b = value(&g, {2, 2});
  const int n = value(&g, {2, 2}), r = value(&g, {2, 4}), c = value(&g, {2, 4});
  const int s = value(&g, {2, 4}), y = value(&g, {2, 4});
  const int table = g.add_constant<float>("table", {4}, {1, 2, 3, 4});
  fb::SliceT part;
  part.begins = {0};
  part.ends = {2};
  part.strides = {1};
  fb::UnaryT negative;
  negative.kind = fb::UnaryKind::Neg;
  fb::ConcatT both;
  both.axis = 1;
  fb::BinaryT product, sum;
  product.kind = fb::BinaryKind::Mul;
  g.add_node("a", part, {x}, {a});
  g.add_node("b", part, {x}, {b});
  g.add_node("n", std::move(negative), {b}, {n});
  g.add_node("r", both, {n, a}, {r});
  g.add_node("c", product, {x, table}, {c});
  g.add_node("s", product, {r, table}, {s});
  g.add_node("y", sum, {c, s}, {y});
  expect_left(g, x, y);
}

}  // namespace
}  // namespace qrt::test
