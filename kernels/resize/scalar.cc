// The specification of resize.
#include "kernels/resize.h"

namespace qrt::kernels {
namespace {

void bilinear_s8(const int8_t* const corners[4], size_t channels, int32_t y, int32_t x,
                 int8_t* out) {
  const int32_t one = 1 << kResizeBits;
  const int32_t weights[4] = {(one - y) * (one - x), (one - y) * x, y * (one - x), y * x};
  for (size_t c = 0; c < channels; ++c) {
    int32_t acc = 1 << (2 * kResizeBits - 1);
    for (int i = 0; i < 4; ++i) acc += corners[i][c] * weights[i];
    out[c] = static_cast<int8_t>(acc >> (2 * kResizeBits));
  }
}

void bilinear_f32(const float* const corners[4], size_t channels, float y, float x, float* out) {
  for (size_t c = 0; c < channels; ++c) {
    const float top = corners[0][c] + (corners[1][c] - corners[0][c]) * x;
    const float bottom = corners[2][c] + (corners[3][c] - corners[2][c]) * x;
    out[c] = top + (bottom - top) * y;
  }
}

}  // namespace

extern const ResizeKernel kResizeScalar;
const ResizeKernel kResizeScalar = {"resize__scalar", QRT_ISA_SCALAR, bilinear_s8, bilinear_f32};

}  // namespace qrt::kernels
