// gemm_s4 by vpmaddubsw. Products of halves and s8 are at most 15 * 128 in size, and so eight sums
// of two of them, those of 32 of k, stay within 16 bits: 8 * 2 * 15 * 128 < 32768.
#include "kernels/gemm_s4/ymm.h"

namespace qrt::kernels {
namespace {

struct Simd : Ymm {
  template <int kRows>
  static QRT_INLINE Int begin(Int) {
    return _mm256_setzero_si256();
  }
  static QRT_INLINE Int dot(Int words, Int w, Int a) {
    return _mm256_add_epi16(words, _mm256_maddubs_epi16(w, a));
  }
  template <int kRows>
  static QRT_INLINE Int end(Int sums, Int words) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(words, _mm256_set1_epi16(1)));
  }
};

}  // namespace

extern const GemmS4Kernel kGemmS4Avx2;
const GemmS4Kernel kGemmS4Avx2 =
    make_row<Simd>("s4_gemm_4x16c8__avx2", QRT_SET_AVX2, 10, 60, run_all<Simd>);

}  // namespace qrt::kernels
