#include "kernels/binary_s8.h"

namespace qrt::kernels {

extern const BinaryS8Kernel kBinaryS8Scalar;

const BinaryS8Kernel* const* binary_s8_kernels(size_t* count) {
  static const BinaryS8Kernel* const kRows[] = {&kBinaryS8Scalar};
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
