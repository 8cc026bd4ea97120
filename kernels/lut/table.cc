#include "kernels/lut.h"

namespace qrt::kernels {

extern const LutKernel kLutScalar;

const LutKernel* const* lut_kernels(size_t* count) {
  static const LutKernel* const kRows[] = {&kLutScalar};
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
