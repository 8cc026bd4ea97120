#include "src/runtime/cpu.h"

#include <cpuinfo.h>

#if CPUINFO_ARCH_X86 || CPUINFO_ARCH_X86_64
#include <cpuid.h>
#endif

#include <cstring>

namespace qrt::rt {
namespace {

#if CPUINFO_ARCH_X86 || CPUINFO_ARCH_X86_64
// cpuinfo does not know it: bit 4 of EAX, leaf 7, subleaf 1. Its registers are those of AVX2.
bool has_avxvnni() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0 || eax < 1) return false;
  __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx);
  return (eax >> 4 & 1) != 0;
}
#endif

size_t cache_bytes(const cpuinfo_cache* cache) { return cache != nullptr ? cache->size : 0; }

CpuFacts ask() {
  CpuFacts facts;
  if (!cpuinfo_initialize()) return facts;
  if (cpuinfo_get_packages_count() > 0) facts.name = cpuinfo_get_package(0)->name;
  facts.cores = cpuinfo_get_cores_count();
  facts.l1d_bytes = cache_bytes(cpuinfo_get_l1d_cache(0));
  facts.l2_bytes = cache_bytes(cpuinfo_get_l2_cache(0));
  facts.l3_bytes = cache_bytes(cpuinfo_get_l3_cache(0));
#if CPUINFO_ARCH_X86 || CPUINFO_ARCH_X86_64
  if (cpuinfo_has_x86_avx2()) {
    facts.isa_mask |= 1u << QRT_ISA_AVX2;
    if (has_avxvnni()) facts.isa_mask |= 1u << QRT_ISA_AVXVNNI;
  }
  if (cpuinfo_has_x86_avx512bw() && cpuinfo_has_x86_avx512vl() && cpuinfo_has_x86_avx512dq() &&
      cpuinfo_has_x86_avx512vnni() && cpuinfo_has_x86_bmi2()) {
    facts.isa_mask |= 1u << QRT_ISA_AVX512VNNI;
  }
#endif
  return facts;
}

constexpr const char* kIsaNames[QRT_ISA_COUNT] = {"scalar", "avx2",    "avxvnni", "avx512vnni",
                                                  "neon",   "neondot", "neoni8mm"};

}  // namespace

const CpuFacts& cpu_facts() {
  static const CpuFacts facts = ask();
  return facts;
}

size_t l2_cache_bytes() {
  const size_t bytes = cpu_facts().l2_bytes;
  return bytes > 0 ? bytes : size_t{1} << 20;
}

const char* isa_name(Isa isa) { return kIsaNames[isa]; }

Result<Isa> choose_isa(const char* name) {
  const CpuFacts& cpu = cpu_facts();
  if (name == nullptr || *name == '\0') {
    int best = QRT_ISA_SCALAR;
    for (int i = 0; i < QRT_ISA_COUNT; ++i) {
      if (cpu.has(static_cast<Isa>(i))) best = i;
    }
    return static_cast<Isa>(best);
  }
  for (int i = 0; i < QRT_ISA_COUNT; ++i) {
    if (std::strcmp(name, kIsaNames[i]) != 0) continue;
    if (!cpu.has(static_cast<Isa>(i))) {
      return error(Code::Unsupported, "this CPU cannot run instruction set '%s'", name);
    }
    return static_cast<Isa>(i);
  }
  return error(Code::InvalidArgument,
               "unknown instruction set '%s' (known: scalar, avx2, avxvnni, avx512vnni, neon, "
               "neondot, neoni8mm)",
               name);
}

}  // namespace qrt::rt
