// What the rows of operators (src/opspec) say about nodes of the editable graph.
#pragma once

#include "src/graph/graph.h"
#include "src/opspec/spec.h"

namespace qrt::graph {

using rt::QuantizedAs;
using ClampPolicy = rt::OpSpec::Clamp;

const rt::OpSpec& spec_of(const Node& node);

// How the node becomes one on integers. Only numbers do: one that moves indices or shapes is Float.
QuantizedAs quantized_as(const Graph& graph, const Node& node);

// What the row says of a node's attributes alone.
struct Facts {
  std::string kind;        // "Add" of Binary; "" if there is none
  std::string signatures;  // what it takes
  QuantizedAs form;
};
Facts facts_of(const Node& node);

// The inputs that hold quantized numbers: first and one past the last.
struct InputRange {
  size_t first, last;
};
InputRange quantized_inputs(const Node& node);

// Whether the node's clamp can take over one that follows, and where it stands; null with None.
ClampPolicy clamp_policy(const Node& node);
std::unique_ptr<fb::ClampT>* clamp_of(Node& node);

}  // namespace qrt::graph
