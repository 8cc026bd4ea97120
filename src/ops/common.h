// Checks and small computations that operators share.
#pragma once

#include <climits>
#include <cmath>
#include <memory>

#include "src/base/checked.h"
#include "src/ops/list.h"
#include "src/opspec/shape_functions.h"

namespace qrt::rt {

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
// The integers between which a quantized output stays under a fused clamp.
struct QuantizedLimits {
  int32_t min, max;
};
QuantizedLimits quantized_limits(const fb::Clamp* clamp, const Tensor& output);

}  // namespace qrt::rt
