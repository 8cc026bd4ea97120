#include "kernels/lut.h"

namespace qrt::kernels {

extern const LutKernel kLutScalar;
#ifdef QRT_KERNELS_AVX2
extern const LutKernel kLutAvx2;
#endif
#ifdef QRT_KERNELS_AVX512VNNI
extern const LutKernel kLutAvx512vnni;
#endif

const LutKernel* const* lut_kernels(size_t* count) {
  static const LutKernel* const kRows[] = {
      &kLutScalar,
#ifdef QRT_KERNELS_AVX2
      &kLutAvx2,
#endif
#ifdef QRT_KERNELS_AVX512VNNI
      &kLutAvx512vnni,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
