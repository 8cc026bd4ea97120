#include "kernels/pool_s8.h"

namespace qrt::kernels {

extern const PoolS8Kernel kPoolS8Scalar;
#ifdef QRT_KERNELS_AVX2
extern const PoolS8Kernel kPoolS8Avx2;
#endif

const PoolS8Kernel* const* pool_s8_kernels(size_t* count) {
  static const PoolS8Kernel* const kRows[] = {
      &kPoolS8Scalar,
#ifdef QRT_KERNELS_AVX2
      &kPoolS8Avx2,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
