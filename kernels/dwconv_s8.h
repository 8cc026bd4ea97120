// Depthwise convolution: every input channel has `multiplier` filters of its own.
//
//   acc[p][c*M + j] = bias + sum over taps t of (a[p][t][c] - a_zero_point) * (w[c*M + j][t] -
//   w_zero)
//
// exactly, in 32 bits that wrap around. `pieces` addresses the window of each output pixel:
// [p][taps] pointers to `channels` contiguous bytes; padding points at bytes equal to a_zero_point.
// Nothing is read before or past a piece.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/isa.h"
#include "kernels/requantize.h"

namespace qrt::kernels {

struct DwconvS8Weights {
  size_t channels, multiplier, taps;
  const int8_t* w;      // [channels * multiplier][taps]
  const int32_t* bias;  // [channels * multiplier]; null: 0
  int32_t a_zero_point;
  const int32_t* w_zero_points;  // [channels * multiplier]; null: 0
  const float* multipliers;      // [channels * multiplier]: scale_a * scale_w / scale_out
};

struct DwconvS8Args {
  const void* packed;
  size_t channels, multiplier, taps;
  const int8_t* const* pieces;
  size_t out_stride;  // bytes from one output pixel to the next
  Output out;
};

struct DwconvS8Kernel {
  const char* name;
  QrtIsa isa;
  size_t (*packed_bytes)(size_t channels, size_t multiplier, size_t taps);
  void (*pack)(const DwconvS8Weights& weights, void* packed);
  // Pixels [0, pixels) of args.pieces.
  void (*run)(const DwconvS8Args& args, size_t pixels, int8_t* out);
};

// All kernels of this build, by ascending instruction set; row 0 is the scalar specification.
const DwconvS8Kernel* const* dwconv_s8_kernels(size_t* count);

}  // namespace qrt::kernels
