// What operators with constant s8 or s4 weights collect from a node before a kernel packs them; s4
// ones become bytes. Weights are [outputs, ...], with a scale for the tensor or for each output
// (axis 0).
#pragma once

#include <memory>
#include <vector>

#include "src/ops/common.h"
#include "src/runtime/weight_store.h"

namespace qrt::rt {

enum class WeightsMode {
  Quantized,  // s8 input, s8 or s4 weights, s32 bias, s8 output
  Wide,       // s16 input and output, s8 or s4 weights, s32 or s64 bias
  Float,      // f32 everywhere
  Dynamic,    // f32 input, output and bias, s8 or s4 weights
};

// Of a node whose signature has been checked.
WeightsMode weights_mode(const Node& node);

// The arguments that every family's packing takes, from some output on.
struct WeightArrays {
  const int8_t* w;
  const int32_t* bias;  // null: 0
  int32_t a_zero_point;
  const int32_t* w_zero_points;  // null: 0
  const float* multipliers;      // null: only sums are wanted
};

// Weights with all that their quantization and that of the tensors around them comes to.
class QuantizedWeights {
 public:
  // Of products with `in`. A step of the results stands for `out_step`; 0: the sums themselves are
  // wanted. `bias` may be null. Refuses scales whose quotient is no multiplier.
  static Result<QuantizedWeights> collect(const Node& node, const Tensor& in, const Tensor& weights,
                                          const Tensor* bias, double out_step);
  // Of inputs 0 (activations), 1 (weights) and 2 (bias) with results in steps of output 0.
  static Result<QuantizedWeights> collect(const Node& node);

  size_t outputs() const { return outputs_; }
  size_t depth() const { return depth_; }  // weights of one output
  // As long as this or a copy of it lives: s4 weights are bytes in its memory.
  WeightArrays from(size_t output) const;
  // Of blocks that this row packs from them; whatever else they depend on is to be added.
  PackKey key(const char* row, uint32_t layout) const;
  // Of each output's weights, less their zero point: what a zero point of the input that is known
  // only at run time is multiplied by.
  void sums(int32_t* to) const;

 private:
  size_t outputs_ = 0, depth_ = 0;
  WeightArrays arrays_ = {};
  const void* stored_ = nullptr;                         // as the model has them
  std::shared_ptr<const std::vector<int8_t>> unpacked_;  // of s4
  std::vector<int32_t> zero_points_;                     // by output; empty: all zero
  std::vector<float> multipliers_;  // by output: float(double(scale_in) * scale_w / out_step)
};

// The elements of a constant of s4 as bytes.
std::vector<int8_t> unpacked_s4(const Tensor& tensor);
// Weights of s8, or of s4 unpacked into the store.
Result<const int8_t*> bytes_of_weights(const Node& node, WeightStore& store);

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
