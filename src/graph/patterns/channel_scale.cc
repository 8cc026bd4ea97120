// A number or constant for each channel that multiplies or is added before or behind a layer moves
// into its weights and bias: what is left of BatchNormalization (Mul and Add), scales of layers,
// and biases that exporters write as an Add. Ioffe, Szegedy, "Batch Normalization", 2015.
#include <algorithm>
#include <cmath>
#include <utility>

#include "src/graph/patterns/patterns.h"

namespace qrt::graph {
namespace {

using fb::BinaryKind;

// x * factor + offset, with one number, or one a channel.
struct ChannelScale {
  std::vector<double> factor = {1}, offset = {0};
  double factor_of(size_t c) const { return factor[factor.size() == 1 ? 0 : c]; }
  double offset_of(size_t c) const { return offset[offset.size() == 1 ? 0 : c]; }
  bool shifts() const {
    return std::any_of(offset.begin(), offset.end(), [](double d) { return d != 0; });
  }
};

// A constant that differs along the last axis at most, of `channels` elements.
bool by_channel(const Rewriter& graph, int v, size_t channels, std::vector<double>* numbers) {
  const Value& value = graph.value(v);
  if (!value.constant() || value.type != DType::F32) return false;
  const uint64_t count = value.elements();
  if (count != 1 && (count != channels || value.shape.empty() ||
                     static_cast<size_t>(value.shape.back()) != channels)) {
    return false;
  }
  numbers->assign(value.as<float>(), value.as<float>() + count);
  return true;
}

// What a node does to the channels of one of its inputs, which is `*x`.
bool read_scale(const Rewriter& graph, const Node& node, size_t channels, int* x,
                ChannelScale* scale) {
  const auto* binary = node.options.AsBinary();
  if (binary == nullptr || graph.value(node.outputs[0]).type != DType::F32) return false;
  const bool either = binary->kind == BinaryKind::Mul || binary->kind == BinaryKind::Add;
  if (!either && binary->kind != BinaryKind::Div && binary->kind != BinaryKind::Sub) return false;
  for (size_t side : {size_t{1}, size_t{0}}) {
    if (side == 0 && !either) break;
    std::vector<double> numbers;
    if (!by_channel(graph, node.inputs[side], channels, &numbers)) continue;
    *x = node.inputs[1 - side];
    const bool multiplies = binary->kind == BinaryKind::Mul || binary->kind == BinaryKind::Div;
    for (double& number : numbers) {
      if (binary->kind == BinaryKind::Div) number = 1 / number;
      if (binary->kind == BinaryKind::Sub) number = -number;
    }
    (multiplies ? scale->factor : scale->offset) = std::move(numbers);
    return true;
  }
  return false;
}

// Layers with weights [O,...] and a bias [O].
struct Layer {
  const Value* weights = nullptr;
  const Value* bias = nullptr;  // may be absent
  std::unique_ptr<fb::ClampT>* clamp = nullptr;
  int32_t groups = 1;
  const fb::Window2DT* window = nullptr;  // of a convolution that is not transposed

  size_t outputs() const { return static_cast<size_t>(weights->shape[0]); }
  // Weights of one output; their last axis is the input's channels, or those of its group.
  size_t depth() const { return static_cast<size_t>(weights->elements()) / outputs(); }
  size_t inputs() const { return static_cast<size_t>(weights->shape.back()); }
};

bool read_layer(const Rewriter& graph, Node& node, Layer* layer) {
  if (auto* conv = node.options.AsConv2D()) {
    layer->groups = conv->groups, layer->clamp = &conv->clamp, layer->window = conv->window.get();
  } else if (auto* transposed = node.options.AsTransposedConv2D()) {
    layer->groups = transposed->groups, layer->clamp = &transposed->clamp;
  } else if (auto* connected = node.options.AsFullyConnected()) {
    layer->clamp = &connected->clamp;
  } else {
    return false;
  }
  const auto constant = [&](size_t i) -> const Value* {
    if (i >= node.inputs.size() || node.inputs[i] == kAbsent) return nullptr;
    const Value& value = graph.value(node.inputs[i]);
    return value.constant() && value.type == DType::F32 ? &value : nullptr;
  };
  layer->weights = constant(1);
  layer->bias = constant(2);
  const bool has_bias = node.inputs.size() > 2 && node.inputs[2] != kAbsent;
  return layer->weights != nullptr && !layer->weights->shape.empty() &&
         layer->weights->elements() > 0 && (layer->bias != nullptr || !has_bias);
}

bool all_finite(const std::vector<float>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](float x) { return std::isfinite(x); });
}

// Replaces weights and bias of a node: others may share them.
bool set_weights(Rewriter& graph, Node* node, const Layer& layer, const std::vector<float>& weights,
                 const std::vector<float>& bias) {
  if (!all_finite(weights) || !all_finite(bias)) return false;
  const std::string name = layer.weights->name;
  const std::vector<int32_t> shape = layer.weights->shape;
  Graph& g = graph.graph();
  node->inputs.resize(2);
  node->inputs[1] = g.add_constant(name + "/scaled", shape, weights);
  node->inputs.push_back(
      g.add_constant(name + "/shifted", {static_cast<int32_t>(bias.size())}, bias));
  return true;
}

// The scale of what the layer gives.
bool scale_outputs(Rewriter& graph, Node* node, const Layer& layer, const ChannelScale& scale) {
  std::vector<float> weights(layer.weights->as<float>(),
                             layer.weights->as<float>() + layer.weights->elements());
  std::vector<float> bias(layer.outputs());
  for (size_t o = 0; o < bias.size(); ++o) {
    for (size_t i = 0; i < layer.depth(); ++i) {
      float& w = weights[o * layer.depth() + i];
      w = static_cast<float>(w * scale.factor_of(o));
    }
    const double before = layer.bias != nullptr ? layer.bias->as<float>()[o] : 0;
    bias[o] = static_cast<float>(before * scale.factor_of(o) + scale.offset_of(o));
  }
  return set_weights(graph, node, layer, weights, bias);
}

// The scale of what the layer is given, of `groups` times inputs() channels.
bool scale_inputs(Rewriter& graph, Node* node, const Layer& layer, const ChannelScale& scale) {
  std::vector<float> weights(layer.weights->as<float>(),
                             layer.weights->as<float>() + layer.weights->elements());
  std::vector<float> bias(layer.outputs());
  const size_t group_outputs = layer.outputs() / static_cast<size_t>(layer.groups);
  for (size_t o = 0; o < bias.size(); ++o) {
    double sum = layer.bias != nullptr ? layer.bias->as<float>()[o] : 0;
    for (size_t i = 0; i < layer.depth(); ++i) {
      float& w = weights[o * layer.depth() + i];
      const size_t channel = o / group_outputs * layer.inputs() + i % layer.inputs();
      sum += w * scale.offset_of(channel);
      w = static_cast<float>(w * scale.factor_of(channel));
    }
    bias[o] = static_cast<float>(sum);
  }
  return set_weights(graph, node, layer, weights, bias);
}

// Whether no padding is among the products.
bool is_unpadded(const Layer& layer) {
  if (layer.window == nullptr) return true;
  const fb::Window2DT& w = *layer.window;
  if (w.padding != fb::Padding::Explicit) {
    return layer.weights->shape[1] == 1 && layer.weights->shape[2] == 1;
  }
  return pads_nothing(w);
}

bool fold_behind(Rewriter& graph, size_t n) {
  const Node& node = *graph.node(n);
  for (int input : node.inputs) {
    if (input == kAbsent || graph.maker(input) < 0 || graph.uses(input) != 1) continue;
    const auto made = static_cast<size_t>(graph.maker(input));
    if (graph.node(made) == nullptr) continue;
    Node scaled = *graph.node(made);
    Layer layer;
    ChannelScale scale;
    int x = kAbsent;
    if (!read_layer(graph, scaled, &layer) || *layer.clamp != nullptr ||
        !read_scale(graph, node, layer.outputs(), &x, &scale) || x != input ||
        !scale_outputs(graph, &scaled, layer, scale)) {
      continue;
    }
    const fb::ClampT* clamp = node.options.AsBinary()->clamp.get();
    if (clamp != nullptr) *layer.clamp = make_clamp(clamp->min, clamp->max);
    scaled.outputs = node.outputs;
    if (graph.put(n, {made}, std::move(scaled), "scale or bias of channels")) return true;
  }
  return false;
}

bool fold_before(Rewriter& graph, size_t n) {
  Node scaled = *graph.node(n);
  Layer layer;
  if (!read_layer(graph, scaled, &layer)) return false;
  const bool transposed = scaled.options.AsTransposedConv2D() != nullptr;
  const int input = scaled.inputs[0];
  if (graph.maker(input) < 0 || graph.uses(input) != 1) return false;
  const auto made = static_cast<size_t>(graph.maker(input));
  const Node* node = graph.node(made);
  ChannelScale scale;
  int x = kAbsent;
  const size_t channels = layer.inputs() * static_cast<size_t>(layer.groups);
  if (node == nullptr || !read_scale(graph, *node, channels, &x, &scale) ||
      node->options.AsBinary()->clamp != nullptr || !graph.same_shape(x, input) ||
      layer.outputs() % static_cast<size_t>(layer.groups) != 0) {
    return false;
  }
  // What is added meets fewer weights at the edges: of padding, and of what is transposed.
  if (scale.shifts() && (transposed || !is_unpadded(layer))) return false;
  if (!scale_inputs(graph, &scaled, layer, scale)) return false;
  scaled.inputs[0] = x;
  return graph.put(n, {made}, std::move(scaled), "scale or bias of channels");
}

}  // namespace

void fuse_channel_scales(Rewriter& graph) {
  for (size_t n = 0; n < graph.nodes(); ++n) {
    if (graph.node(n) == nullptr) continue;
    if (graph.node(n)->type() == fb::OpOptions::Binary) {
      (void)fold_behind(graph, n);
    } else {
      // One after the other: a product, and a sum before it.
      while (fold_before(graph, n)) {
      }
    }
  }
}

}  // namespace qrt::graph
