#include "kernels/convert_s8.h"

namespace qrt::kernels {

extern const ConvertS8Kernel kConvertS8Scalar;
#ifdef QRT_KERNELS_AVX2
extern const ConvertS8Kernel kConvertS8Avx2;
#endif

const ConvertS8Kernel* const* convert_s8_kernels(size_t* count) {
  static const ConvertS8Kernel* const kRows[] = {
      &kConvertS8Scalar,
#ifdef QRT_KERNELS_AVX2
      &kConvertS8Avx2,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
