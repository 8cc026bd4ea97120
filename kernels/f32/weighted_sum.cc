#include "kernels/f32.h"

namespace qrt::kernels {

void weighted_sum_f32(const float* weights, size_t rows, size_t count, const float* vectors,
                      size_t width, float* out) {
  for (size_t i = 0; i < rows * width; ++i) out[i] = 0;
  size_t r = 0;
  // Four rows at a time, so that a vector is read once for all of them.
  for (; r + 4 <= rows; r += 4) {
    const float* w = weights + r * count;
    float *a = out + r * width, *b = a + width, *c = b + width, *d = c + width;
    for (size_t s = 0; s < count; ++s) {
      const float* v = vectors + s * width;
      const float wa = w[s], wb = w[count + s], wc = w[2 * count + s], wd = w[3 * count + s];
      for (size_t e = 0; e < width; ++e) {
        a[e] += wa * v[e];
        b[e] += wb * v[e];
        c[e] += wc * v[e];
        d[e] += wd * v[e];
      }
    }
  }
  for (; r < rows; ++r) {
    for (size_t s = 0; s < count; ++s) {
      const float w = weights[r * count + s];
      for (size_t e = 0; e < width; ++e) out[r * width + e] += w * vectors[s * width + e];
    }
  }
}

}  // namespace qrt::kernels
