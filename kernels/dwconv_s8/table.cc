#include "kernels/dwconv_s8.h"

namespace qrt::kernels {

extern const DwconvS8Kernel kDwconvS8Scalar;
#ifdef QRT_KERNELS_AVX2
extern const DwconvS8Kernel kDwconvS8Avx2;
#endif
#ifdef QRT_KERNELS_AVX512VNNI
extern const DwconvS8Kernel kDwconvS8Avx512vnni;
#endif

const DwconvS8Kernel* const* dwconv_s8_kernels(size_t* count) {
  static const DwconvS8Kernel* const kRows[] = {
      &kDwconvS8Scalar,
#ifdef QRT_KERNELS_AVX2
      &kDwconvS8Avx2,
#endif
#ifdef QRT_KERNELS_AVX512VNNI
      &kDwconvS8Avx512vnni,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
