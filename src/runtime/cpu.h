// What this CPU can do, asked once from cpuinfo: features and caches; and the names that users give
// to sets of features.
#pragma once

#include <cstddef>

#include "kernels/features.h"
#include "src/base/span.h"
#include "src/base/status.h"

namespace qrt::rt {

// A mask of QRT_CPU_... (kernels/features.h).
using CpuFeatures = QrtFeatures;

// Whether all of `needed` are among `features`.
constexpr bool includes(CpuFeatures features, CpuFeatures needed) {
  return (needed & ~features) == 0;
}

struct CpuFacts {
  const char* name = "";
  unsigned cores = 1;
  size_t l1d_bytes = 0, l2_bytes = 0, l3_bytes = 0;  // 0: not known
  CpuFeatures features = 0;

  bool has(CpuFeatures needed) const { return includes(features, needed); }
};

// Thread-safe; the first call asks cpuinfo.
const CpuFacts& cpu_facts();

// Of a core's second-level cache, by which operators choose how much to work on at once; 1 MiB
// where it is not known.
size_t l2_cache_bytes();

struct NamedFeatures {
  const char* name;
  CpuFeatures features;
};

// Every single feature by name: "avx2", "bmi2", ...
Span<const NamedFeatures> cpu_feature_names();

// The instruction sets that a user may name: "scalar", which is the first, "avx2", ... Each stands
// for all the features that its kernels need.
Span<const NamedFeatures> instruction_sets();

// The name of the last of instruction_sets() that these features include.
const char* isa_name(CpuFeatures features);

// The features of the instruction set of that name, if this CPU has them; null or "": all that this
// CPU has.
Result<CpuFeatures> choose_isa(const char* name);

}  // namespace qrt::rt
