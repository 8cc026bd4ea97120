// Pooling over windows given as indirection pointers [pixels][taps], each to `channels` bytes. The
// pointer of a tap that lies in the padding is null; it does not count.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"
#include "kernels/requantize.h"

namespace qrt::kernels {

struct PoolS8Args {
  size_t channels, taps;
  const int8_t* const* indirection;
  size_t out_stride;
  int32_t in_zero_point;  // average only
  // Average only, by the number of taps that count: scale_in / (scale_out * count). [taps + 1]
  // Null: input and output have one quantization, and the mean of the integers is the result.
  const float* multipliers;
  Output out;  // for max: only the limits
};

struct PoolS8Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  // Pixels [0, pixels). Average: requantize(sum of (a - zero point), multipliers[count]); without
  // multipliers sum of a / count, halves away from zero, exactly.
  void (*average)(const PoolS8Args& args, size_t pixels, int8_t* out);
  void (*max)(const PoolS8Args& args, size_t pixels, int8_t* out);
};

// All rows of this build; row 0 is the scalar specification.
const PoolS8Kernel* const* pool_s8_kernels(size_t* count);

}  // namespace qrt::kernels
