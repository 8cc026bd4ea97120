#include "src/graph/patterns/rewriter.h"

#include <algorithm>
#include <utility>

#include "src/graph/subgraphs.h"

namespace qrt::graph {
namespace {

size_t at(int i) { return static_cast<size_t>(i); }

}  // namespace

Rewriter::Rewriter(Graph& graph)
    : graph_(graph), makers_(graph.producers()), uses_(graph.use_counts()), shapes_(graph) {
  std::vector<std::vector<int32_t>> declared;
  for (const Value& value : graph.values) declared.push_back(value.shape);
  for (Node& node : graph.nodes) {
    const bool foreign = runs_graphs(node) || node.type() == fb::OpOptions::Custom;
    sound_.push_back(!foreign && infer(node));
    slots_.emplace_back();
    slots_.back().push_back(std::move(node));
  }
  // What outputs declare stays.
  for (size_t v = 0; v < declared.size(); ++v) graph.values[v].shape = std::move(declared[v]);
}

bool Rewriter::infer(const Node& node) { return shapes_.check_and_infer(node).ok(); }

std::optional<double> Rewriter::number(int v) const {
  if (v == kAbsent) return {};
  const Value& value = graph_.value(v);
  if (!value.constant() || value.type != DType::F32 || value.elements() != 1) return {};
  return static_cast<double>(*value.as<float>());
}

void Rewriter::count_uses(const Node& node, int sign) {
  for (int input : node.inputs) {
    if (input != kAbsent) uses_[at(input)] += sign;
  }
}

bool Rewriter::closed(size_t root, const std::vector<size_t>& others) const {
  std::vector<int> read;
  for (int input : slots_[root][0].inputs) read.push_back(input);
  for (size_t n : others) {
    for (int input : slots_[n][0].inputs) read.push_back(input);
  }
  for (size_t n : others) {
    for (int output : slots_[n][0].outputs) {
      if (std::count(read.begin(), read.end(), output) != uses(output)) return false;
    }
  }
  return true;
}

bool Rewriter::keeps_shapes(const Node& root, const std::vector<Node>& nodes) {
  std::vector<rt::Shape> before;
  std::vector<std::vector<int32_t>> declared;
  for (int output : root.outputs) {
    before.push_back(shape(output));
    declared.push_back(value(output).shape);
  }
  bool same = true;
  for (const Node& node : nodes) same = same && infer(node);
  for (size_t i = 0; i < root.outputs.size(); ++i) {
    same = same && shape(root.outputs[i]) == before[i];
    graph_.value(root.outputs[i]).shape = declared[i];
  }
  if (!same) (void)infer(root);
  for (size_t i = 0; i < root.outputs.size(); ++i) {
    graph_.value(root.outputs[i]).shape = declared[i];
  }
  return same;
}

bool Rewriter::put(size_t root, const std::vector<size_t>& others, std::vector<Node> nodes,
                   const std::string& what) {
  std::vector<size_t> inner = others;
  std::sort(inner.begin(), inner.end());
  inner.erase(std::unique(inner.begin(), inner.end()), inner.end());
  inner.erase(std::remove(inner.begin(), inner.end(), root), inner.end());
  if (!closed(root, inner)) return false;
  makers_.resize(graph_.values.size(), -1);
  uses_.resize(graph_.values.size(), 0);
  if (!keeps_shapes(slots_[root][0], nodes)) return false;
  inner.push_back(root);
  for (size_t n : inner) {
    count_uses(slots_[n][0], -1);
    for (int output : slots_[n][0].outputs) makers_[at(output)] = -1;
    slots_[n].clear();
  }
  for (const Node& node : nodes) {
    count_uses(node, 1);
    if (nodes.size() > 1) continue;
    for (int output : node.outputs) makers_[at(output)] = static_cast<int>(root);
  }
  slots_[root] = std::move(nodes);
  if (!what.empty()) ++graph_.record.fused[what];
  return true;
}

bool Rewriter::put(size_t root, const std::vector<size_t>& others, Node node,
                   const std::string& what) {
  std::vector<Node> nodes;
  nodes.push_back(std::move(node));
  return put(root, others, std::move(nodes), what);
}

void Rewriter::finish() {
  graph_.nodes.clear();
  for (std::vector<Node>& slot : slots_) {
    for (Node& node : slot) graph_.nodes.push_back(std::move(node));
  }
}

}  // namespace qrt::graph
