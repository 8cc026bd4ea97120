#include <gtest/gtest.h>

#include "src/graph/passes.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

// y = x * tile(constant), the constant repeated `times` times.
graph::Graph tiled(int32_t times) {
  graph::Graph g;
  const int x = g.add_tensor("x", rt::DType::F32, {1});
  const int c = g.add_constant<float>("c", {2}, {3.0f, 4.0f});
  const int repeated = g.add_tensor("repeated", rt::DType::F32, {2 * times});
  const int y = g.add_tensor("y", rt::DType::F32, {2 * times});
  fb::TileT tile;
  tile.multiples = {times};
  g.add_node("tile", std::move(tile), {c}, {repeated});
  fb::BinaryT mul;
  mul.kind = fb::BinaryKind::Mul;
  g.add_node("mul", std::move(mul), {x, repeated}, {y});
  g.inputs = {x};
  g.outputs = {y};
  return g;
}

TEST(FoldConstants, KeepsTheResultAndDropsTheNode) {
  graph::Graph g = tiled(2);
  ASSERT_TRUE(graph::fold_constants(g).ok());
  ASSERT_EQ(g.nodes.size(), 1u);
  EXPECT_EQ(graph::node_kind(g.nodes[0]), "Binary.Mul");
  EXPECT_EQ(run_one<float>(g, std::vector<float>{2.0f}), (std::vector<float>{6, 8, 6, 8}));
}

TEST(FoldConstants, LeavesWhatWouldGrowTooMuch) {
  graph::Graph g = tiled(1 << 24);  // 128 MiB from eight bytes
  ASSERT_TRUE(graph::fold_constants(g).ok());
  EXPECT_EQ(g.nodes.size(), 2u);
}

TEST(FoldConstants, LeavesGraphOutputsComputed) {
  graph::Graph g = tiled(2);
  g.outputs.push_back(g.nodes[0].outputs[0]);
  ASSERT_TRUE(graph::fold_constants(g).ok());
  EXPECT_EQ(g.nodes.size(), 2u);
}

}  // namespace
}  // namespace qrt::test
