#include "src/runtime/cpu.h"

#include <cpuinfo.h>

#if CPUINFO_ARCH_X86 || CPUINFO_ARCH_X86_64
#include <cpuid.h>
#endif

#include <cstring>
#include <string>

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

CpuFeatures features() {
  CpuFeatures found = 0;
  const auto add = [&](bool has, CpuFeatures feature) { found |= has ? feature : 0; };
#if CPUINFO_ARCH_X86 || CPUINFO_ARCH_X86_64
  add(cpuinfo_has_x86_avx2(), QRT_CPU_AVX2);
  add(cpuinfo_has_x86_bmi2(), QRT_CPU_BMI2);
  add(cpuinfo_has_x86_avx2() && has_avxvnni(), QRT_CPU_AVXVNNI);
  add(cpuinfo_has_x86_avx512bw() && cpuinfo_has_x86_avx512vl() && cpuinfo_has_x86_avx512dq(),
      QRT_CPU_AVX512);
  add(cpuinfo_has_x86_avx512vnni(), QRT_CPU_AVX512VNNI);
#elif CPUINFO_ARCH_ARM || CPUINFO_ARCH_ARM64
  add(cpuinfo_has_arm_neon(), QRT_CPU_NEON);
  add(cpuinfo_has_arm_neon_dot(), QRT_CPU_NEONDOT);
#else
  add(false, 0);
#endif
  return found;
}

CpuFacts ask() {
  CpuFacts facts;
  if (!cpuinfo_initialize()) return facts;
  if (cpuinfo_get_packages_count() > 0) facts.name = cpuinfo_get_package(0)->name;
  facts.cores = cpuinfo_get_cores_count();
  facts.l1d_bytes = cache_bytes(cpuinfo_get_l1d_cache(0));
  facts.l2_bytes = cache_bytes(cpuinfo_get_l2_cache(0));
  facts.l3_bytes = cache_bytes(cpuinfo_get_l3_cache(0));
  facts.features = features();
  return facts;
}

constexpr NamedFeatures kFeatureNames[] = {
    {"avx2", QRT_CPU_AVX2},
    {"bmi2", QRT_CPU_BMI2},
    {"avxvnni", QRT_CPU_AVXVNNI},
    {"avx512", QRT_CPU_AVX512},
    {"avx512vnni", QRT_CPU_AVX512VNNI},
    {"neon", QRT_CPU_NEON},
    {"neondot", QRT_CPU_NEONDOT},
    {"neoni8mm", QRT_CPU_NEONI8MM},
    {"wasmsimd", QRT_CPU_WASMSIMD},
};

// Better sets come later: of several that a CPU has, isa_name() names the last.
constexpr NamedFeatures kInstructionSets[] = {
    {"scalar", QRT_SET_SCALAR},     {"avx2", QRT_SET_AVX2},
    {"avxvnni", QRT_SET_AVXVNNI},   {"avx512vnni", QRT_SET_AVX512VNNI},
    {"neon", QRT_SET_NEON},         {"neondot", QRT_SET_NEONDOT},
    {"neoni8mm", QRT_SET_NEONI8MM}, {"wasmsimd", QRT_SET_WASMSIMD},
};

template <size_t N>
Span<const NamedFeatures> all_of(const NamedFeatures (&table)[N]) {
  return {table, N};
}

}  // namespace

const CpuFacts& cpu_facts() {
  static const CpuFacts facts = ask();
  return facts;
}

size_t l2_cache_bytes() {
  const size_t bytes = cpu_facts().l2_bytes;
  return bytes > 0 ? bytes : size_t{1} << 20;
}

Span<const NamedFeatures> cpu_feature_names() { return all_of(kFeatureNames); }
Span<const NamedFeatures> instruction_sets() { return all_of(kInstructionSets); }

const char* isa_name(CpuFeatures features) {
  const char* name = kInstructionSets[0].name;
  for (const NamedFeatures& set : kInstructionSets) {
    if (includes(features, set.features)) name = set.name;
  }
  return name;
}

Result<CpuFeatures> choose_isa(const char* name) {
  const CpuFacts& cpu = cpu_facts();
  if (name == nullptr || *name == '\0') return cpu.features;
  std::string known;
  for (const NamedFeatures& set : kInstructionSets) {
    if (std::strcmp(name, set.name) == 0) {
      if (cpu.has(set.features)) return set.features;
      return error(Code::Unsupported, "this CPU cannot run instruction set '%s'", name);
    }
    known += (known.empty() ? "" : ", ") + std::string(set.name);
  }
  return error(Code::InvalidArgument, "unknown instruction set '%s' (known: %s)", name,
               known.c_str());
}

}  // namespace qrt::rt
