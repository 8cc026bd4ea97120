// gemm_s4 by vpdpbusd in 512 bits: a panel is a vector.
#include <immintrin.h>

#include "kernels/gemm_s4/panels.h"

namespace qrt::kernels {
namespace {

struct Simd {
  using Int = __m512i;
  using Float = __m512;
  enum : int { kLanes = 16 };
  enum : size_t { kBytes = 64, kMr = 8 };

  static QRT_INLINE Float zero() { return _mm512_setzero_ps(); }
  static QRT_INLINE Int broadcast(int32_t x) { return _mm512_set1_epi32(x); }
  static QRT_INLINE Int multiply(Int a, Int b) { return _mm512_mullo_epi32(a, b); }
  static QRT_INLINE Int load_bytes(const uint8_t* p) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static QRT_INLINE Float load_floats(const uint8_t* p) { return _mm512_loadu_ps(p); }
  static QRT_INLINE Float load_halves(const uint8_t* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static QRT_INLINE void split(const uint8_t* w, Int* low, Int* high) {
    const Int bytes = _mm512_loadu_si512(w), mask = _mm512_set1_epi8(15);
    *low = _mm512_and_si512(bytes, mask);
    *high = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), mask);
  }
  // The products of one row would wait for one another: each 32 of k begin anew.
  template <int kRows>
  static QRT_INLINE Int begin(Int sums) {
    return kRows == 1 ? _mm512_setzero_si512() : sums;
  }
  static QRT_INLINE Int dot(Int sums, Int w, Int a) { return _mm512_dpbusd_epi32(sums, w, a); }
  template <int kRows>
  static QRT_INLINE Int end(Int sums, Int partial) {
    return kRows == 1 ? _mm512_add_epi32(sums, partial) : partial;
  }
  static QRT_INLINE Float scaled(Int sums, Float scale) {
    return _mm512_mul_ps(_mm512_cvtepi32_ps(sums), scale);
  }
  static QRT_INLINE Float add(Float a, Float b) { return _mm512_add_ps(a, b); }
  static QRT_INLINE void store(float* to, Float x) { _mm512_storeu_ps(to, x); }
};

}  // namespace

extern const GemmS4Kernel kGemmS4Avx512vnni;
const GemmS4Kernel kGemmS4Avx512vnni =
    make_row<Simd>("s4_gemm_8x16c8__avx512vnni", QRT_SET_AVX512VNNI, 30, 200, run_all<Simd>);

}  // namespace qrt::kernels
