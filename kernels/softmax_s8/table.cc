#include "kernels/softmax_s8.h"

namespace qrt::kernels {

extern const SoftmaxS8Kernel kSoftmaxS8Scalar;
#ifdef QRT_KERNELS_AVX2
extern const SoftmaxS8Kernel kSoftmaxS8Avx2;
#endif

const SoftmaxS8Kernel* const* softmax_s8_kernels(size_t* count) {
  static const SoftmaxS8Kernel* const kRows[] = {
      &kSoftmaxS8Scalar,
#ifdef QRT_KERNELS_AVX2
      &kSoftmaxS8Avx2,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
