// The inner loop of matrix products in 16 bits. For avx2.cc files only, as avx2.h.
#pragma once

#include "kernels/avx2.h"
#include "kernels/features.h"

namespace qrt::kernels {
namespace {

inline __m256i load_words(const int16_t* from) { return load32(from); }
inline __m256i load_words(const int8_t* from) { return _mm256_cvtepi8_epi16(load16(from)); }

// acc += rows * weights over `pairs` pairs of k. Always inlined and unrolled, as all that takes
// sums: an array stays in registers only so.
template <int kRows, int kVectors, class Word>
QRT_INLINE void multiply(const int16_t* rows, size_t stride, const Word* weights, size_t pairs,
                         __m256i (&acc)[kRows][kVectors]) {
  const auto step = [&](size_t p, __m256i(&to)[kRows][kVectors]) __attribute__((always_inline)) {
    __m256i w[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) w[v] = load_words(weights + (p * kVectors + v) * 16);
#pragma GCC unroll 8
    for (size_t r = 0; r < kRows; ++r) {
      int32_t pair;
      memcpy(&pair, rows + r * stride + 2 * p, sizeof pair);
      const __m256i a = _mm256_set1_epi32(pair);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        to[r][v] = _mm256_add_epi32(to[r][v], _mm256_madd_epi16(a, w[v]));
      }
    }
  };
  size_t p = 0;
  // The sums of one row would wait for one another: they take turns.
  if constexpr (kRows == 1) {
    __m256i other[kRows][kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) other[0][v] = _mm256_setzero_si256();
    for (; p + 4 <= pairs; p += 4) {
      step(p, acc);
      step(p + 1, other);
      step(p + 2, acc);
      step(p + 3, other);
    }
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) acc[0][v] = _mm256_add_epi32(acc[0][v], other[0][v]);
  }
  for (; p < pairs; ++p) step(p, acc);
}

}  // namespace
}  // namespace qrt::kernels
