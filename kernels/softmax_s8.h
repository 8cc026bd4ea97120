// Softmax of quantized rows with integer exponentials, so that a row's sum does not depend on the
// order in which it is formed.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"
#include "kernels/requantize.h"

namespace qrt::kernels {

struct SoftmaxS8Args {
  size_t n;  // elements a row
  // exponentials[d] = round(exp(-beta * scale_in * d) * 2^23): what an element d below the row's
  // maximum counts. [256]
  const uint32_t* exponentials;
  double inverse_out_scale;
  Output out;
};

struct SoftmaxS8Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  // Each row: multiplier = float(inverse_out_scale / sum of its exponentials);
  // out = quantize_steps(float(exponential) * multiplier). out may be in.
  void (*run)(const SoftmaxS8Args& args, const int8_t* in, size_t rows, int8_t* out);
};

// All rows of this build; row 0 is the scalar specification.
const SoftmaxS8Kernel* const* softmax_s8_kernels(size_t* count);

}  // namespace qrt::kernels
