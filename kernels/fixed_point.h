// How s16 operators scale integers by a factor that is a whole number over a power of two, as
// TensorFlow Lite does (schema/README.md, "s16"). Static, like requantize.h.
#pragma once

#include <stdint.h>

namespace qrt::kernels {

// mantissa / 2^shift. The mantissa is 0 or in [2^30, 2^31); shift is in [1, 62].
struct FixedPoint {
  int32_t mantissa;
  int32_t shift;
};

// floor(x * factor + 1/2), exactly, for |x| < 2^47 and a shift of 16 or more.
static inline int64_t scale_fixed(int64_t x, FixedPoint factor) {
  // In two halves, for the product may have 78 bits: what is shifted out of the lower one is less
  // than a unit of the upper one.
  const int64_t high = x >> 16, low = x & 0xFFFF;
  const int64_t half = (int64_t)1 << (factor.shift - 1);
  return (high * factor.mantissa + ((low * factor.mantissa + half) >> 16)) >> (factor.shift - 16);
}

// x / 2^bits, halves away from zero.
static inline int64_t half_away(int64_t x, int32_t bits) {
  return (x + ((int64_t)1 << (bits - 1)) - (x < 0 ? 1 : 0)) >> bits;
}

// x * factor for 32 bits. A factor of 1/2 or more: floor(x * factor + 1/2). A smaller one is a
// fraction in [1/2, 1) over a power of two; x times the fraction is rounded to an integer, halves
// up, and that over the power once more, halves away from zero.
static inline int64_t scale_fixed32(int32_t x, FixedPoint factor) {
  const int64_t product = (int64_t)x * factor.mantissa;
  if (factor.shift <= 31) return (product + ((int64_t)1 << (factor.shift - 1))) >> factor.shift;
  const int64_t once = (product + ((int64_t)1 << 30)) >> 31;
  return half_away(once, factor.shift - 31);
}

// The same for |x| < 2^47 and a shift of 16 or more.
static inline int64_t scale_fixed_twice(int64_t x, FixedPoint factor) {
  if (factor.shift <= 31) return scale_fixed(x, factor);
  const FixedPoint fraction = {factor.mantissa, 31};
  return half_away(scale_fixed(x, fraction), factor.shift - 31);
}

struct RangeS16 {
  int32_t min, max;
};

static inline int16_t clamp_s16(int64_t x, RangeS16 range) {
  x = x < range.min ? range.min : x;
  return (int16_t)(x > range.max ? range.max : x);
}

}  // namespace qrt::kernels
