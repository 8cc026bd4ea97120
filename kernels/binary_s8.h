// Elementwise operators on two quantized tensors, one contiguous run at a time; an operand that is
// broadcast along the run is given as one element (step 0).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"
#include "kernels/requantize.h"

namespace qrt::kernels {

// Add: steps = (a - a_zero) * a_multiplier + (b - b_zero) * b_multiplier, each product and the sum
//      rounded to float; multipliers are scale_a / scale_out and scale_b / scale_out (Sub: minus).
// Mul: steps = float((a - a_zero) * (b - b_zero)) * a_multiplier, which is
// scale_a*scale_b/scale_out.
struct BinaryS8Args {
  int32_t a_zero_point, b_zero_point;
  float a_multiplier, b_multiplier;
  Output out;
};

struct BinaryS8Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  // out[i] for i < n from a[i * a_step] and b[i * b_step]; steps are 0 or 1, not both 0. out may be
  // a or b themselves (of step 1), not overlap them otherwise.
  void (*add)(const BinaryS8Args& args, const int8_t* a, size_t a_step, const int8_t* b,
              size_t b_step, size_t n, int8_t* out);
  void (*mul)(const BinaryS8Args& args, const int8_t* a, size_t a_step, const int8_t* b,
              size_t b_step, size_t n, int8_t* out);
};

// All rows of this build; row 0 is the scalar specification.
const BinaryS8Kernel* const* binary_s8_kernels(size_t* count);

}  // namespace qrt::kernels
