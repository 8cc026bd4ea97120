// Picks the row of a kernel family for a CPU.
#pragma once

#include "src/runtime/cpu.h"

namespace qrt::rt {

// `rows` is a family's table function. Of the rows whose features are all among `features`, the one
// with the highest preference. Row 0, the scalar one, needs none.
template <class Kernel>
const Kernel& choose_kernel(const Kernel* const* (*rows)(size_t*), CpuFeatures features) {
  size_t count = 0;
  const Kernel* const* table = rows(&count);
  const Kernel* best = table[0];
  for (size_t i = 1; i < count; ++i) {
    if (includes(features, table[i]->needs) && table[i]->preference > best->preference) {
      best = table[i];
    }
  }
  return *best;
}

}  // namespace qrt::rt
