// The numerics that schema/README.md promises, in plain words: how exact sums become quantized
// values. Compiled without fused multiply-add, as everything is.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace oracle {

// Where quantized results lie.
struct Range {
  double zero_point = 0, min = -128, max = 127;
};

// The range of an output of `bits` bits under a clamp in real units.
inline Range range_of(double scale, double zero_point, double lowest, double highest,
                      double clamp_min, double clamp_max) {
  const auto quantize = [&](double real) {
    return std::clamp(std::nearbyint(real / scale) + zero_point, lowest, highest);
  };
  return {zero_point, quantize(clamp_min), quantize(clamp_max)};
}

// A whole number as 32 bits keep it.
inline double wrap32(double whole) {
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(whole)));
}

inline float multiplier(double scale_a, double scale_b, double scale_out) {
  return static_cast<float>(scale_a * scale_b / scale_out);
}

// clamp(round_half_even(steps) + zero_point, min, max)
inline double quantize_steps(float steps, const Range& range) {
  return std::clamp(std::nearbyint(static_cast<double>(steps)) + range.zero_point, range.min,
                    range.max);
}

inline double requantize(double sum, float scale, const Range& range) {
  return quantize_steps(static_cast<float>(wrap32(sum)) * scale, range);
}

}  // namespace oracle
