#include "kernels/convert.h"

namespace qrt::kernels {

extern const ConvertKernel kConvertScalar;
#ifdef QRT_KERNELS_AVX2
extern const ConvertKernel kConvertAvx2;
#endif

const ConvertKernel* const* convert_kernels(size_t* count) {
  static const ConvertKernel* const kRows[] = {
      &kConvertScalar,
#ifdef QRT_KERNELS_AVX2
      &kConvertAvx2,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
