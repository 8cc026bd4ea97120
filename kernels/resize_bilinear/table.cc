#include "kernels/resize_bilinear.h"

namespace qrt::kernels {

extern const ResizeBilinearKernel kResizeBilinearScalar;
#ifdef QRT_KERNELS_AVX2
extern const ResizeBilinearKernel kResizeBilinearAvx2;
#endif
#ifdef QRT_KERNELS_AVX512VNNI
extern const ResizeBilinearKernel kResizeBilinearAvx512vnni;
#endif

const ResizeBilinearKernel* const* resize_bilinear_kernels(size_t* count) {
  static const ResizeBilinearKernel* const kRows[] = {
      &kResizeBilinearScalar,
#ifdef QRT_KERNELS_AVX2
      &kResizeBilinearAvx2,
#endif
#ifdef QRT_KERNELS_AVX512VNNI
      &kResizeBilinearAvx512vnni,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
