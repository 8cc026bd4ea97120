// Softmax of quantized rows with integer exponentials, so that a row's sum does not depend on the
// order in which it is formed.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/isa.h"
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
  QrtIsa isa;
  // Each row: multiplier = float(inverse_out_scale / sum of its exponentials);
  // out = quantize_steps(float(exponential) * multiplier). out may be in.
  void (*run)(const SoftmaxS8Args& args, const int8_t* in, size_t rows, int8_t* out);
};

// All kernels of this build, by ascending instruction set; row 0 is the scalar specification.
const SoftmaxS8Kernel* const* softmax_s8_kernels(size_t* count);

}  // namespace qrt::kernels
