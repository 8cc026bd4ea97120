// The CPU features that kernels need. Plain C++ without the standard library, for kernel files are
// compiled with their own flags and must share no inline code with other files.
#pragma once

#include <stdint.h>

// What is to become part of the function that calls it, so that its vectors stay in registers.
#define QRT_INLINE inline __attribute__((always_inline))

// A mask of features. Features have no order: a CPU may have AVX-512 VNNI without AVX-VNNI, and the
// reverse.
typedef uint32_t QrtFeatures;

enum : QrtFeatures {
  QRT_CPU_AVX2 = 1u << 0,
  QRT_CPU_BMI2 = 1u << 1,
  QRT_CPU_AVXVNNI = 1u << 2,
  QRT_CPU_AVX512 = 1u << 3,  // F, BW, VL and DQ: every CPU with BW has the others
  QRT_CPU_AVX512VNNI = 1u << 4,
  QRT_CPU_NEON = 1u << 5,
  QRT_CPU_NEONDOT = 1u << 6,
  QRT_CPU_NEONI8MM = 1u << 7,
  QRT_CPU_WASMSIMD = 1u << 8,
};

// Instruction sets: what a kernel file of that name needs. A set holds every feature that the
// file's compiler flags (CMakeLists.txt) let the compiler use. `--isa` accepts the same names
// (src/runtime/cpu.cc).
enum : QrtFeatures {
  QRT_SET_SCALAR = 0,
  QRT_SET_AVX2 = QRT_CPU_AVX2,
  QRT_SET_AVXVNNI = QRT_SET_AVX2 | QRT_CPU_AVXVNNI,
  QRT_SET_AVX512VNNI = QRT_SET_AVX2 | QRT_CPU_BMI2 | QRT_CPU_AVX512 | QRT_CPU_AVX512VNNI,
  QRT_SET_NEON = QRT_CPU_NEON,
  QRT_SET_NEONDOT = QRT_SET_NEON | QRT_CPU_NEONDOT,
  QRT_SET_NEONI8MM = QRT_SET_NEONDOT | QRT_CPU_NEONI8MM,
  QRT_SET_WASMSIMD = QRT_CPU_WASMSIMD,
};
