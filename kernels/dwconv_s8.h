// Depthwise convolution of one feature map [in_h][in_w][channels]: every input channel has
// `multiplier` filters of its own.
//
//   acc[y][x][c*M + j] = bias + sum over taps of
//                        (a[..][..][c] - a_zero_point) * (w[c*M + j][tap] - w_zero_point[c*M + j])
//
// exactly, in 32 bits that wrap around. What lies outside the feature map counts as a_zero_point.
// Nothing is read or written outside the arrays given.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"
#include "kernels/requantize.h"

namespace qrt::kernels {

struct DwconvS8Shape {
  size_t channels, multiplier;
  size_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;

  size_t outputs() const { return channels * multiplier; }
  size_t taps() const { return kernel_h * kernel_w; }
};

struct DwconvS8Weights {
  DwconvS8Shape shape;
  const int8_t* w;      // [outputs][taps]
  const int32_t* bias;  // [outputs]; null: 0
  int32_t a_zero_point;
  const int32_t* w_zero_points;  // [outputs]; null: 0
  const float* multipliers;      // [outputs]: scale_a * scale_w / scale_out
};

struct DwconvS8Args {
  DwconvS8Shape shape;
  const void* packed;
  const int8_t* in;
  size_t in_h, in_w, pad_top, pad_left, out_w;
  int32_t a_zero_point;
  Output out;
  void* scratch;  // scratch_bytes, 64-byte aligned; for one call at a time
};

// Raised whenever a row packs the same weights to other bytes than before: packed bytes may outlive
// the library that made them.
enum : uint32_t { kDwconvS8Layout = 1 };

struct DwconvS8Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  size_t block;  // output channels computed together: best multiples for the ranges given to run
  size_t throughput;  // multiply-accumulates a nanosecond, roughly: sizes the shares of threads
  // Bytes that pack writes; 64-byte aligned memory.
  uint64_t (*packed_bytes)(const DwconvS8Weights& weights);
  void (*pack)(const DwconvS8Weights& weights, void* packed);
  uint64_t (*scratch_bytes)(const DwconvS8Shape& shape, size_t out_w);
  // Rows [y0, y1) and output channels [c0, c1) of out[y][out_w][outputs]; c0 is a multiple of
  // `block`, and c1 too unless it is the last channel's end.
  void (*run)(const DwconvS8Args& args, size_t y0, size_t y1, size_t c0, size_t c1, int8_t* out);
};

// All rows of this build; row 0 is the scalar specification.
const DwconvS8Kernel* const* dwconv_s8_kernels(size_t* count);

}  // namespace qrt::kernels
