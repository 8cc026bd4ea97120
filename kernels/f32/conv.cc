#include "kernels/f32.h"

namespace qrt::kernels {
namespace {

float clamp(float x, float min, float max) { return x < min ? min : x > max ? max : x; }

}  // namespace

void conv_f32(const ConvF32Args& args, size_t pixels, float* out) {
  for (size_t p = 0; p < pixels; ++p) {
    const float* const* indirection = args.indirection + p * args.taps;
    for (size_t n = 0; n < args.n; ++n) {
      float acc = args.bias != nullptr ? args.bias[n] : 0.0f;
      const float* w = args.w + n * args.taps * args.k;
      for (size_t t = 0; t < args.taps; ++t, w += args.k) {
        if (indirection[t] == nullptr) continue;
        const float* a = indirection[t] + args.k_offset;
        // Four sums, so that additions need not wait for each other.
        float sum[4] = {};
        size_t k = 0;
        for (; k + 4 <= args.k; k += 4) {
          for (size_t i = 0; i < 4; ++i) sum[i] += a[k + i] * w[k + i];
        }
        for (; k < args.k; ++k) sum[0] += a[k] * w[k];
        acc += (sum[0] + sum[1]) + (sum[2] + sum[3]);
      }
      out[p * args.out_stride + n] = clamp(acc, args.min, args.max);
    }
  }
}

void dwconv_f32(const DwconvF32Args& args, size_t pixels, float* out) {
  const size_t outputs = args.channels * args.multiplier;
  for (size_t p = 0; p < pixels; ++p) {
    const float* const* indirection = args.indirection + p * args.taps;
    for (size_t c = 0; c < outputs; ++c) {
      float acc = args.bias != nullptr ? args.bias[c] : 0.0f;
      for (size_t t = 0; t < args.taps; ++t) {
        if (indirection[t] != nullptr)
          acc += indirection[t][c / args.multiplier] * args.w[c * args.taps + t];
      }
      out[p * args.out_stride + c] = clamp(acc, args.min, args.max);
    }
  }
}

}  // namespace qrt::kernels
