// Weights of one operator on their way from floats to integers.
#pragma once

#include <optional>
#include <vector>

#include "src/graph/graph.h"
#include "src/quantize/plan.h"

namespace qrt::quantize {

// The weights [O, ...] of a Weighted node, as floats, and how they meet its input's channels.
struct FloatWeights {
  std::vector<float> elements;
  std::vector<int32_t> shape;
  std::vector<float> bias;  // [O]; empty: none
  size_t outputs = 0;
  size_t per_output = 0;   // elements of an output
  size_t in_channels = 0;  // of the input's last axis that an output reads: the innermost axis
  size_t groups = 1;

  // The input channel that element k of output o meets.
  size_t channel(size_t o, size_t k) const {
    return o / (outputs / groups) * in_channels + k % in_channels;
  }
};
FloatWeights float_weights(const graph::Graph& graph, const graph::Node& node);

struct IntegerCodes {
  std::vector<int8_t> codes;         // as the weights stand; of 4 bits, too, a byte each
  std::vector<float> scales;         // one, one an output, or one a block of an output
  std::vector<int32_t> zero_points;  // as many, or none
  std::vector<float> bias;           // float, as it is to be; empty: none
  int bits = 8;
  int block = 0;  // elements of an output that share a scale; 0: all

  // What element k of output o, one of `per_output`, stands for.
  double real(size_t o, size_t k, size_t per_output) const;
};

// Symmetric scales, of each output or of all. Of 8 bits, by the largest weight; of 4, those of
// least squared error among shrunken ones. A scale is raised where the bias would not fit 32 bits
// in steps of input_scale times it, so that an output that is all zero keeps its bias.
std::vector<float> weight_scales(const FloatWeights& weights, int bits, bool per_tensor,
                                 float input_scale);

// Rounded to nearest, halves to even.
IntegerCodes round_weights(const FloatWeights& weights, int bits, std::vector<float> scales);

// To 4 bits, in blocks along an output's elements, each from its least weight to its largest, with
// scales that are exact in f16.
IntegerCodes round_blocks(const FloatWeights& weights, int block);

// What rounding adds to each output on average, for inputs of these means by channel: to be taken
// off the bias (Nagel et al., "Data-free quantization through weight equalization and bias
// correction", 2019, section 4.2).
std::vector<double> mean_error(const FloatWeights& weights, const IntegerCodes& rounded,
                               const ChannelStatistics& input);
void correct_bias(const std::vector<double>& error, IntegerCodes* codes);

}  // namespace qrt::quantize
