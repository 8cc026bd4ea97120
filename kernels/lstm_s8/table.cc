#include "kernels/lstm_s8.h"

namespace qrt::kernels {

extern const LstmS8Kernel kLstmS8Scalar;
#ifdef QRT_KERNELS_AVX2
extern const LstmS8Kernel kLstmS8Avx2;
#endif

const LstmS8Kernel* const* lstm_s8_kernels(size_t* count) {
  static const LstmS8Kernel* const kRows[] = {
      &kLstmS8Scalar,
#ifdef QRT_KERNELS_AVX2
      &kLstmS8Avx2,
#endif
  };
  *count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

}  // namespace qrt::kernels
