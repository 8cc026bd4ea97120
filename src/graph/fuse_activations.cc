// A clamp behind an operator that can clamp by itself costs a pass over the tensor, and in integers
// a second rounding.
#include <algorithm>
#include <memory>
#include <vector>

#include "src/graph/node_spec.h"
#include "src/graph/passes.h"
#include "src/graph/quantized_values.h"

namespace qrt::graph {
namespace {

// Makes `producer` write what `clip` writes, if that gives the same numbers.
bool fuse(const Graph& graph, Node& producer, const Node& clip) {
  std::unique_ptr<fb::ClampT>* clamp = clamp_of(producer);
  if (clamp == nullptr) return false;
  const Value& between = graph.value(clip.inputs[0]);
  const Value& result = graph.value(clip.outputs[0]);
  if (between.type != result.type || between.shape != result.shape) return false;
  Interval interval = interval_of(*clamp);
  if (!(between.quantization == result.quantization)) {
    if (clamp_policy(producer) != ClampPolicy::Requantizes ||
        between.quantization.scales.size() != 1 || result.quantization.scales.size() != 1) {
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
