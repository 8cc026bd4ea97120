// Bilinear interpolation between four pixels, one output pixel of `channels` elements at a time.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/isa.h"

namespace qrt::kernels {

// Bits of a quantized interpolation weight: two of them and a value fit into 32 bits.
enum { kResizeBits = 11 };

struct ResizeKernel {
  const char* name;
  QrtIsa isa;
  // out[c] = (sum of corner[c] * weight of the corner + 2^21) >> 22, rounding halves up, where
  // corners are top left, top right, bottom left, bottom right, and a corner's weight is the
  // product of its row's and its column's: y and x of 2^11 go to the bottom and the right.
  void (*bilinear_s8)(const int8_t* const corners[4], size_t channels, int32_t y, int32_t x,
                      int8_t* out);
  // The same in float, rows first.
  void (*bilinear_f32)(const float* const corners[4], size_t channels, float y, float x,
                       float* out);
};

// All kernels of this build, by ascending instruction set; row 0 is the scalar specification.
const ResizeKernel* const* resize_kernels(size_t* count);

}  // namespace qrt::kernels
