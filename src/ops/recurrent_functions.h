// The functions of Recurrent's gates.
#pragma once

#include <cstddef>

#include "qrt_generated.h"

namespace qrt::rt {

struct GateFunction {
  fb::RecurrentFunction function = fb::RecurrentFunction::Sigmoid;
  float alpha = 0, beta = 0;
};

// x[i] = f(x[i]) for i < n.
void apply(const GateFunction& f, float* x, size_t n);

}  // namespace qrt::rt
