#include "kernels/binary_s8.h"

namespace qrt::kernels {

extern const BinaryS8Kernel kBinaryS8Scalar;
#ifdef QRT_KERNELS_AVX2
extern const BinaryS8Kernel kBinaryS8Avx2;
#endif
#ifdef QRT_KERNELS_AVX512VNNI
extern const BinaryS8Kernel kBinaryS8Avx512vnni;
#endif

const BinaryS8Kernel* const* binary_s8_kernels(size_t* count) {
  static const BinaryS8Kernel* const kRows[] = {
      &kBinaryS8Scalar,
#ifdef QRT_KERNELS_AVX2
      &kBinaryS8Avx2,
#endif
#ifdef QRT_KERNELS_AVX512VNNI
      &kBinaryS8Avx512vnni,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
