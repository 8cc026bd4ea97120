// The instruction sets kernels are written for. Plain C++ without the standard library, for kernel
// files are compiled with their own flags and must share no inline code with other files.
#pragma once

// What is to become part of the function that calls it, so that its vectors stay in registers.
#define QRT_INLINE inline __attribute__((always_inline))

// Better ones come later. Every set includes the portable kernels, and of its own architecture
// those before it.
enum QrtIsa {
  QRT_ISA_SCALAR = 0,
  QRT_ISA_AVX2 = 1,
  QRT_ISA_AVXVNNI = 2,
  QRT_ISA_AVX512VNNI = 3,
  QRT_ISA_NEON = 4,
  QRT_ISA_NEONDOT = 5,
  QRT_ISA_NEONI8MM = 6,
  QRT_ISA_COUNT = 7
};
