#include "src/quantize/weights.h"

#include <algorithm>
#include <cmath>

namespace qrt::quantize {
namespace {

constexpr float kMostCode = 127;
// A bias in steps of its scale leaves room for the sums that are added to it in 32 bits.
constexpr float kMostBias = 1 << 30;
// Steps that the bias of an output without weights has.
constexpr float kExactBias = 1 << 20;
constexpr float kLeastScale = 0x1p-100f;

float largest(const float* begin, size_t n) {
  float size = 0;
  for (size_t i = 0; i < n; ++i) size = std::max(size, std::fabs(begin[i]));
  return size;
}

}  // namespace

FloatWeights float_weights(const graph::Graph& graph, const graph::Node& node) {
  const graph::Value& value = graph.value(node.inputs[1]);
  FloatWeights weights;
  weights.elements.assign(value.as<float>(), value.as<float>() + value.elements());
  weights.shape = value.shape;
  weights.outputs = static_cast<size_t>(value.shape[0]);
  weights.per_output = weights.elements.size() / weights.outputs;
  weights.in_channels = static_cast<size_t>(value.shape.back());
  if (const auto* conv = node.options.AsConv2D()) {
    weights.groups = static_cast<size_t>(conv->groups);
  } else if (const auto* transposed = node.options.AsTransposedConv2D()) {
    weights.groups = static_cast<size_t>(transposed->groups);
  }
  if (node.inputs.size() > 2 && node.inputs[2] != graph::kAbsent) {
    const graph::Value& bias = graph.value(node.inputs[2]);
    weights.bias.assign(bias.as<float>(), bias.as<float>() + bias.elements());
  }
  return weights;
}

std::vector<float> weight_scales(const FloatWeights& w, bool per_tensor, float input_scale) {
  std::vector<float> scales;
  float most = kLeastScale;
  for (size_t o = 0; o < w.outputs; ++o) {
    const float size = largest(w.elements.data() + o * w.per_output, w.per_output);
    const float bias = w.bias.empty() ? 0 : std::fabs(w.bias[o]);
    float scale = size / kMostCode;
    if (size == 0) scale = bias / input_scale / kExactBias;
    scale = std::max({scale, bias / input_scale / kMostBias, kLeastScale});
    // What is all zero has no say in a scale that is shared.
    if (!per_tensor || size > 0) most = std::max(most, scale);
    scales.push_back(scale);
  }
  if (per_tensor) scales = {most};
  return scales;
}

IntegerCodes round_weights(const FloatWeights& w, std::vector<float> scales) {
  IntegerCodes codes;
  codes.scales = std::move(scales);
  codes.bias = w.bias;
  codes.codes.reserve(w.elements.size());
  for (size_t o = 0; o < w.outputs; ++o) {
    const float scale = codes.scale(o);
    for (size_t k = 0; k < w.per_output; ++k) {
      const float code = std::nearbyint(w.elements[o * w.per_output + k] / scale);
      codes.codes.push_back(static_cast<int8_t>(std::clamp(code, -kMostCode, kMostCode)));
    }
  }
  return codes;
}

std::vector<double> mean_error(const FloatWeights& w, const IntegerCodes& rounded,
                               const ChannelStatistics& input) {
  std::vector<double> error(w.outputs, 0.0);
  if (input.count == 0 || input.sum.size() != w.in_channels * w.groups) return error;
  for (size_t o = 0; o < w.outputs; ++o) {
    const auto scale = static_cast<double>(rounded.scale(o));
    for (size_t k = 0; k < w.per_output; ++k) {
      const size_t i = o * w.per_output + k;
      const double difference = rounded.codes[i] * scale - static_cast<double>(w.elements[i]);
      error[o] += difference * input.sum[w.channel(o, k)] / static_cast<double>(input.count);
    }
  }
  return error;
}

void correct_bias(const std::vector<double>& error, IntegerCodes* codes) {
  if (codes->bias.empty()) codes->bias.assign(error.size(), 0.0f);
  for (size_t o = 0; o < error.size(); ++o) {
    codes->bias[o] = static_cast<float>(static_cast<double>(codes->bias[o]) - error[o]);
  }
}

}  // namespace qrt::quantize
