// Importers and other passes leave operators behind that do nothing or that nobody needs. Three
// steps: chains of Quantize become one where that is exact, readers step over operators that do
// nothing, and what no output needs is dropped.
#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "src/graph/passes.h"
#include "src/graph/subgraphs.h"
#include "src/opspec/spec.h"

namespace qrt::graph {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

size_t at(int i) { return static_cast<size_t>(i); }

bool all_equal(const std::vector<int32_t>& elements, int32_t value) {
  return std::all_of(elements.begin(), elements.end(), [=](int32_t e) { return e == value; });
}

bool known_shape(const Value& value) {
  return std::all_of(value.shape.begin(), value.shape.end(), [](int32_t dim) { return dim >= 0; });
}

bool same_zero_points(const Quantization& a, const Quantization& b, int32_t offset) {
  for (size_t i = 0; i < a.scales.size(); ++i) {
    if (a.zero_point(i) != b.zero_point(i) + offset) return false;
  }
  return true;
}

bool same_numbers(const Value& a, const Value& b) {
  return a.type == b.type && a.quantization.scales == b.quantization.scales &&
         a.quantization.axis == b.quantization.axis &&
         a.quantization.block == b.quantization.block &&
         same_zero_points(a.quantization, b.quantization, 0);
}

// A clamp that cuts nothing off: unbounded, or beyond what the integers can hold.
bool clamps_nothing(const Value& value, const fb::ClampT* clamp) {
  if (clamp == nullptr || (clamp->min == -kInfinity && clamp->max == kInfinity)) return true;
  rt::IntRange range;
  const Quantization& q = value.quantization;
  if (q.scales.size() != 1 || !rt::quantized_range(value.type, &range)) return false;
  const double scale = q.scales[0];
  return clamp->min <= scale * (double{1} * range.min - q.zero_point()) &&
         clamp->max >= scale * (double{1} * range.max - q.zero_point());
}

// Whether output 0 is input 0; both have the same type, quantization and known shape.
bool does_nothing(const Node& node, const Value& input) {
  switch (node.type()) {
    case fb::OpOptions::Reshape:
    case fb::OpOptions::Quantize:
    case fb::OpOptions::Cast:
    case fb::OpOptions::BroadcastTo:
    case fb::OpOptions::Tile:
      return true;
    case fb::OpOptions::Concat:
    case fb::OpOptions::Split:
      return node.inputs.size() == 1 && node.outputs.size() == 1;
    case fb::OpOptions::Unary:
      return node.options.AsUnary()->kind == fb::UnaryKind::Clip &&
             clamps_nothing(input, node.options.AsUnary()->clamp.get());
    case fb::OpOptions::Transpose: {
      const std::vector<int32_t>& perm = node.options.AsTranspose()->perm;
      return std::is_sorted(perm.begin(), perm.end());
    }
    case fb::OpOptions::Pad:
      return all_equal(node.options.AsPad()->before, 0) &&
             all_equal(node.options.AsPad()->after, 0);
    case fb::OpOptions::Slice:
      return all_equal(node.options.AsSlice()->strides, 1);
    default:
      return false;
  }
}

bool is_identity(const Graph& graph, const Node& node) {
  if (node.inputs.empty() || node.inputs[0] == kAbsent || node.outputs.size() != 1) return false;
  const Value& input = graph.value(node.inputs[0]);
  const Value& output = graph.value(node.outputs[0]);
  // A Transpose that leaves the axes as they are does nothing, whatever their sizes.
  const bool known = known_shape(input) || node.type() == fb::OpOptions::Transpose;
  return same_numbers(input, output) && input.shape == output.shape && known &&
         does_nothing(node, input);
}

// The same real numbers, held in u8 on one side and in s8 on the other: each stands for the other.
bool same_in_other_sign(const Value& a, const Value& b) {
  if (a.quantization.scales.size() != 1 || a.quantization.scales != b.quantization.scales) {
    return false;
  }
  if (a.type == DType::U8 && b.type == DType::S8) {
    return same_zero_points(a.quantization, b.quantization, 128);
  }
  return a.type == DType::S8 && b.type == DType::U8 &&
         same_zero_points(b.quantization, a.quantization, 128);
}

// Of two Quantize in a row, the second reads the first's input where one of them only changes the
// sign. Between two that round, the first rounding must stay.
void shorten_quantize_chains(Graph& graph) {
  std::vector<int> source(graph.values.size(), kAbsent);  // of a Quantize, by its output
  for (Node& node : graph.nodes) {
    if (node.type() != fb::OpOptions::Quantize) continue;
    int& input = node.inputs[0];
    const int before = source[at(input)];
    const int output = node.outputs[0];
    if (before != kAbsent && !graph.value(before).variable &&
        (same_in_other_sign(graph.value(before), graph.value(input)) ||
         same_in_other_sign(graph.value(input), graph.value(output)))) {
      input = before;
    }
    source[at(output)] = input;
  }
}

class Steps {
 public:
  explicit Steps(Graph& graph)
      : graph_(graph),
        producers_(graph.producers()),
        fixed_(graph.values.size(), false),
        replacement_(graph.values.size()) {
    std::iota(replacement_.begin(), replacement_.end(), 0);
    for (const auto* ends : {&graph.inputs, &graph.outputs}) {
      for (int v : *ends) fixed_[at(v)] = true;
    }
  }

  void run() {
    std::vector<bool> keep(graph_.nodes.size(), true);
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      Node& node = graph_.nodes[n];
      for (int& input : node.inputs) {
        if (input != kAbsent) input = resolve(input);
      }
      if (is_identity(graph_, node)) keep[n] = !step_over(node.inputs[0], node.outputs[0]);
    }
    // A value that took over its reader's output has been renamed behind those that read it before.
    for (Node& node : graph_.nodes) {
      for (int& input : node.inputs) {
        if (input != kAbsent) input = resolve(input);
      }
    }
    size_t n = 0;
    const auto gone = [&](const Node&) { return !keep[n++]; };
    graph_.nodes.erase(std::remove_if(graph_.nodes.begin(), graph_.nodes.end(), gone),
                       graph_.nodes.end());
  }

 private:
  int resolve(int v) const {
    while (replacement_[at(v)] != v) v = replacement_[at(v)];
    return v;
  }

  // Makes input and output one value; false if the graph's own inputs and outputs forbid it.
  bool step_over(int input, int output) {
    // A state that changes under its readers is not what it was when it was copied.
    if (graph_.value(input).variable || graph_.value(output).variable) return false;
    if (!fixed_[at(output)]) {
      replacement_[at(output)] = input;
      return true;
    }
    // The graph's output stays; its input takes its place, if a node makes it and nothing else
    // needs its name.
    const int producer = producers_[at(input)];
    if (fixed_[at(input)] || producer < 0) return false;
    for (int& made : graph_.nodes[at(producer)].outputs) {
      if (made == input) made = output;
    }
    replacement_[at(input)] = output;
    producers_[at(output)] = producer;
    return true;
  }

  Graph& graph_;
  std::vector<int> producers_;
  std::vector<bool> fixed_;       // graph inputs and outputs, by value
  std::vector<int> replacement_;  // by value: itself, or what stands for it
};

// Backwards from the outputs. A node that updates a variable is needed if its outputs are, or if
// somebody else reads the variable; one without outputs is there for nothing but its effect, and
// what runs other graphs may have some.
void drop_unread(Graph& graph) {
  const std::vector<int> uses = graph.use_counts();
  std::vector<bool> read(graph.values.size(), false);
  for (int v : graph.outputs) read[at(v)] = true;
  std::vector<bool> needed(graph.nodes.size(), false);
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    needed[n] = node.outputs.empty() || runs_graphs(node);
    for (int v : node.outputs) needed[n] = needed[n] || read[at(v)];
    const rt::OpSpec* spec = rt::find_spec(node.type());
    const bool updates = spec != nullptr && spec->updates != 0;
    for (int v : node.inputs) {
      if (!updates || v == kAbsent || !graph.value(v).variable) continue;
      needed[n] = needed[n] || uses[at(v)] > 1 || graph.value(v).variable_id >= 0;
    }
    if (!needed[n]) continue;
    for (int v : node.inputs) {
      if (v != kAbsent) read[at(v)] = true;
    }
  }
  size_t n = 0;
  const auto gone = [&](const Node&) { return !needed[n++]; };
  graph.nodes.erase(std::remove_if(graph.nodes.begin(), graph.nodes.end(), gone),
                    graph.nodes.end());
}

}  // namespace

rt::Status remove_dead(Graph& graph) {
  shorten_quantize_chains(graph);
  Steps(graph).run();
  drop_unread(graph);
  return {};
}

}  // namespace qrt::graph
