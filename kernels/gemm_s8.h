// Integer matrix multiplication with weights packed once: what convolution, fully connected layers
// and recurrent cells run on.
//
//   acc[m][n] = bias[n] + sum over taps t and k of
//               (a[m][t][k] - a_zero_point) * (w[n][t][k] - w_zero_point[n])
//
// exactly, in 32 bits that wrap around; no partial sum saturates. A row of `a` is `taps` runs of
// `k` contiguous bytes, each found by its own indirection pointer: a convolution's window (Dukhan,
// "The Indirect Convolution Algorithm", 2019). A plain matrix has one tap. Nothing is read before
// or past the k bytes of a tap. Padding points at k bytes equal to a_zero_point.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"
#include "kernels/requantize.h"

namespace qrt::kernels {

// What is packed. Absent (null): bias 0, w_zero_points 0, multipliers 0 (if only run_s32 is used).
struct GemmS8Weights {
  size_t n, taps, k;
  const int8_t* w;      // [n][taps][k]
  const int32_t* bias;  // [n]
  int32_t a_zero_point;
  const int32_t* w_zero_points;  // [n]
  const float* multipliers;      // [n]: scale_a * scale_w[n] / scale_out
  // Products will have a single row: reading weights takes longer than multiplying them.
  bool single_row = false;
};

struct GemmS8Args {
  const void* packed;
  size_t n, taps, k;
  // Indirection pointers [m][taps]; or null, with taps == 1: rows of `a`, `a_stride` bytes apart.
  const int8_t* const* indirection;
  const int8_t* a;
  size_t a_stride;
  size_t out_stride;  // elements from one row of the output to the next
  Output out;         // unused by run_s32
  // Where rows are copied to, 64-byte aligned; null: the kernel's own stack. More of it makes
  // larger blocks of rows, between which weights are read anew.
  void* buffer = nullptr;
  size_t buffer_bytes = 0;
};

enum : size_t { kGemmS8BufferSlack = 1024 };

// Raised whenever a row packs the same weights to other bytes than before: packed bytes may outlive
// the library that made them.
enum : uint32_t { kGemmS8Layout = 1 };

struct GemmS8Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  size_t mr, nr;      // tile: best multiples for the ranges given to run
  size_t throughput;  // multiply-accumulates a nanosecond, roughly: sizes the shares of threads
  // Bytes of `buffer` that a row takes, besides kGemmS8BufferSlack.
  size_t (*row_bytes)(size_t taps, size_t k);
  // Bytes that pack writes; 64-byte aligned memory.
  uint64_t (*packed_bytes)(size_t n, size_t taps, size_t k);
  void (*pack)(const GemmS8Weights& weights, void* packed);
  // Computes rows [m0, m1) and columns [n0, n1) into out[m][n]; n0 is a multiple of nr.
  void (*run)(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int8_t* out);
  // The accumulators themselves.
  void (*run_s32)(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int32_t* out);
};

// All rows of this build; row 0 is the scalar specification.
const GemmS8Kernel* const* gemm_s8_kernels(size_t* count);

}  // namespace qrt::kernels
