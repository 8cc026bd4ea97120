#include "src/quantize/weights.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/base/small_float.h"

namespace qrt::quantize {
namespace {

// Symmetric: -128 and -8 are left out.
float most_code(int bits) { return bits == 4 ? 7 : 127; }

// The scale for which rounding n weights errs least, of those from `largest` downwards.
float best_scale(const float* weights, size_t n, float largest, float most) {
  constexpr int kTries = 60;  // down to 0.4 of the largest weight
  float best = largest;
  double least = std::numeric_limits<double>::infinity();
  for (int t = 0; t < kTries; ++t) {
    const float scale = largest * (1 - 0.01f * static_cast<float>(t));
    double error = 0;
    for (size_t i = 0; i < n; ++i) {
      const float code = std::clamp(std::nearbyint(weights[i] / scale), -most, most);
      const auto e = static_cast<double>(weights[i] - code * scale);
      error += e * e;
    }
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}
// A bias in steps of its scale leaves room for the sums that are added to it in 32 bits.
constexpr float kMostBias = 1 << 30;
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

std::vector<float> weight_scales(const FloatWeights& w, int bits, bool per_tensor,
                                 float input_scale) {
  std::vector<float> scales;
  float most = kLeastScale;
  for (size_t o = 0; o < w.outputs; ++o) {
    const float* weights = w.elements.data() + o * w.per_output;
    const float size = largest(weights, w.per_output);
    const float bias = w.bias.empty() ? 0 : std::fabs(w.bias[o]);
    float scale = size / most_code(bits);
    if (bits == 4 && size > 0) scale = best_scale(weights, w.per_output, scale, most_code(bits));
    scale = std::max({scale, bias / input_scale / kMostBias, kLeastScale});
    // What is all zero has no say in a scale that is shared.
    if (!per_tensor || size > 0) most = std::max(most, scale);
    scales.push_back(scale);
  }
  if (per_tensor) scales = {most};
  return scales;
}

IntegerCodes round_weights(const FloatWeights& w, int bits, std::vector<float> scales) {
  IntegerCodes codes;
  codes.bits = bits;
  codes.scales = std::move(scales);
  codes.bias = w.bias;
  codes.codes.reserve(w.elements.size());
  const float most = most_code(bits);
  for (size_t o = 0; o < w.outputs; ++o) {
    const float scale = codes.scales[codes.scales.size() == 1 ? 0 : o];
    for (size_t k = 0; k < w.per_output; ++k) {
      const float code = std::nearbyint(w.elements[o * w.per_output + k] / scale);
      codes.codes.push_back(static_cast<int8_t>(std::clamp(code, -most, most)));
    }
  }
  return codes;
}

IntegerCodes round_blocks(const FloatWeights& w, int block) {
  IntegerCodes codes;
  codes.bits = 4;
  codes.block = block;
  codes.bias = w.bias;
  for (size_t o = 0; o < w.outputs; ++o) {
    const float* weights = w.elements.data() + o * w.per_output;
    for (size_t begin = 0; begin < w.per_output; begin += static_cast<size_t>(block)) {
      const size_t end = std::min(w.per_output, begin + static_cast<size_t>(block));
      const auto [least, most] = std::minmax_element(weights + begin, weights + end);
      const float low = std::min(*least, 0.0f), high = std::max(*most, 0.0f);
      // Normal numbers of f16.
      const float wanted = std::clamp((high - low) / 15, 0x1p-14f, 65504.0f);
      const auto scale = static_cast<float>(rt::Half(static_cast<double>(wanted)));
      const float zero = std::clamp(std::nearbyint(-8 - low / scale), -8.0f, 7.0f);
      codes.scales.push_back(scale);
      codes.zero_points.push_back(static_cast<int32_t>(zero));
      for (size_t k = begin; k < end; ++k) {
        const float code = std::nearbyint(weights[k] / scale) + zero;
        codes.codes.push_back(static_cast<int8_t>(std::clamp(code, -8.0f, 7.0f)));
      }
    }
  }
  return codes;
}

double IntegerCodes::real(size_t o, size_t k, size_t per_output) const {
  size_t s = scales.size() == 1 ? 0 : o;
  if (block > 0) {
    const auto b = static_cast<size_t>(block);
    s = o * ((per_output + b - 1) / b) + k / b;
  }
  const int zero = zero_points.empty() ? 0 : zero_points[s];
  return static_cast<double>(scales[s]) * (codes[o * per_output + k] - zero);
}

std::vector<double> mean_error(const FloatWeights& w, const IntegerCodes& rounded,
                               const ChannelStatistics& input) {
  std::vector<double> error(w.outputs, 0.0);
  if (input.count == 0 || input.sum.size() != w.in_channels * w.groups) return error;
  for (size_t o = 0; o < w.outputs; ++o) {
    for (size_t k = 0; k < w.per_output; ++k) {
      const size_t i = o * w.per_output + k;
      const double difference =
          rounded.real(o, k, w.per_output) - static_cast<double>(w.elements[i]);
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
