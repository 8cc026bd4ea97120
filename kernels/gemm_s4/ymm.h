// What the rows of gemm_s4 with vectors of 8 columns share.
#pragma once

#include <immintrin.h>

#include "kernels/avx2.h"
#include "kernels/gemm_s4/panels.h"

namespace qrt::kernels {
namespace {

struct Ymm {
  using Int = __m256i;
  using Float = __m256;
  enum : int { kLanes = 8 };
  enum : size_t { kBytes = 32, kMr = 4 };

  static QRT_INLINE Float zero() { return _mm256_setzero_ps(); }
  static QRT_INLINE Int broadcast(int32_t x) { return _mm256_set1_epi32(x); }
  static QRT_INLINE Int multiply(Int a, Int b) { return _mm256_mullo_epi32(a, b); }
  static QRT_INLINE Int load_bytes(const uint8_t* p) { return _mm256_cvtepu8_epi32(load8(p)); }
  static QRT_INLINE Float load_floats(const uint8_t* p) {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(p));
  }
  // float_of_half
  static QRT_INLINE Float load_halves(const uint8_t* p) {
    const Int halves = _mm256_slli_epi32(_mm256_cvtepu16_epi32(load16(p)), 13);
    return _mm256_castsi256_ps(_mm256_add_epi32(halves, _mm256_set1_epi32(112 << 23)));
  }
  static QRT_INLINE void split(const uint8_t* w, Int* low, Int* high) {
    const Int bytes = load32(w), mask = _mm256_set1_epi8(15);
    *low = _mm256_and_si256(bytes, mask);
    *high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask);
  }
  static QRT_INLINE Float scaled(Int sums, Float scale) {
    return _mm256_mul_ps(_mm256_cvtepi32_ps(sums), scale);
  }
  static QRT_INLINE Float add(Float a, Float b) { return _mm256_add_ps(a, b); }
  static QRT_INLINE void store(float* to, Float x) { _mm256_storeu_ps(to, x); }
};

}  // namespace
}  // namespace qrt::kernels
