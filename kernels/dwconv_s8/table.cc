#include "kernels/dwconv_s8.h"

namespace qrt::kernels {

extern const DwconvS8Kernel kDwconvS8Scalar;

const DwconvS8Kernel* const* dwconv_s8_kernels(size_t* count) {
  static const DwconvS8Kernel* const kRows[] = {&kDwconvS8Scalar};
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
