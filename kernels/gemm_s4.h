// Products of s8 rows with s4 weights whose outputs have a scale for each block of weights:
//
//   out[m][n] = ((0 + part[0]) + part[1]) + ..
//   part[b] = float(sum over k of block b of a[m][k] * (w[n][k] - zero_point[n][b])) * scale[n][b]
//
// The sum over k is exact in 32 bits; each operation on floats is rounded, blocks come in order:
// the same bits on every instruction set. With one row, weights are read once, at four bits each,
// and that is what takes the time.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"

namespace qrt::kernels {

struct GemmS4Shape {
  size_t n, k;
  size_t block;      // weights that share a scale: a multiple of 16, or k or more, for all
  bool half_scales;  // scales are f16 numbers
  bool zero_points;  // there are any
};
static inline size_t blocks_of(const GemmS4Shape& shape) {
  return shape.block >= shape.k ? 1 : (shape.k + shape.block - 1) / shape.block;
}
// Bytes of a row of `a`.
static inline size_t depth_of(const GemmS4Shape& shape) { return (shape.k + 15) / 16 * 16; }

// What is packed: [n][k] weights, two a byte, the lower half first, one row right behind the other,
// and [n][blocks] scales and zero points.
struct GemmS4Weights {
  GemmS4Shape shape;
  const uint8_t* w;
  const float* scales;         // null: in f16
  const uint16_t* scales_f16;  // positive normal numbers
  const int8_t* zero_points;   // null: 0
};

struct GemmS4Args {
  GemmS4Shape shape;
  const void* packed;
  const int8_t* a;             // rows of depth_of(shape) bytes, those behind k zero
  const int32_t* corrections;  // [m][blocks], what `correct` makes of each row
  size_t out_stride;           // elements from one row of the output to the next
};

// Raised whenever a row packs the same weights to other bytes than before: packed bytes may outlive
// the library that made them.
enum : uint32_t { kGemmS4Layout = 1 };

struct GemmS4Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  size_t mr, nr;      // tile: best multiples for the ranges given to run
  size_t throughput;  // multiply-accumulates a nanosecond, roughly: sizes the shares of threads
  // Bytes that pack writes; 64-byte aligned memory.
  uint64_t (*packed_bytes)(GemmS4Shape shape);
  void (*pack)(const GemmS4Weights& weights, void* packed);
  // What run needs to know of the blocks of one row of `a`: [blocks].
  void (*correct)(GemmS4Shape shape, const int8_t* a, int32_t* corrections);
  // Computes rows [m0, m1) and columns [n0, n1) into out[m][n]; n0 is a multiple of nr.
  void (*run)(const GemmS4Args& args, size_t m0, size_t m1, size_t n0, size_t n1, float* out);
};

// All rows of this build; row 0 is the scalar specification.
const GemmS4Kernel* const* gemm_s4_kernels(size_t* count);

}  // namespace qrt::kernels
