// What fuse_qdq may do with each kind of operator.
#pragma once

#include "src/graph/graph.h"

namespace qrt::graph {

enum class QdqKind {
  Float,     // has no integer form: stays between Dequantize and Quantize
  Weighted,  // Conv2D, FullyConnected: constant weights and a bias of their own scale
  Compute,   // computes; inputs and output each have their own scale
  Join,      // inputs and output share one quantization
  Move,      // elements of input 0 stay what they are: dequantizing may come after
  Find       // gives indices of elements of input 0
};

QdqKind qdq_kind(const Graph& graph, const Node& node);

// The inputs that hold quantized numbers: first and one past the last.
struct InputRange {
  size_t first, last;
};
InputRange quantized_inputs(const Node& node, QdqKind kind);

// Where the operator keeps its fused clamp; null if it has none.
std::unique_ptr<fb::ClampT>* qdq_clamp(Node& node);

}  // namespace qrt::graph
