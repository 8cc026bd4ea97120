// What this CPU can do, asked once from cpuinfo: instruction sets and caches.
#pragma once

#include <cstddef>

#include "kernels/isa.h"
#include "src/base/status.h"

namespace qrt::rt {

using Isa = QrtIsa;
inline constexpr Isa kScalarIsa = QRT_ISA_SCALAR;

struct CpuFacts {
  const char* name = "";
  unsigned cores = 1;
  size_t l1d_bytes = 0, l2_bytes = 0, l3_bytes = 0;  // 0: not known
  unsigned isa_mask = 1u << QRT_ISA_SCALAR;          // bit i: instruction set i can run here

  bool has(Isa isa) const { return (isa_mask >> isa & 1u) != 0; }
};

// Thread-safe; the first call asks cpuinfo.
const CpuFacts& cpu_facts();

// Of a core's second-level cache, by which operators choose how much to work on at once; 1 MiB where
// it is not known.
size_t l2_cache_bytes();

// "scalar", "avx2", ...
const char* isa_name(Isa isa);

// The instruction set of that name, if this CPU has it; null or "": the best one.
Result<Isa> choose_isa(const char* name);

}  // namespace qrt::rt
