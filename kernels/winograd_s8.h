// 3x3 convolution with stride 1 of one feature map [in_h][in_w][channels] by minimal filtering, in
// tiles of 2x2 outputs, 16 products for 36, or of 4x4, 36 for 144 (Winograd, 1980; Lavin and Gray,
// "Fast Algorithms for Convolutional Neural Networks", 2016). In integers it is exact: transforms
// are scaled until they are whole, and results divided by the scale leave nothing over.
//
//   acc[y][x][n] = bias[n] + sum over taps and channels of
//                  (a[y + ky][x + kx][c] - a_zero_point) * (w[n][ky][kx][c] - w_zero_point[n])
//
// in 32 bits. What lies outside the feature map counts as a_zero_point. Nothing is read or written
// outside the arrays given.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"
#include "kernels/requantize.h"

namespace qrt::kernels {

struct WinogradS8Weights {
  size_t n, channels;
  const int8_t* w;      // [n][3][3][channels]
  const int32_t* bias;  // [n]; null: 0
  int32_t a_zero_point;
  const int32_t* w_zero_points;  // [n]; null: 0
  const float* multipliers;      // [n]: scale_a * scale_w[n] / scale_out
};

struct WinogradS8Args {
  const void* packed;
  size_t tile;  // 2 or 4: outputs in a row and a column of a tile
  size_t n, channels;
  const int8_t* in;
  size_t in_h, in_w, pad_top, pad_left, out_h, out_w;
  int32_t a_zero_point;
  Output out;
  void* scratch;  // scratch_bytes, 64-byte aligned; for one call at a time
};

// Raised whenever a row packs the same weights to other bytes than before: packed bytes may outlive
// the library that made them.
enum : uint32_t { kWinogradS8Layout = 1 };

struct WinogradS8Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  size_t nr;          // output channels computed together
  size_t throughput;  // products of transformed inputs and weights a nanosecond, roughly
  // What the transforms of a tile take, as so many products for each output channel (of its inputs)
  // and for each input channel (of its sums).
  size_t (*input_cost)(size_t tile);
  size_t (*output_cost)(size_t tile);
  // Whether the row computes these sums in such tiles, and exactly: their size is limited by what a
  // result times the scale of the transforms leaves of 32 bits.
  bool (*accepts)(size_t tile, const WinogradS8Weights& weights);
  // Tiles computed together at most: what fits the caches.
  size_t (*block)(size_t tile, size_t channels);
  uint64_t (*packed_bytes)(size_t tile, size_t n, size_t channels);  // 64-byte aligned memory
  void (*pack)(size_t tile, const WinogradS8Weights& weights, void* packed);
  // For so many tiles at once, at most block().
  uint64_t (*scratch_bytes)(size_t tile, size_t channels, size_t tiles);
  // Tiles [t0, t1), counted row by row over the feature map, output channels [n0, n1) of
  // out[out_h][out_w][n]; n0 is a multiple of nr.
  void (*run)(const WinogradS8Args& args, size_t t0, size_t t1, size_t n0, size_t n1, int8_t* out);
};

// All rows of this build; row 0 is the scalar specification, a
// plain convolution.
const WinogradS8Kernel* const* winograd_s8_kernels(size_t* count);

}  // namespace qrt::kernels
