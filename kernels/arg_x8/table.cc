#include "kernels/arg_x8.h"

namespace qrt::kernels {

extern const ArgX8Kernel kArgX8Scalar;
#ifdef QRT_KERNELS_AVX2
extern const ArgX8Kernel kArgX8Avx2;
#endif

const ArgX8Kernel* const* arg_x8_kernels(size_t* count) {
  static const ArgX8Kernel* const kRows[] = {
      &kArgX8Scalar,
#ifdef QRT_KERNELS_AVX2
      &kArgX8Avx2,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
