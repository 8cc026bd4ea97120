// Pooling of s16 over windows given as indirection pointers [pixels][taps]; a null one lies in the
// padding. Input and output have one scale.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"
#include "kernels/fixed_point.h"

namespace qrt::kernels {

// Values that 32 bits can add.
constexpr size_t kS16PoolTaps = 65535;

struct PoolS16Args {
  size_t channels, taps;  // at most kS16PoolTaps
  const int16_t* const* indirection;
  bool count_padding;  // average only: divide by all taps
  RangeS16 range;
};

struct PoolS16Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  // out[pixel][channel]. The mean is rounded, halves away from zero; a window of padding alone
  // gives 0. The maximum of none is the smallest value.
  void (*average)(const PoolS16Args& args, size_t pixels, int16_t* out);
  void (*max)(const PoolS16Args& args, size_t pixels, int16_t* out);
};

// All rows of this build; row 0 is the scalar specification.
const PoolS16Kernel* const* pool_s16_kernels(size_t* count);

}  // namespace qrt::kernels
