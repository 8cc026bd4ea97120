// Where the largest byte of a row stands.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"

namespace qrt::kernels {

// How bytes compare: (byte ^ flip) as s8.
enum ArgX8Flip : uint8_t {
  kLargestS8 = 0x00,
  kSmallestS8 = 0xFF,
  kLargestU8 = 0x80,
  kSmallestU8 = 0x7F
};

struct ArgX8Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  // out[r]: where in[r * n] … in[r * n + n - 1] is largest, of equal ones the first. n is at least
  // 1 and below 2^31.
  void (*run)(const uint8_t* in, size_t rows, size_t n, uint8_t flip, int32_t* out);
};

// All rows of this build; row 0 is the scalar specification.
const ArgX8Kernel* const* arg_x8_kernels(size_t* count);

}  // namespace qrt::kernels
