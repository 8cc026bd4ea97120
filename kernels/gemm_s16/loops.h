// The loops of gemm_s16 in plain C++, which compilers make vectors of for the file that includes
// them. Static: files compiled with different flags must not share code. Inner loops add in 32 bits
// over blocks that cannot overflow.
#pragma once

#include "kernels/gemm_s16.h"

namespace qrt::kernels {

static inline void add_rows(const int16_t* a, size_t k, const int8_t* w, size_t w_stride, size_t n,
                            int64_t* sums) {
  for (size_t j = 0; j < n; ++j, w += w_stride) {
    for (size_t first = 0; first < k; first += kS16ProductsIn32Bits) {
      const size_t left = k - first;
      const size_t count = left < kS16ProductsIn32Bits ? left : kS16ProductsIn32Bits;
      int32_t sum = 0;
      for (size_t i = 0; i < count; ++i) sum += a[first + i] * w[first + i];
      sums[j] += sum;
    }
  }
}

static inline void add_rows_s16(const int16_t* a, size_t k, const int16_t* w, size_t w_stride,
                                size_t n, int64_t* sums) {
  for (size_t j = 0; j < n; ++j, w += w_stride) {
    int64_t sum = 0;
    for (size_t i = 0; i < k; ++i) sum += a[i] * w[i];
    sums[j] += sum;
  }
}

static inline void add_channels(const int16_t* const* pixels, size_t taps, size_t first,
                                const int8_t* w, size_t w_stride, size_t n, int64_t* sums) {
  for (size_t begin = 0; begin < taps; begin += kS16ProductsIn32Bits) {
    const size_t left = taps - begin;
    const size_t end = begin + (left < kS16ProductsIn32Bits ? left : kS16ProductsIn32Bits);
    int32_t block[kS16Channels] = {};
    for (size_t t = begin; t < end; ++t) {
      if (pixels[t] == nullptr) continue;
      const int16_t* a = pixels[t] + first;
      const int8_t* row = w + t * w_stride;
      for (size_t c = 0; c < n; ++c) block[c] += a[c] * row[c];
    }
    for (size_t c = 0; c < n; ++c) sums[c] += block[c];
  }
}

static inline void requantize(const int64_t* sums, const FixedPoint* factors, size_t n,
                              RangeS16 range, int16_t* out) {
  for (size_t i = 0; i < n; ++i) out[i] = clamp_s16(scale_fixed(sums[i], factors[i]), range);
}

static inline void requantize_twice(const int64_t* sums, const FixedPoint* factors, size_t n,
                                    RangeS16 range, int16_t* out) {
  for (size_t i = 0; i < n; ++i) out[i] = clamp_s16(scale_fixed_twice(sums[i], factors[i]), range);
}

static inline void requantize_real(const int64_t* sums, const double* factors, size_t n,
                                   RangeS16 range, int16_t* out) {
  const double lo = range.min, hi = range.max;
  for (size_t i = 0; i < n; ++i) {
    double steps = static_cast<double>(sums[i]) * factors[i];
    steps = steps < lo ? lo : steps;
    steps = steps > hi ? hi : steps;
    auto q = static_cast<int32_t>(steps);
    const double rest = steps - q;
    q += rest >= 0.5 ? 1 : rest <= -0.5 ? -1 : 0;
    out[i] = static_cast<int16_t>(q);
  }
}

}  // namespace qrt::kernels
