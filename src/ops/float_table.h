// What tables of functions that jump (Floor, Pow, FloorDiv...) are computed from: the float
// arithmetic of a runtime that dequantizes, computes and quantizes. In double, 20 steps of 0.05f
// are more than 1 and their ceiling is 2; in float they are 1.
#pragma once

#include <algorithm>
#include <cmath>

#include "src/ops/common.h"

namespace qrt::rt {

inline float dequantized(int32_t q, const Quantization& from) {
  return static_cast<float>(q - from.zero_point()) * from.scale();
}

// NaN becomes zero.
inline int32_t quantized(float y, const Quantization& to, int32_t min, int32_t max) {
  const float steps = y / to.scale();
  const double rounded = std::isnan(steps) ? 0.0 : std::nearbyint(static_cast<double>(steps));
  return static_cast<int32_t>(
      std::clamp(rounded + to.zero_point(), static_cast<double>(min), static_cast<double>(max)));
}

}  // namespace qrt::rt
