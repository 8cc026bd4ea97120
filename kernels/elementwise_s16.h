// Elementwise operators on s16 tensors of zero point 0, one contiguous run at a time; of two
// operands, one that is broadcast along the run is given as one element (step 0).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"
#include "kernels/fixed_point.h"

namespace qrt::kernels {

// Add: both operands, in steps of 2^-15, are brought to one scale, which is twice the larger one of
// theirs; `out` brings their sum, or difference, to the output's.
struct AddS16Args {
  FixedPoint a, b, out;
  bool subtract;
  RangeS16 range;
};
struct MulS16Args {
  FixedPoint factor;  // scale_a * scale_b / scale_out
  RangeS16 range;
};
// Of inputs below zero the result is `below`, of others `above` times the input; where
// negate_below, minus it.
struct ScaleS16Args {
  FixedPoint above, below;
  bool negate_below;
  RangeS16 range;
};

// Entries of a table that is interpolated: 512 and one behind them.
constexpr size_t kS16TableEntries = 513;
// Entry at the upper 9 bits of the input, and between it and the next by the lower 7, halves up.
static inline int32_t interpolate_s16(int32_t x, const int16_t* table) {
  const int32_t index = 256 + (x >> 7);
  const int32_t base = table[index];
  // The slope is kept in 16 bits, as table entries are.
  const int32_t slope = (int16_t)(table[index + 1] - base);
  return (int16_t)(base + ((slope * (x & 127) + 64) >> 7));
}

// Of |x| / 24 from 0 on in steps of 1 / 24, the sigmoid in steps of 2^-16.
constexpr size_t kS16SigmoidEntries = 256;
// x = (in * multiplier) / 2^shift, rounded, halves up, counts 2^-9 (logistic) or 2^-8 (tanh) of the
// table's steps; what lies between entries is interpolated, what lies behind them is 1.
struct SigmoidS16Args {
  const uint16_t* table;
  int32_t multiplier;  // at most 2^20
  int32_t shift;
  RangeS16 range;
};

struct ElementwiseS16Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  // out[i] for i < n from a[i * a_step] and b[i * b_step]; steps are 0 or 1, not both 0. out may be
  // a or b themselves (of step 1), not overlap them otherwise.
  void (*add)(const AddS16Args& args, const int16_t* a, size_t a_step, const int16_t* b,
              size_t b_step, size_t n, int16_t* out);
  void (*mul)(const MulS16Args& args, const int16_t* a, size_t a_step, const int16_t* b,
              size_t b_step, size_t n, int16_t* out);
  // out may be in.
  void (*scale)(const ScaleS16Args& args, const int16_t* in, size_t n, int16_t* out);
  // clamp(interpolate_s16(in[i], table)); out may be in.
  void (*interpolate)(const int16_t* table, RangeS16 range, const int16_t* in, size_t n,
                      int16_t* out);
  // In steps of 2^-15; out may be in.
  void (*logistic)(const SigmoidS16Args& args, const int16_t* in, size_t n, int16_t* out);
  void (*tanh)(const SigmoidS16Args& args, const int16_t* in, size_t n, int16_t* out);
};

// All rows of this build; row 0 is the scalar specification.
const ElementwiseS16Kernel* const* elementwise_s16_kernels(size_t* count);

}  // namespace qrt::kernels
