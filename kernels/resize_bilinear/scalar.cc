// The specification of resize.
#include "kernels/resize_bilinear.h"

namespace qrt::kernels {
namespace {

void bilinear_s8(const ResizeRowArgs& args, const int8_t* top, const int8_t* bottom, int32_t y,
                 int8_t* out) {
  const int32_t one = 1 << kResizeBits;
  for (size_t p = 0; p < args.pixels; ++p, out += args.channels) {
    const ResizeTap& tap = args.taps[p];
    const size_t left = static_cast<size_t>(tap.first) * args.channels;
    const size_t right = static_cast<size_t>(tap.second) * args.channels;
    const int8_t* const corners[4] = {top + left, top + right, bottom + left, bottom + right};
    const int32_t x = tap.fixed_weight;
    const int32_t weights[4] = {(one - y) * (one - x), (one - y) * x, y * (one - x), y * x};
    for (size_t c = 0; c < args.channels; ++c) {
      int32_t acc = 1 << (2 * kResizeBits - 1);
      for (int i = 0; i < 4; ++i) acc += corners[i][c] * weights[i];
      out[c] = static_cast<int8_t>(acc >> (2 * kResizeBits));
    }
  }
}

void bilinear_f32(const ResizeRowArgs& args, const float* top, const float* bottom, float y,
                  float* out) {
  for (size_t p = 0; p < args.pixels; ++p, out += args.channels) {
    const ResizeTap& tap = args.taps[p];
    const size_t left = static_cast<size_t>(tap.first) * args.channels;
    const size_t right = static_cast<size_t>(tap.second) * args.channels;
    for (size_t c = 0; c < args.channels; ++c) {
      const float above = top[left + c] + (top[right + c] - top[left + c]) * tap.weight;
      const float below = bottom[left + c] + (bottom[right + c] - bottom[left + c]) * tap.weight;
      out[c] = above + (below - above) * y;
    }
  }
}

constexpr ResizeBilinearKernel make_row() {
  ResizeBilinearKernel row{};
  row.name = "resize__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.bilinear_s8 = bilinear_s8;
  row.bilinear_f32 = bilinear_f32;
  return row;
}

}  // namespace

extern const ResizeBilinearKernel kResizeBilinearScalar;
const ResizeBilinearKernel kResizeBilinearScalar = make_row();

}  // namespace qrt::kernels
