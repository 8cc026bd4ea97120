// What follows a float operator on its way back to integers: the nodes that the operator takes over
// when it is made to write integers itself.
#pragma once

#include <optional>
#include <vector>

#include "src/graph/graph.h"
#include "src/graph/quantized_values.h"

namespace qrt::graph {

// A clamp perhaps, operators that only move elements perhaps, then one Quantize, or several that
// agree on the quantization. All commute: to move quantized values is to move the numbers they
// stand for, and to clamp them is to clamp the numbers before they are rounded, for rounding keeps
// order.
struct Tail {
  std::optional<Interval> clip;  // of the clamp
  std::vector<size_t> moves;     // nodes, in order, each reading the one before it only
  std::vector<size_t> others;    // the clamp and the Quantize nodes
  std::vector<int> outputs;      // of the Quantize nodes, never empty, graph outputs first
};

// Finds tails in a graph as it is when this is made; nodes that make the values may be moved away
// since, those that read them may not.
class TailFinder {
 public:
  explicit TailFinder(const Graph& graph);

  bool is_output(int value) const {
    return static_cast<size_t>(value) < is_output_.size() && is_output_[static_cast<size_t>(value)];
  }
  // Nothing if the result `value` is needed as numbers.
  std::optional<Tail> find(int value) const;

 private:
  bool add_quantize_nodes(int value, Tail* tail) const;

  const Graph& graph_;
  std::vector<std::vector<size_t>> readers_;  // by value: nodes
  std::vector<bool> is_output_;               // by value
};

}  // namespace qrt::graph
