// Sums of products of s16 activations, exact in 64 bits, and how they become s16. Zero points are
// 0.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"
#include "kernels/fixed_point.h"

namespace qrt::kernels {

// Products of s16 and s8 that 32 bits can add: 511 * 32768 * 128 < 2^31.
constexpr size_t kS16ProductsIn32Bits = 511;
// Channels that `add_channels` takes at once.
constexpr size_t kS16Channels = 64;

struct GemmS16Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  size_t throughput;  // multiply-accumulates a nanosecond, for sharing out work
  // sums[j] += a[0] * w[j][0] + .. + a[k - 1] * w[j][k - 1] for j < n; rows of w are `w_stride`
  // elements apart. Any order gives the same sums.
  void (*add_rows)(const int16_t* a, size_t k, const int8_t* w, size_t w_stride, size_t n,
                   int64_t* sums);
  void (*add_rows_s16)(const int16_t* a, size_t k, const int16_t* w, size_t w_stride, size_t n,
                       int64_t* sums);
  // sums[c] += pixels[t][first + c] * w[t][c] over t < taps, for c < n <= kS16Channels. Rows of w
  // are `w_stride` elements apart; a null pixel lies in the padding and counts as zeros.
  void (*add_channels)(const int16_t* const* pixels, size_t taps, size_t first, const int8_t* w,
                       size_t w_stride, size_t n, int64_t* sums);
  // out[i] = clamp(scale_fixed(sums[i], factors[i]))
  void (*requantize)(const int64_t* sums, const FixedPoint* factors, size_t n, RangeS16 range,
                     int16_t* out);
  // out[i] = clamp(scale_fixed_twice(sums[i], factors[i]))
  void (*requantize_twice)(const int64_t* sums, const FixedPoint* factors, size_t n, RangeS16 range,
                           int16_t* out);
  // out[i] = clamp(round(double(sums[i]) * factors[i])), halves away from zero.
  void (*requantize_real)(const int64_t* sums, const double* factors, size_t n, RangeS16 range,
                          int16_t* out);
};

// All rows of this build; row 0 is the scalar specification.
const GemmS16Kernel* const* gemm_s16_kernels(size_t* count);

}  // namespace qrt::kernels
