// Functions of float vectors, and softmax. They are made of float additions, multiplications,
// divisions and selections in one order, with no table and no library, so that all rows give the
// same bits on every CPU. Errors are below 4 units of the last place where results are not tiny
// (tests/kernels/function_f32_test.cc says where each function stands).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"

namespace qrt::kernels {

enum class FunctionF32 : int {
  Exp,
  Logistic,
  Tanh,
  Erf,
  Silu,         // x / (1 + e^-x)
  Gelu,         // x / 2 * (1 + erf(x / sqrt(2)))
  GeluTanh,     // x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))
  Mish,         // x * tanh(log(1 + e^x))
  Elu,          // alpha * (e^(gamma * x) - 1) below zero, else beta * x
  HardSigmoid,  // min(max(alpha * x + beta, 0), 1)
  HardSwish,    // x * min(max(x + 3, 0), 6) / 6
  LeakyRelu,    // alpha * x below zero, else x
};

struct FunctionF32Args {
  FunctionF32 function;
  float alpha, beta, gamma;
  float min, max;  // results stay between; not-a-number stays
};

struct FunctionF32Kernel {
  const char* name;
  QrtFeatures needs;  // of the CPU: all that the file was compiled for
  int preference;     // of the rows that a CPU can run, the highest is used
  // out may be in.
  void (*run)(const FunctionF32Args& args, const float* in, size_t n, float* out);
  // Rows of n: e^(beta * (x - max)) divided by the row's sum, which is added in 16 parts: element i
  // goes to part i modulo 16. Or, if log, beta * (x - max) - log(sum). out may be in.
  void (*softmax)(const float* in, size_t rows, size_t n, float beta, bool log, float* out);
};

// All rows of this build; row 0 is the scalar specification.
const FunctionF32Kernel* const* function_f32_kernels(size_t* count);

}  // namespace qrt::kernels
