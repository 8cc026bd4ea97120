// Conversions between float and quantized values and between two quantizations.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"
#include "kernels/requantize.h"

namespace qrt::kernels {

struct ConvertS8Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  // out = quantize_steps(in * inverse_scale); NaN becomes the zero point.
  void (*f32_to_s8)(const float* in, size_t n, float inverse_scale, Output out_range, int8_t* out);
  // out = float(in - zero_point) * scale
  void (*s8_to_f32)(const int8_t* in, size_t n, float scale, int32_t zero_point, float* out);
};

// All rows of this build; row 0 is the scalar specification.
const ConvertS8Kernel* const* convert_s8_kernels(size_t* count);

}  // namespace qrt::kernels
