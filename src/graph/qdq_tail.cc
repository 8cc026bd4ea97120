#include "src/graph/qdq_tail.h"

#include <algorithm>

#include "src/graph/node_spec.h"

namespace qrt::graph {
namespace {

bool is_clip(const Node& node) {
  return node.type() == fb::OpOptions::Unary && node.options.AsUnary()->kind == fb::UnaryKind::Clip;
}

// Nothing but its one input has to be there before it can run.
bool only_moves(const Graph& graph, const Node& node) {
  return node.inputs.size() == 1 && node.outputs.size() == 1 &&
         quantized_as(graph, node) == QuantizedAs::Moves;
}

}  // namespace

TailFinder::TailFinder(const Graph& graph)
    : graph_(graph), readers_(graph.values.size()), is_output_(graph.values.size(), false) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (int v : graph.nodes[n].inputs) {
      if (v != kAbsent) readers_[static_cast<size_t>(v)].push_back(n);
    }
  }
  for (int v : graph.outputs) is_output_[static_cast<size_t>(v)] = true;
}

std::optional<Tail> TailFinder::find(int value) const {
  Tail tail;
  while (!is_output(value) && readers_[static_cast<size_t>(value)].size() == 1) {
    const size_t reader = readers_[static_cast<size_t>(value)][0];
    const Node& node = graph_.nodes[reader];
    if (is_clip(node) && !tail.clip) {
      tail.clip = interval_of(node.options.AsUnary()->clamp);
      tail.others.push_back(reader);
    } else if (only_moves(graph_, node)) {
      tail.moves.push_back(reader);
    } else {
      break;
    }
    value = node.outputs[0];
  }
  if (!add_quantize_nodes(value, &tail)) return std::nullopt;
  return tail;
}

bool TailFinder::add_quantize_nodes(int value, Tail* tail) const {
  if (is_output(value)) return false;
  for (size_t reader : readers_[static_cast<size_t>(value)]) {
    const Node& node = graph_.nodes[reader];
    if (node.type() != fb::OpOptions::Quantize) return false;
    const Value& result = graph_.value(node.outputs[0]);
    if (!computable(result)) return false;
    if (!tail->outputs.empty() && !same_quantization(result, graph_.value(tail->outputs[0]))) {
      return false;
    }
    tail->others.push_back(reader);
    tail->outputs.push_back(node.outputs[0]);
  }
  // A graph output keeps its own value: the operator had better write that one.
  std::stable_partition(tail->outputs.begin(), tail->outputs.end(),
                        [this](int v) { return is_output(v); });
  return !tail->outputs.empty();
}

}  // namespace qrt::graph
