// Bilinear interpolation between four pixels, a row of output pixels at a time: neighbours on a row
// mostly lie between the same pixels of the input.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"

namespace qrt::kernels {

// Bits of a quantized interpolation weight: two of them and a value fit into 32 bits.
enum { kResizeBits = 11 };

// Where along an axis an output pixel comes from: two neighbours, and what the second counts.
struct ResizeTap {
  int32_t first, second;
  float weight;
  int32_t fixed_weight;  // of 2^kResizeBits
};

struct ResizeRowArgs {
  const ResizeTap* taps;  // where the output's pixels lie on the input's rows [pixels]
  size_t pixels, channels;
};

struct ResizeBilinearKernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  // out[p][c] = (sum of corner[c] * weight of the corner + 2^21) >> 22, rounding halves up. The
  // corners are pixels `first` and `second` of the rows top and bottom, and a corner's weight is
  // the product of its row's and its column's: y and the tap's weight, of 2^11, go to the bottom
  // and to the second pixel.
  void (*bilinear_s8)(const ResizeRowArgs& args, const int8_t* top, const int8_t* bottom, int32_t y,
                      int8_t* out);
  // The same in float: along the rows first.
  void (*bilinear_f32)(const ResizeRowArgs& args, const float* top, const float* bottom, float y,
                       float* out);
};

// All rows of this build; row 0 is the scalar specification.
const ResizeBilinearKernel* const* resize_bilinear_kernels(size_t* count);

}  // namespace qrt::kernels
