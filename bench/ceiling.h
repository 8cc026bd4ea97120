// The most that this CPU's integer multipliers can do: loops over registers alone, without a load
// or a store. Kernels are judged by the share of it that they reach.
#pragma once

#include <vector>

#include "src/runtime/cpu.h"

namespace qrt::bench {

struct Ceiling {
  const char* instructions;  // what the loop repeats: "vpmaddwd+vpaddd"
  rt::CpuFeatures needs;     // of the CPU
  bool best;  // the best exact way of those features: what their kernels are compared with
  double macs_per_second;  // of one thread
};

// Measured by the first call, which takes a fraction of a second. Empty for CPUs other than x86.
const std::vector<Ceiling>& ceilings();

// Multiply-accumulates a second of the best exact way with these features; 0 where none is known.
double ceiling_of(rt::CpuFeatures features);

}  // namespace qrt::bench
