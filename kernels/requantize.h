// The one definition of how accumulators become quantized values (schema/README.md, "Numerics").
// Everything is static: kernel files compiled with different flags must not share code.
#pragma once

#include <stdint.h>
#include <string.h>

namespace qrt::kernels {

// Round half to even of a float with |x| < 2^22, as an integer. Adding 1.5 * 2^23 leaves the
// rounded integer in the low mantissa bits, in the rounding that IEEE 754 prescribes; no library
// call and no dependence on how a compiler treats rintf.
static inline int32_t round_half_even(float x) {
  const float shifted = x + 12582912.0f;
  int32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  return bits - 0x4B400000;
}

// Where a quantized output lies: q = clamp(round(real_steps) + zero_point, min, max). The range of
// each of the integers is that of the output's type, at most 16 bits.
struct Output {
  int32_t zero_point;
  int32_t min, max;
};

// `steps` is the real value in output steps; any float but NaN. Clamping first is the same as
// clamping last, for the limits are integers, and keeps the rounding in range.
static inline int32_t quantize_steps(float steps, Output out) {
  const float lo = (float)(out.min - out.zero_point);
  const float hi = (float)(out.max - out.zero_point);
  steps = steps < lo ? lo : steps;
  steps = steps > hi ? hi : steps;
  return round_half_even(steps) + out.zero_point;
}

// acc * multiplier in float, then quantize_steps. The conversion of acc rounds half to even.
static inline int32_t requantize(int32_t acc, float multiplier, Output out) {
  return quantize_steps((float)acc * multiplier, out);
}

// The largest difference of an input byte from its zero point.
static inline int32_t largest_input(int32_t zero_point) {
  return zero_point < 0 ? 127 - zero_point : zero_point + 128;
}

// Whether sums of `most` at most in size neither wrap around nor leave the range of 32-bit integers
// as steps: then these need no limit before they are converted.
static inline bool is_bounded(double most, float multiplier) {
  return most < 2.1e9 && most * (double)multiplier < 2.1e9;
}

}  // namespace qrt::kernels
