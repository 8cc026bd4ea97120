// Checks and small computations that operators share.
#pragma once

#include <climits>
#include <cmath>
#include <memory>

#include "kernels/requantize.h"
#include "src/base/checked.h"
#include "src/ops/list.h"
#include "src/opspec/shape_functions.h"

namespace qrt::rt {

// Strides, in elements, with which to read `shape` as if it were `out`; 0 along broadcast axes.
// `shape` broadcasts to `out`.
void broadcast_strides(const Shape& shape, const Shape& out, int64_t* strides);
// Where element `index` of a tensor with these axes stands, read with these strides along them.
size_t strided_index(const Shape& axes, const int64_t* strides, size_t index);

// The limits of a fused clamp; without one, minus and plus infinity.
struct Limits {
  float min, max;
};
inline Limits clamp_limits(const fb::Clamp* clamp) {
  if (clamp == nullptr) return {-INFINITY, INFINITY};
  return {clamp->min(), clamp->max()};
}
// The zero point of a quantized output, and the integers between which it stays under a fused
// clamp.
kernels::Output quantized_output(const fb::Clamp* clamp, const Tensor& output);

}  // namespace qrt::rt
