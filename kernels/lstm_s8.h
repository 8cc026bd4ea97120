// What an integer LSTM does with the sums of a step's matrix products: gates, cell and output.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"
#include "kernels/requantize.h"

namespace qrt::kernels {

// Functions of 16 bits are tables of their values at -32768, -32704, …, 32768, in steps of 2^-15,
// and straight between these points: p[0] + ((p[1] - p[0]) * (x mod 64) + 32 >> 6).
enum { kLstmPoints = 1025, kLstmSpacingBits = 6 };

struct LstmS8Args {
  size_t units;
  // To steps of the gates, by the rows of the sums: [4][units], input, forget, cell, output.
  const float* input_multipliers;
  const float* recurrent_multipliers;
  const int32_t *sigmoid, *tanh;  // of gates [kLstmPoints]
  const int32_t* cell_tanh;       // of the cell [kLstmPoints]
  float cell_multiplier, hidden_multiplier;
  Output cell, hidden;
};

struct LstmS8Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  // For each unit, with sums [4][units]:
  //   gate = clamp16(requantize(input sum) + requantize(recurrent sum)), each to 16 bits
  //   i, f, o = sigmoid(gate), g = tanh(gate)
  //   c = quantize_steps(float(f * c) * 2^-15 + float(i * g) * cell_multiplier, cell)
  //   h = requantize(o * cell_tanh(c), hidden_multiplier, hidden)
  void (*step)(const LstmS8Args& args, const int32_t* input_sums, const int32_t* recurrent_sums,
               int16_t* c, int8_t* h);
};

// All rows of this build; row 0 is the scalar specification.
const LstmS8Kernel* const* lstm_s8_kernels(size_t* count);

}  // namespace qrt::kernels
