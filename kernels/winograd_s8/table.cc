#include "kernels/winograd_s8.h"

namespace qrt::kernels {

extern const WinogradS8Kernel kWinogradS8Scalar;
#ifdef QRT_KERNELS_AVX2
extern const WinogradS8Kernel kWinogradS8Avx2;
#endif
#ifdef QRT_KERNELS_AVX512VNNI
extern const WinogradS8Kernel kWinogradS8Avx512vnni;
#endif

const WinogradS8Kernel* const* winograd_s8_kernels(size_t* count) {
  static const WinogradS8Kernel* const kRows[] = {
      &kWinogradS8Scalar,
#ifdef QRT_KERNELS_AVX2
      &kWinogradS8Avx2,
#endif
#ifdef QRT_KERNELS_AVX512VNNI
      &kWinogradS8Avx512vnni,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
