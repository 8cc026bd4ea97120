// What operators with constant weights need of their quantization: checks, and the arrays kernels
// take. Weights are [outputs, ...] with per-tensor or per-output scales (axis 0).
#pragma once

#include <vector>

#include "src/ops/common.h"

namespace qrt::rt {

enum class WeightsMode {
  Quantized,  // s8 input and weights, s32 bias, s8 output
  Float,      // f32 everywhere
  Dynamic,    // f32 input, output and bias, s8 weights
};

// Of a node whose signature has been checked.
WeightsMode weights_mode(const Node& node);

// Scales whose quotient is no number make no multiplier.
Status check_multipliers(const Node& node, size_t outputs);

// Per output: the weights' zero points; empty if all are zero.
std::vector<int32_t> weight_zero_points(const Tensor& weights, size_t outputs);

// Per output: float(double(scale_in) * scale_w / scale_out).
std::vector<float> requantize_multipliers(const Tensor& input, const Tensor& weights,
                                          const Tensor& output, size_t outputs);

// Whether a declared shape is one row for all that is known: every dimension but the last is 1.
inline bool has_single_row(const Shape& shape) {
  for (int i = 0; i + 1 < shape.rank(); ++i) {
    if (shape[i] != 1) return false;
  }
  return true;
}

// The bias of `node` as T*, or null.
template <class T>
const T* bias_data(const Node& node) {
  return node.has_input(2) ? node.input(2).as<T>() : nullptr;
}

}  // namespace qrt::rt
