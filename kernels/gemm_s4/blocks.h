// What the rows of gemm_s4 share. Static: files compiled with different flags must not share code.
#pragma once

#include <string.h>

#include "kernels/gemm_s4.h"

namespace qrt::kernels {

// The weight plus 8: 0..15.
static inline int raised_nibble(const uint8_t* w, size_t i) {
  return (w[i / 2] >> (i % 2 * 4) & 15) ^ 8;
}

// Of a positive normal number of 16 bits.
static inline float float_of_half(uint16_t half) {
  const uint32_t bits = (uint32_t{half} << 13) + (112u << 23);
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// Weights of block b, up to a multiple of 16: what is behind k is multiplied by zeros.
static inline size_t block_depth(const GemmS4Shape& shape, size_t b) {
  const size_t first = b * shape.block, left = depth_of(shape) - first;
  return blocks_of(shape) == 1 || left < shape.block ? left : shape.block;
}

// Sums of blocks of a row, times what is left of 8 where all weights have it for a zero point:
// sum of a (w - z) = sum of a (w + 8) - (8 + z) times the sum of a.
static inline void correct_blocks(GemmS4Shape shape, const int8_t* a, int32_t* corrections) {
  const size_t blocks = blocks_of(shape);
  for (size_t b = 0; b < blocks; ++b) {
    const size_t depth = block_depth(shape, b);
    int32_t sum = 0;
    for (size_t i = 0; i < depth; ++i) sum += a[i];
    corrections[b] = shape.zero_points ? -sum : -8 * sum;
    a += depth;
  }
}

}  // namespace qrt::kernels
