// Constants that fuse_qdq quantizes: weights that are stored as floats, biases, single numbers.
#pragma once

#include <optional>
#include <vector>

#include "src/graph/graph.h"

namespace qrt::graph {

// round_half_even(x / scale) + zero point, saturated to the type (s8, u8 or s16); `shape` is that
// of the elements, for a quantization per axis.
Bytes quantize_elements(const std::vector<float>& elements, const std::vector<int32_t>& shape,
                        const Quantization& quantization, DType type);

// The real numbers of a constant: f32, or integers with a quantization.
std::optional<std::vector<double>> real_elements(const Value& value);

// One scale per tensor, or one an output along axis 0.
bool quantized_per_output(const Value& weights);

// Weights and bias as an integer Conv2D or FullyConnected reads them.
struct IntegerWeights {
  int weights, bias;  // bias: s32 at scale s_in * s_w, or kAbsent
};
// `input` is of integers with one scale, `weights` a constant of integers, `bias` real numbers, one
// an output. Where a bias does not fit s32, it is s64 beside an input of s16; beside others its
// output gets a coarser scale for its weights, which are tiny beside it, if the scales are per
// output, and otherwise saturates. Constants are replaced, never changed: others may read them.
IntegerWeights make_integer_weights(Graph& graph, int input, int weights,
                                    const std::vector<double>& bias, const std::string& bias_name);

// An f32 constant of one element as s8 or s16 (`type`; u8 counts as s8), with a scale that makes it
// exact up to f32 rounding.
int quantize_number(Graph& graph, int value, DType type = DType::S8);

}  // namespace qrt::graph
