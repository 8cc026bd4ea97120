#include "src/graph/qdq_affine.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "src/graph/node_spec.h"
#include "src/graph/qdq_constants.h"

namespace qrt::graph {
namespace {

size_t at(int i) { return static_cast<size_t>(i); }

// y = x * factor + offset, one pair a channel.
struct Affine {
  std::vector<double> factor, offset;
};

class FoldAffine {
 public:
  explicit FoldAffine(Graph& graph)
      : graph_(graph), producers_(graph.producers()), uses_(graph.use_counts()) {
    reader_.assign(graph.values.size(), -1);
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      for (int v : graph.nodes[n].inputs) {
        if (v != kAbsent) reader_[at(v)] = static_cast<int>(n);
      }
    }
    removed_.assign(graph.nodes.size(), false);
    before_.resize(graph.nodes.size());
  }

  void run() {
    const size_t count = graph_.nodes.size();
    for (size_t n = 0; n < count; ++n) {
      if (quantized_as(graph_, graph_.nodes[n]) == QuantizedAs::Weighted) fold(n);
    }
    std::vector<Node> nodes;
    for (size_t n = 0; n < count; ++n) {
      if (before_[n]) nodes.push_back(std::move(*before_[n]));
      if (!removed_[n]) nodes.push_back(std::move(graph_.nodes[n]));
    }
    graph_.nodes = std::move(nodes);
  }

 private:
  // The node that alone reads a value; null if there are several, or the graph's caller reads it.
  const Node* sole_reader(int v) const {
    return uses_[at(v)] == 1 && reader_[at(v)] >= 0 ? &graph_.nodes[at(reader_[at(v)])] : nullptr;
  }

  // The constant that a Dequantize makes a value from; kAbsent if it is made otherwise.
  int dequantized_constant(int v) const {
    if (v == kAbsent || producers_[at(v)] < 0) return kAbsent;
    const Node& node = graph_.nodes[at(producers_[at(v)])];
    if (node.type() != fb::OpOptions::Dequantize) return kAbsent;
    return graph_.value(node.inputs[0]).constant() ? node.inputs[0] : kAbsent;
  }

  // A constant with one number for all or for each of the channels, which are the last axis.
  std::optional<std::vector<double>> channel_numbers(int v, size_t channels) const {
    const Value& value = graph_.value(v);
    if (!value.constant() || value.type != DType::F32) return std::nullopt;
    const size_t elements = value.elements();
    const bool each = elements == channels && !value.shape.empty() &&
                      static_cast<size_t>(value.shape.back()) == channels;
    if (elements != 1 && !each) return std::nullopt;
    std::vector<double> numbers(channels);
    for (size_t i = 0; i < channels; ++i) numbers[i] = value.as<float>()[elements == 1 ? 0 : i];
    return numbers;
  }

  // Applies one Binary on `v`; false if it is no such operator.
  bool apply(const Node& node, int v, Affine* affine) const {
    const fb::BinaryT& binary = *node.options.AsBinary();
    const bool left = node.inputs[0] == v;
    if (binary.clamp != nullptr) return false;
    if (!left && binary.kind != fb::BinaryKind::Mul && binary.kind != fb::BinaryKind::Add) {
      return false;
    }
    // A constant of higher rank than the layer's result would change its shape.
    if (graph_.value(node.outputs[0]).shape != graph_.value(v).shape) return false;
    const auto numbers = channel_numbers(node.inputs[left ? 1 : 0], affine->factor.size());
    if (!numbers) return false;
    for (size_t i = 0; i < numbers->size(); ++i) {
      const double number = (*numbers)[i];
      switch (binary.kind) {
        case fb::BinaryKind::Mul:
          affine->factor[i] *= number;
          affine->offset[i] *= number;
          break;
        case fb::BinaryKind::Div:
          affine->factor[i] /= number;
          affine->offset[i] /= number;
          break;
        case fb::BinaryKind::Add:
          affine->offset[i] += number;
          break;
        case fb::BinaryKind::Sub:
          affine->offset[i] -= number;
          break;
        default:
          return false;
      }
    }
    return true;
  }

  // A Reshape that leaves the channels the last axis.
  bool keeps_channels(const Node& node, size_t channels) const {
    if (node.type() != fb::OpOptions::Reshape || node.inputs.size() != 1) return false;
    const std::vector<int32_t>& shape = graph_.value(node.outputs[0]).shape;
    return !shape.empty() && at(shape.back()) == channels;
  }

  void fold(size_t n) {
    Node& layer = graph_.nodes[n];
    const auto* clamp = clamp_of(layer);
    if (clamp == nullptr || *clamp != nullptr) return;  // clamps before the arithmetic
    const int quantized = dequantized_constant(layer.inputs[1]);
    const int weights = quantized != kAbsent ? quantized : layer.inputs[1];
    const Value& w = graph_.value(weights);
    if (!w.constant() || (w.type != DType::F32 && !quantized_per_output(w))) return;
    const auto channels = at(graph_.value(weights).shape[0]);
    // Behind a one-dimensional convolution stands a Reshape.
    size_t maker = n;
    int v = layer.outputs[0];
    for (const Node* next = sole_reader(v); next != nullptr && keeps_channels(*next, channels);
         next = sole_reader(v)) {
      maker = at(reader_[at(v)]);
      v = next->outputs[0];
    }
    Affine affine{std::vector<double>(channels, 1), std::vector<double>(channels, 0)};
    std::vector<size_t> chain;
    int result = v;
    for (const Node* next = sole_reader(v);
         next != nullptr && next->type() == fb::OpOptions::Binary && apply(*next, v, &affine);
         next = sole_reader(v)) {
      chain.push_back(at(reader_[at(v)]));
      v = next->outputs[0];
    }
    if (chain.empty() || !rewrite(n, weights, affine)) return;
    for (size_t link : chain) removed_[link] = true;
    for (int& output : graph_.nodes[maker].outputs) {
      if (output == result) output = v;
    }
  }

  // Gives the layer its new weights and bias.
  bool rewrite(size_t n, int weights, const Affine& affine) {
    const size_t channels = affine.factor.size();
    Node& layer = graph_.nodes[n];
    std::vector<double> bias(channels, 0);
    if (layer.inputs.size() > 2 && layer.inputs[2] != kAbsent) {
      const int constant = dequantized_constant(layer.inputs[2]);
      const auto old =
          real_elements(graph_.value(constant != kAbsent ? constant : layer.inputs[2]));
      if (!old || old->size() != channels) return false;
      bias = *old;
    }
    Value scaled = graph_.value(weights);
    Quantization& q = scaled.quantization;
    // Division and multiplication by the same numbers leave a rounding error, no factor.
    const double tolerance = scaled.type == DType::F32 ? 0 : 1e-5;
    const bool same = std::all_of(affine.factor.begin(), affine.factor.end(),
                                  [=](double f) { return std::fabs(f - 1) <= tolerance; });
    if (!same && scaled.type == DType::F32) return false;
    if (!same && q.scales.size() == 1) {
      q.scales.assign(channels, q.scales[0]);
      if (!q.zero_points.empty()) q.zero_points.assign(channels, q.zero_points[0]);
      q.axis = 0;
    }
    std::vector<float> new_bias;
    for (size_t o = 0; o < channels; ++o) {
      if (!same) q.scales[o] = static_cast<float>(q.scales[o] * affine.factor[o]);
      if (!same && (!std::isnormal(q.scales[o]) || q.scales[o] < 0)) return false;
      const double number = bias[o] * affine.factor[o] + affine.offset[o];
      if (!std::isfinite(number)) return false;
      new_bias.push_back(static_cast<float>(number));
    }
    const std::string name = scaled.name;
    if (!same) {
      const std::vector<int32_t> shape = scaled.shape;
      const int integers = graph_.add_value(std::move(scaled));
      const int numbers = graph_.add_tensor(name + "/scaled", DType::F32, shape);
      before_[n] = Graph::make_node(name, fb::DequantizeT(), {integers}, {numbers});
      layer.inputs[1] = numbers;
    }
    const int made =
        graph_.add_constant(layer.name + "/bias", {static_cast<int32_t>(channels)}, new_bias);
    layer.inputs = {layer.inputs[0], layer.inputs[1], made};
    return true;
  }

  Graph& graph_;
  std::vector<int> producers_, uses_, reader_;  // by value, as they were
  std::vector<bool> removed_;                   // by node
  std::vector<std::optional<Node>> before_;     // by node: what has to stand before it
};

}  // namespace

void fold_affine(Graph& graph) { FoldAffine(graph).run(); }

}  // namespace qrt::graph
