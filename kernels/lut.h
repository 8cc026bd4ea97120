// A function of one eight-bit value is a table of 256.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"

namespace qrt::kernels {

struct LutKernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  // out[i] = table[in[i]] with in read as unsigned; out may be in.
  void (*run)(const uint8_t* table, const uint8_t* in, size_t n, uint8_t* out);
  // The table whose entry i is i + addend, modulo 256: between s8 and u8. out may be in.
  void (*add)(uint8_t addend, const uint8_t* in, size_t n, uint8_t* out);
};

// All rows of this build; row 0 is the scalar specification.
const LutKernel* const* lut_kernels(size_t* count);

}  // namespace qrt::kernels
