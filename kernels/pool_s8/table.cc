#include "kernels/pool_s8.h"

namespace qrt::kernels {

extern const PoolS8Kernel kPoolS8Scalar;

const PoolS8Kernel* const* pool_s8_kernels(size_t* count) {
  static const PoolS8Kernel* const kRows[] = {&kPoolS8Scalar};
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
