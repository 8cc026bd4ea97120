// gemm_s4 by vpdpbusd in 256 bits.
#include "kernels/gemm_s4/ymm.h"

namespace qrt::kernels {
namespace {

struct Simd : Ymm {
  // The products of one row would wait for one another: each 32 of k begin anew.
  template <int kRows>
  static QRT_INLINE Int begin(Int sums) {
    return kRows == 1 ? _mm256_setzero_si256() : sums;
  }
  static QRT_INLINE Int dot(Int sums, Int w, Int a) { return _mm256_dpbusd_avx_epi32(sums, w, a); }
  template <int kRows>
  static QRT_INLINE Int end(Int sums, Int partial) {
    return kRows == 1 ? _mm256_add_epi32(sums, partial) : partial;
  }
};

}  // namespace

extern const GemmS4Kernel kGemmS4Avxvnni;
const GemmS4Kernel kGemmS4Avxvnni =
    make_row<Simd>("s4_gemm_4x16c8__avxvnni", QRT_SET_AVXVNNI, 20, 100, run_all<Simd>);

}  // namespace qrt::kernels
