#include "kernels/reduce_s8.h"

namespace qrt::kernels {

extern const ReduceS8Kernel kReduceS8Scalar;
#ifdef QRT_KERNELS_AVX2
extern const ReduceS8Kernel kReduceS8Avx2;
#endif

const ReduceS8Kernel* const* reduce_s8_kernels(size_t* count) {
  static const ReduceS8Kernel* const kRows[] = {
      &kReduceS8Scalar,
#ifdef QRT_KERNELS_AVX2
      &kReduceS8Avx2,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
