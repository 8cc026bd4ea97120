// What becomes of each operator of a float model, and which quantization each of its values gets.
// Made from the graph, the statistics and the wishes alone, so that it is the same everywhere.
//
// The rules, most of which prevent a collapse that somebody has reported:
// - operators that only move elements, and those that join alike ones, share one quantization;
// - a concat of ranges that are not alike stays float, unless integers follow;
// - softmax, sigmoid and tanh have fixed output scales;
// - functions that lose too much in eight bits (exp, log, division ...) stay float;
// - elementwise operators with no product near them stay float: to convert would cost more;
// - what makes a float output from scores (softmax at the end) stays float.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/graph/graph.h"
#include "src/quantize/range.h"
#include "src/quantize/scheme.h"

namespace qrt::quantize {

struct NodePlan {
  Scheme scheme = Scheme::Float;
  std::string reason;  // why it is float, where that was not wished for
};

// A value that is quantized where it is made (or, of an input or a float result, before its integer
// readers).
struct ValuePlan {
  bool quantized = false;
  graph::DType type = graph::DType::S8;
  graph::Quantization quantization;
  Range range;
  const char* how = "";  // the observer, or "fixed"
};

struct Plan {
  std::vector<NodePlan> nodes;    // by node of the graph
  std::vector<ValuePlan> values;  // by value of the graph
  // By value: the one whose elements it holds, moved: those of a result of Reshape are its input's.
  std::vector<int> source;
  std::vector<std::string> remarks;  // what the user should know: sentences
};

// The main graph's. Statistics are by value of it.
Plan make_plan(const graph::Graph& graph, const Statistics& statistics, const Wishes& wishes);

// By value: whether bias correction and repair want its sums by channel: inputs and outputs of
// operators with weights.
std::vector<bool> wanted_by_channel(const graph::Graph& graph);

// Whether a node has constant float weights that can be quantized, and where they are.
bool has_float_weights(const graph::Graph& graph, const graph::Node& node);

}  // namespace qrt::quantize
