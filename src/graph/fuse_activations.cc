// A clamp behind an operator that can clamp by itself costs a pass over the tensor, and in integers
// a second rounding.
#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "src/graph/passes.h"

namespace qrt::graph {
namespace {

struct Interval {
  float min = -std::numeric_limits<float>::infinity();
  float max = std::numeric_limits<float>::infinity();
};

Interval interval_of(const std::unique_ptr<fb::ClampT>& clamp) {
  return clamp == nullptr ? Interval{} : Interval{clamp->min, clamp->max};
}

float clamped(float value, const Interval& to) { return std::min(std::max(value, to.min), to.max); }

// Clamping to `first` and then to `second`, as one clamp; right also where they do not overlap.
Interval then(const Interval& first, const Interval& second) {
  return {clamped(first.min, second), clamped(first.max, second)};
}

// The real numbers that a value of integers can hold.
Interval range_of(const Value& value) {
  rt::IntRange range;
  if (!rt::quantized_range(value.type, &range)) return {};
  const double scale = value.quantization.scales[0];
  const double zero_point = value.quantization.zero_point();
  return {static_cast<float>(scale * (range.min - zero_point)),
          static_cast<float>(scale * (range.max - zero_point))};
}

// Where the operator keeps its clamp; null if it has none.
std::unique_ptr<fb::ClampT>* clamp_of(Node& node) {
  switch (node.type()) {
    case fb::OpOptions::Conv2D:
      return &node.options.AsConv2D()->clamp;
    case fb::OpOptions::FullyConnected:
      return &node.options.AsFullyConnected()->clamp;
    case fb::OpOptions::Pool2D:
      return &node.options.AsPool2D()->clamp;
    case fb::OpOptions::Binary:
      // Comparisons and logic give truth values.
      return node.options.AsBinary()->kind < fb::BinaryKind::Equal ? &node.options.AsBinary()->clamp
                                                                   : nullptr;
    case fb::OpOptions::Unary:
      return node.options.AsUnary()->kind == fb::UnaryKind::Clip ? &node.options.AsUnary()->clamp
                                                                 : nullptr;
    default:
      return nullptr;
  }
}

// Operators that pick among integers or average them keep the quantization of their input; the
// others compute their result in any.
bool requantizes(const Node& node) {
  if (node.type() == fb::OpOptions::Pool2D) return false;
  if (node.type() != fb::OpOptions::Binary) return true;
  const fb::BinaryKind kind = node.options.AsBinary()->kind;
  return kind != fb::BinaryKind::Min && kind != fb::BinaryKind::Max;
}

// Makes `producer` write what `clip` writes, if that gives the same numbers.
bool fuse(const Graph& graph, Node& producer, const Node& clip) {
  std::unique_ptr<fb::ClampT>* clamp = clamp_of(producer);
  if (clamp == nullptr) return false;
  const Value& between = graph.value(clip.inputs[0]);
  const Value& result = graph.value(clip.outputs[0]);
  if (between.type != result.type || between.shape != result.shape) return false;
  Interval interval = interval_of(*clamp);
  if (!(between.quantization == result.quantization)) {
    if (!requantizes(producer) || between.quantization.scales.size() != 1 ||
        result.quantization.scales.size() != 1) {
      return false;
    }
    // What the intermediate value would have cut off must not come back.
    const Interval held = range_of(between), wanted = range_of(result);
    if (held.min > wanted.min || held.max < wanted.max) interval = then(interval, held);
  }
  interval = then(interval, interval_of(clip.options.AsUnary()->clamp));
  *clamp = make_clamp(interval.min, interval.max);
  producer.outputs[0] = clip.outputs[0];
  return true;
}

bool is_clip(const Node& node) {
  return node.type() == fb::OpOptions::Unary &&
         node.options.AsUnary()->kind == fb::UnaryKind::Clip && node.inputs.size() == 1 &&
         node.inputs[0] != kAbsent && node.outputs.size() == 1;
}

}  // namespace

rt::Status fuse_activations(Graph& graph) {
  std::vector<int> producers = graph.producers();
  const std::vector<int> uses = graph.use_counts();
  std::vector<bool> removed(graph.nodes.size(), false);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& clip = graph.nodes[n];
    if (!is_clip(clip)) continue;
    const auto between = static_cast<size_t>(clip.inputs[0]);
    // One use: the clip's own. A graph output counts as a use, too.
    if (producers[between] < 0 || uses[between] != 1) continue;
    Node& producer = graph.nodes[static_cast<size_t>(producers[between])];
    if (producer.outputs.size() != 1 || !fuse(graph, producer, clip)) continue;
    producers[static_cast<size_t>(clip.outputs[0])] = producers[between];
    removed[n] = true;
  }
  size_t n = 0;
  const auto gone = [&](const Node&) { return removed[n++]; };
  graph.nodes.erase(std::remove_if(graph.nodes.begin(), graph.nodes.end(), gone),
                    graph.nodes.end());
  return {};
}

}  // namespace qrt::graph
