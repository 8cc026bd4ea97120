// Picks the row of a kernel family that fits the instruction set.
#pragma once

#include "src/runtime/cpu.h"

namespace qrt::rt {

// `rows` is a family's table function; the best row that `isa` includes. Row 0 is scalar.
template <class Kernel>
const Kernel& choose_kernel(const Kernel* const* (*rows)(size_t*), Isa isa) {
  size_t count = 0;
  const Kernel* const* table = rows(&count);
  const Kernel* best = table[0];
  for (size_t i = 1; i < count; ++i) {
    if (table[i]->isa <= isa && table[i]->isa >= best->isa) best = table[i];
  }
  return *best;
}

}  // namespace qrt::rt
