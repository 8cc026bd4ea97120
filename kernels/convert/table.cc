#include "kernels/convert.h"

namespace qrt::kernels {

extern const ConvertKernel kConvertScalar;

const ConvertKernel* const* convert_kernels(size_t* count) {
  static const ConvertKernel* const kRows[] = {&kConvertScalar};
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
