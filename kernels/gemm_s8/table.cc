#include "kernels/gemm_s8.h"

namespace qrt::kernels {

extern const GemmS8Kernel kGemmS8Scalar;
#ifdef QRT_KERNELS_AVX2
extern const GemmS8Kernel kGemmS8Avx2;
#endif
#ifdef QRT_KERNELS_AVXVNNI
extern const GemmS8Kernel kGemmS8Avxvnni;
#endif
#ifdef QRT_KERNELS_AVX512VNNI
extern const GemmS8Kernel kGemmS8Avx512vnni;
#endif

const GemmS8Kernel* const* gemm_s8_kernels(size_t* count) {
  static const GemmS8Kernel* const kRows[] = {
      &kGemmS8Scalar,
#ifdef QRT_KERNELS_AVX2
      &kGemmS8Avx2,
#endif
#ifdef QRT_KERNELS_AVXVNNI
      &kGemmS8Avxvnni,
#endif
#ifdef QRT_KERNELS_AVX512VNNI
      &kGemmS8Avx512vnni,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
