#include "kernels/resize.h"

namespace qrt::kernels {

extern const ResizeKernel kResizeScalar;
#ifdef QRT_KERNELS_AVX2
extern const ResizeKernel kResizeAvx2;
#endif
#ifdef QRT_KERNELS_AVX512VNNI
extern const ResizeKernel kResizeAvx512vnni;
#endif

const ResizeKernel* const* resize_kernels(size_t* count) {
  static const ResizeKernel* const kRows[] = {
      &kResizeScalar,
#ifdef QRT_KERNELS_AVX2
      &kResizeAvx2,
#endif
#ifdef QRT_KERNELS_AVX512VNNI
      &kResizeAvx512vnni,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
