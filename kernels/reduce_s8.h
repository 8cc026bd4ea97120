// Sums, maxima and minima of the columns or of the rows of a matrix of bytes: what reductions over
// any axes of quantized tensors consist of.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"
#include "kernels/requantize.h"

namespace qrt::kernels {

// A kernel goes on with the results it finds, so that a reduction may take several. `in` is
// [rows][columns], dense; sums must stay within 32 bits.
struct ReduceS8Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  // sums[c] += the sum of column c; sums[r] += the sum of row r.
  void (*add_columns)(const int8_t* in, size_t rows, size_t columns, int32_t* sums);
  void (*add_rows)(const int8_t* in, size_t rows, size_t columns, int32_t* sums);
  // best[c] = the largest of best[c] and column c; the same of rows. With flip -1 instead of 0 the
  // smallest: ~x reverses the order.
  void (*max_columns)(const int8_t* in, size_t rows, size_t columns, int8_t flip, int8_t* best);
  void (*max_rows)(const int8_t* in, size_t rows, size_t columns, int8_t flip, int8_t* best);
  // out[i] = requantize(sums[i] - offset, multiplier), wrapping around.
  void (*requantize)(const int32_t* sums, size_t n, int32_t offset, float multiplier,
                     Output out_range, int8_t* out);
};

// All rows of this build; row 0 is the scalar specification.
const ReduceS8Kernel* const* reduce_s8_kernels(size_t* count);

}  // namespace qrt::kernels
