#include <math.h>

#include "kernels/f32.h"

namespace qrt::kernels {
namespace {

float clamp(float x, float min, float max) { return x < min ? min : x > max ? max : x; }

}  // namespace

// Tap by tap over all channels, in loops that compilers turn into vectors.
void average_pool_f32(const PoolF32Args& args, size_t pixels, float* out) {
  for (size_t p = 0; p < pixels; ++p, out += args.out_stride) {
    const float* const* indirection = args.indirection + p * args.taps;
    size_t count = 0;
    for (size_t c = 0; c < args.channels; ++c) out[c] = 0;
    for (size_t t = 0; t < args.taps; ++t) {
      if (indirection[t] == nullptr) continue;
      ++count;
      const float* from = indirection[t];
      for (size_t c = 0; c < args.channels; ++c) out[c] += from[c];
    }
    if (args.count_padding) count = args.taps;
    const float divisor = count > 0 ? static_cast<float>(count) : 1.0f;
    for (size_t c = 0; c < args.channels; ++c) {
      out[c] = clamp(out[c] / divisor, args.min, args.max);
    }
  }
}

void max_pool_f32(const PoolF32Args& args, size_t pixels, float* out) {
  for (size_t p = 0; p < pixels; ++p, out += args.out_stride) {
    const float* const* indirection = args.indirection + p * args.taps;
    for (size_t c = 0; c < args.channels; ++c) out[c] = -INFINITY;
    for (size_t t = 0; t < args.taps; ++t) {
      if (indirection[t] == nullptr) continue;
      const float* from = indirection[t];
      for (size_t c = 0; c < args.channels; ++c) out[c] = from[c] > out[c] ? from[c] : out[c];
    }
    for (size_t c = 0; c < args.channels; ++c) out[c] = clamp(out[c], args.min, args.max);
  }
}

}  // namespace qrt::kernels
