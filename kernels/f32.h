// Portable float kernels: what float operators run on where XNNPACK is not there. Windows are given
// as indirection pointers [pixels][taps]; a null one lies in the padding and counts as zeros.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace qrt::kernels {

struct ConvF32Args {
  size_t taps, k, n;
  const float* w;     // [n][taps][k]
  const float* bias;  // [n] or null
  const float* const* indirection;
  size_t k_offset;  // added to every pointer: the first channel of a group
  size_t out_stride;
  float min, max;
};
// out[p][n] for p < pixels.
void conv_f32(const ConvF32Args& args, size_t pixels, float* out);

struct DwconvF32Args {
  size_t channels, multiplier, taps;
  const float* w;     // [channels * multiplier][taps]
  const float* bias;  // [channels * multiplier] or null
  const float* const* indirection;
  size_t out_stride;
  float min, max;
};
void dwconv_f32(const DwconvF32Args& args, size_t pixels, float* out);

struct PoolF32Args {
  size_t channels, taps;
  const float* const* indirection;
  size_t out_stride;
  bool count_padding;  // average only: divide by all taps
  float min, max;
};
void average_pool_f32(const PoolF32Args& args, size_t pixels, float* out);
void max_pool_f32(const PoolF32Args& args, size_t pixels, float* out);

// out[rows][width]: row r is the sum over s < count of weights[r][s] * vectors[s][width].
void weighted_sum_f32(const float* weights, size_t rows, size_t count, const float* vectors,
                      size_t width, float* out);

}  // namespace qrt::kernels
