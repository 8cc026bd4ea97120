// Checks and small computations that operators share.
#pragma once

#include <climits>
#include <cmath>
#include <memory>

#include "src/base/checked.h"
#include "src/ops/list.h"
#include "src/runtime/op.h"

namespace qrt::rt {

inline void set_output(const Node& node, Shapes& shapes, size_t i, const Shape& shape) {
  shapes[static_cast<size_t>(node.output_index(i))] = shape;
}

// All outputs, and input 0, have one type and one quantization: operators that only move elements.
Status check_same_kind(const Node& node);

// Input i is a constant: what is packed or read when the Program is built.
Status check_constant(const Node& node, size_t i);

// A quantized tensor with one scale of type s8.
inline bool is_qs8(const Tensor& t) {
  return t.type == DType::S8 && t.quantization.present() && t.quantization.per_tensor();
}

// Resolves an axis that may count from the end; false if it is out of range.
[[nodiscard]] inline bool resolve_axis(int32_t axis, int rank, int* resolved) {
  *resolved = axis < 0 ? axis + rank : axis;
  return *resolved >= 0 && *resolved < rank;
}

// numpy's broadcasting; false if the shapes do not agree.
[[nodiscard]] bool broadcast(const Shape& a, const Shape& b, Shape* out);

// Strides, in elements, with which to read `shape` as if it were `out`; 0 along broadcast axes.
// `shape` broadcasts to `out`.
void broadcast_strides(const Shape& shape, const Shape& out, int64_t* strides);

// The limits of a fused clamp; without one, minus and plus infinity.
struct Limits {
  float min, max;
};
inline Limits clamp_limits(const fb::Clamp* clamp) {
  if (clamp == nullptr) return {-INFINITY, INFINITY};
  return {clamp->min(), clamp->max()};
}
// A clamp is two numbers in order.
Status check_clamp(const Node& node, const fb::Clamp* clamp);

// The integers between which a quantized output stays under a fused clamp.
struct QuantizedLimits {
  int32_t min, max;
};
QuantizedLimits quantized_limits(const fb::Clamp* clamp, const Tensor& output);

}  // namespace qrt::rt
