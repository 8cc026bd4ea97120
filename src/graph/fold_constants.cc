// Operators whose inputs are all constant are run once, here.
#include <algorithm>

#include "src/graph/evaluate.h"
#include "src/graph/passes.h"

namespace qrt::graph {
namespace {

using rt::Status;

// All results together: as much as every constant of the model a few times over, and this.
constexpr size_t kBudget = size_t{256} << 20;

bool foldable(const Graph& graph, const Node& node) {
  if (!is_constant(graph, node)) return false;
  return std::none_of(node.outputs.begin(), node.outputs.end(), [&](int output) {
    return std::find(graph.outputs.begin(), graph.outputs.end(), output) != graph.outputs.end();
  });
}

// Stores the node's results in the graph's values; false if libqrt cannot run it, in which case the
// finished model will say why.
bool fold(Graph& graph, const Node& node, size_t* budget) {
  auto results = evaluate(graph, node, std::min(*budget, evaluation_limit(graph, node)));
  if (!results.ok()) return false;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    *budget -= std::min(*budget, (*results)[i].data->size());
    graph.value(node.outputs[i]) = std::move((*results)[i]);
  }
  return true;
}

}  // namespace

Status fold_constants(Graph& graph) {
  size_t budget = kBudget;
  for (const Value& value : graph.values) {
    if (value.constant()) budget += 4 * value.data->size();
  }
  std::vector<Node> kept;
  for (Node& node : graph.nodes) {
    if (foldable(graph, node) && fold(graph, node, &budget)) {
      ++graph.record.folded;
    } else {
      kept.push_back(std::move(node));
    }
  }
  graph.nodes = std::move(kept);
  return {};
}

}  // namespace qrt::graph
