// A Pad before a convolution or a pool becomes its padding. Keras and tf2onnx write ZeroPadding2D
// and fixed padding as Pad, PyTorch nn.ZeroPad2d and asymmetric padding. A convolution's padding
// counts as zeros. That of an average pool counts as nothing, unless all of its padding is to count
// as zeros; that of a maximum is less than every element.
#include <cmath>
#include <limits>
#include <utility>

#include "src/graph/patterns/patterns.h"

namespace qrt::graph {
namespace {

// Pads height and width of [N,H,W,C] by constants, and keeps the type and quantization.
bool pads_plane(const Rewriter& graph, const Node& node, const fb::PadT& pad) {
  const Value &in = graph.value(node.inputs[0]), &out = graph.value(node.outputs[0]);
  return pad.mode == fb::PadMode::Constant && node.inputs.size() == 1 && in.type == out.type &&
         in.quantization == out.quantization && in.shape.size() == 4 && pad.before[0] == 0 &&
         pad.after[0] == 0 && pad.before[3] == 0 && pad.after[3] == 0;
}

// Whether no element of this type and quantization is less.
bool is_least(const Value& value, float number) {
  if (value.type == DType::F32) return number == -std::numeric_limits<float>::infinity();
  if (value.type != DType::S8 || value.quantization.scales.size() != 1) return false;
  const double code = std::nearbyint(static_cast<double>(number) / value.quantization.scales[0]) +
                      value.quantization.zero_point();
  return code <= -128;
}

// The window of a node whose padding is this, or null.
fb::Window2DT* window_for(Node* node, const Value& padded, float number) {
  if (auto* conv = node->options.AsConv2D()) return number == 0 ? conv->window.get() : nullptr;
  auto* pool = node->options.AsPool2D();
  if (pool == nullptr || pool->ceil_mode) return nullptr;
  if (pool->kind == fb::PoolKind::Max) {
    return is_least(padded, number) ? pool->window.get() : nullptr;
  }
  // Elements that are averaged are those of the input, or all: integers round by their number.
  if (number != 0 || padded.type != DType::F32) return nullptr;
  if (!pool->count_include_pad && !pads_nothing(*pool->window)) return nullptr;
  pool->count_include_pad = true;
  return pool->window.get();
}

bool widen(fb::Window2DT* window, const fb::PadT& pad) {
  const std::pair<int32_t*, int32_t> sides[] = {{&window->pad_top, pad.before[1]},
                                                {&window->pad_bottom, pad.after[1]},
                                                {&window->pad_left, pad.before[2]},
                                                {&window->pad_right, pad.after[2]}};
  for (const auto& [side, more] : sides) {
    if (more < 0 || *side > std::numeric_limits<int32_t>::max() - more) return false;
    *side += more;
  }
  return true;
}

}  // namespace

void fuse_pads(Rewriter& graph) {
  for (size_t n = 0; n < graph.nodes(); ++n) {
    const Node* node = graph.node(n);
    if (node == nullptr || node->inputs.empty()) continue;
    const int padded = node->inputs[0];
    if (padded == kAbsent) continue;
    const auto* pad = graph.made_by(padded, &fb::OpOptionsUnion::AsPad);
    if (pad == nullptr || !pads_plane(graph, graph.maker_of(padded), *pad)) continue;
    Node wider = *node;
    fb::Window2DT* window = window_for(&wider, graph.value(padded), pad->value);
    if (window == nullptr || window->padding != fb::Padding::Explicit || !widen(window, *pad)) {
      continue;
    }
    wider.inputs[0] = graph.maker_of(padded).inputs[0];
    // Who else reads the Pad keeps it.
    graph.put(n, {}, std::move(wider), "Pad");
  }
}

}  // namespace qrt::graph
