#include "bench/ceiling.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace qrt::bench {
namespace {

#if defined(__x86_64__)

// Each loop runs its step on many accumulators, one after the other, so that no step waits for the
// one before it: a step takes at most five cycles and two of them start in each. Nothing reads the
// sums, and their values do not matter: integer instructions take the same time for all.
// Registers 12 to 15 are operands and temporaries; register renaming lets all steps share them.

#define CLOBBERED                                                                          \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", \
      "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define TWELVE_TIMES(step)                                                                  \
  step("0") step("1") step("2") step("3") step("4") step("5") step("6") step("7") step("8") \
      step("9") step("10") step("11")
constexpr size_t kAccumulators = 12;

#define MADDWD(acc)                        \
  "vpmaddwd %%ymm15, %%ymm14, %%ymm13\n\t" \
  "vpaddd %%ymm13, %%ymm" acc ", %%ymm" acc "\n\t"
#define MADDUBSW(acc)                        \
  "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n\t" \
  "vpmaddwd %%ymm15, %%ymm13, %%ymm13\n\t"   \
  "vpaddd %%ymm13, %%ymm" acc ", %%ymm" acc "\n\t"
#define MADDUBSW_TWICE(acc)                  \
  "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n\t" \
  "vpmaddubsw %%ymm14, %%ymm15, %%ymm12\n\t" \
  "vpaddw %%ymm12, %%ymm13, %%ymm13\n\t"     \
  "vpmaddwd %%ymm15, %%ymm13, %%ymm13\n\t"   \
  "vpaddd %%ymm13, %%ymm" acc ", %%ymm" acc "\n\t"
#define DPBUSD_YMM(acc) "%{vex%} vpdpbusd %%ymm15, %%ymm14, %%ymm" acc "\n\t"
#define DPBUSD_ZMM(acc) "vpdpbusd %%zmm15, %%zmm14, %%zmm" acc "\n\t"

// A function that repeats a step for each accumulator, `rounds` times.
#define LOOP(name, features, step)                             \
  __attribute__((target(features))) void name(size_t rounds) { \
    for (; rounds > 0; --rounds) {                             \
      asm volatile(TWELVE_TIMES(step) : : : CLOBBERED);        \
    }                                                          \
    asm volatile("vzeroupper" : : : CLOBBERED);                \
  }

LOOP(maddwd, "avx2", MADDWD)
LOOP(maddubsw, "avx2", MADDUBSW)
LOOP(maddubsw_twice, "avx2", MADDUBSW_TWICE)
#if defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11
#define HAS_AVXVNNI 1  // the compiler knows it
LOOP(dpbusd_ymm, "avxvnni", DPBUSD_YMM)
#endif
LOOP(dpbusd_zmm, "avx512f,avx512vnni", DPBUSD_ZMM)

struct Loop {
  const char* instructions;
  rt::CpuFeatures needs;
  bool best;
  size_t step_macs;
  void (*run)(size_t rounds);
};
// Two products of bytes fill 16 bits and more: `vpmaddubsw` saturates unless one operand has 7
// bits, and its pairs can be added in 16 bits only if it has 6. So it is not what exact kernels can
// reach.
constexpr Loop kLoops[] = {
    {"vpmaddwd+vpaddd", QRT_SET_AVX2, true, 16, maddwd},
    {"vpmaddubsw+vpmaddwd+vpaddd", QRT_SET_AVX2, false, 32, maddubsw},
    {"2 vpmaddubsw+vpaddw+vpmaddwd+vpaddd", QRT_SET_AVX2, false, 64, maddubsw_twice},
#ifdef HAS_AVXVNNI
    {"vpdpbusd ymm", QRT_SET_AVXVNNI, true, 32, dpbusd_ymm},
#endif
    {"vpdpbusd zmm", QRT_SET_AVX512VNNI, true, 64, dpbusd_zmm},
};

// The fastest of several tries: whatever else the machine does can only slow a loop down.
double macs_per_second(const Loop& loop) {
  using Clock = std::chrono::steady_clock;
  constexpr size_t kTries = 30, kRounds = 20000;
  double best = 0;
  for (size_t i = 0; i < kTries; ++i) {
    const auto start = Clock::now();
    loop.run(kRounds);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::max(best, static_cast<double>(kRounds * kAccumulators * loop.step_macs) / seconds);
  }
  return best;
}

std::vector<Ceiling> measure() {
  std::vector<Ceiling> measured;
  for (const Loop& loop : kLoops) {
    if (!rt::cpu_facts().has(loop.needs)) continue;
    measured.push_back({loop.instructions, loop.needs, loop.best, macs_per_second(loop)});
  }
  return measured;
}

#else

std::vector<Ceiling> measure() { return {}; }

#endif

}  // namespace

const std::vector<Ceiling>& ceilings() {
  static const std::vector<Ceiling> measured = measure();
  return measured;
}

double ceiling_of(rt::CpuFeatures features) {
  double best = 0;
  for (const Ceiling& ceiling : ceilings()) {
    if (ceiling.best && rt::includes(features, ceiling.needs)) {
      best = std::max(best, ceiling.macs_per_second);
    }
  }
  return best;
}

}  // namespace qrt::bench
