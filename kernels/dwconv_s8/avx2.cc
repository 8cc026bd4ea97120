// dwconv_s8 for AVX2: 16 channels at a time, two taps a vpmaddwd, whose 16-bit products are exact.
#include <immintrin.h>

#include "kernels/dwconv_s8/columns.h"

namespace qrt::kernels {
namespace {

struct Unit {
  enum : size_t { kChannels = 16, kTaps = 2, kRowBytes = 32, kColumnBytes = 64 };
  enum : int32_t { kOffset = 0, kMin = INT16_MIN, kMax = INT16_MAX };
  using Weight = int16_t;

  struct Constants {
    int32_t bias[kChannels];
    float multipliers[kChannels];
  };

  // The order in which unpacking within lanes leaves the channels; packing the sums undoes it.
  static size_t channel_at(size_t i) { return i / 4 % 2 * 8 + i / 8 * 4 + i % 4; }

  static void fill(int8_t value, size_t columns, uint8_t* to) {
    const __m256i values = _mm256_set1_epi16(value);
    for (size_t j = 0; j < columns; ++j) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + j * kRowBytes), values);
    }
  }

  static __m256i widen(const int8_t* from) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }

  static void copy(const int8_t* from, size_t stride, size_t channels, size_t columns,
                   uint8_t* to) {
    for (size_t j = 0; j < columns; ++j, from += stride, to += kRowBytes) {
      int8_t part[kChannels] = {};
      if (channels < kChannels) memcpy(part, from, channels);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                          widen(channels < kChannels ? part : from));
    }
  }

  static void join(const uint8_t* const from[kTaps], size_t, size_t columns, uint8_t* to) {
    for (size_t j = 0; j < columns; ++j) {
      const __m256i a = load(from[0] + j * kRowBytes), b = load(from[1] + j * kRowBytes);
      auto* pair = reinterpret_cast<__m256i*>(to + j * kColumnBytes);
      _mm256_storeu_si256(pair, _mm256_unpacklo_epi16(a, b));
      _mm256_storeu_si256(pair + 1, _mm256_unpackhi_epi16(a, b));
    }
  }

  static void sums(const Stretch<Constants>& stretch, const uint8_t* columns, size_t pixels,
                   int8_t* out) {
    for (size_t p = 0; p < pixels; p += kPixels) {
      __m256i acc[kPixels][2];
      accumulate(stretch, columns + p * stretch.pixel_bytes, pixels - p, acc);
      const Constants& constants = *stretch.constants;
      __m256i words[kPixels];
      for (int i = 0; i < kPixels; ++i) words[i] = quantize(acc[i], constants, stretch.out);
      int8_t* to = out + p * stretch.out_stride;
      for (size_t i = 0; i < kPixels; i += 2) {
        // A lane has eight channels of either pixel.
        __m256i q = _mm256_permute4x64_epi64(_mm256_packs_epi16(words[i], words[i + 1]), 0xD8);
        q = _mm256_max_epi8(q, _mm256_set1_epi8(static_cast<char>(stretch.out.min)));
        if (p + i < pixels) store(_mm256_castsi256_si128(q), stretch, to + i * stretch.out_stride);
        if (p + i + 1 < pixels) {
          store(_mm256_extracti128_si256(q, 1), stretch, to + (i + 1) * stretch.out_stride);
        }
      }
    }
  }

 private:
  enum { kPixels = 4 };

  static __m256i load(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
  }

  // Of kPixels pixels; those beyond the last repeat it.
  static inline __attribute__((always_inline)) void accumulate(const Stretch<Constants>& stretch,
                                                               const uint8_t* columns,
                                                               size_t pixels,
                                                               __m256i out[kPixels][2]) {
    const uint8_t* at[kPixels];
    __m256i acc[kPixels][2];
    for (size_t i = 0; i < kPixels; ++i) {
      at[i] = columns + min_of(i, pixels - 1) * stretch.pixel_bytes;
      acc[i][0] = load(stretch.constants->bias);
      acc[i][1] = load(stretch.constants->bias + 8);
    }
    const auto* w = reinterpret_cast<const uint8_t*>(stretch.constants + 1);
    for (size_t step = 0; step < stretch.steps; ++step, w += kColumnBytes) {
      const __m256i w0 = load(w), w1 = load(w + 32);
      const size_t offset = stretch.offsets[step];
      for (int i = 0; i < kPixels; ++i) {
        acc[i][0] = _mm256_add_epi32(acc[i][0], _mm256_madd_epi16(load(at[i] + offset), w0));
        acc[i][1] = _mm256_add_epi32(acc[i][1], _mm256_madd_epi16(load(at[i] + offset + 32), w1));
      }
    }
    for (int i = 0; i < kPixels; ++i) out[i][0] = acc[i][0], out[i][1] = acc[i][1];
  }

  // 16-bit values in the channels' order, at most out.max; what is below the range of 8 bits
  // saturates when it is packed. Sums too large for the conversion to integers are limited before.
  static __m256i quantize(const __m256i acc[2], const Constants& constants, Output out) {
    const __m256 max = _mm256_set1_ps(static_cast<float>(out.max - out.zero_point));
    __m256i q[2];
    for (int i = 0; i < 2; ++i) {
      const __m256 x =
          _mm256_mul_ps(_mm256_cvtepi32_ps(acc[i]), _mm256_loadu_ps(constants.multipliers + 8 * i));
      q[i] = _mm256_cvtps_epi32(_mm256_min_ps(x, max));
    }
    return _mm256_adds_epi16(_mm256_packs_epi32(q[0], q[1]),
                             _mm256_set1_epi16(static_cast<int16_t>(out.zero_point)));
  }

  static void store(__m128i q, const Stretch<Constants>& stretch, int8_t* to) {
    if (stretch.channels == kChannels) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), q);
    } else {
      alignas(16) int8_t bytes[kChannels];
      _mm_store_si128(reinterpret_cast<__m128i*>(bytes), q);
      memcpy(to, bytes, stretch.channels);
    }
  }
};

size_t packed_bytes(const DwconvS8Weights& weights) {
  return round_up(weights.shape.outputs(), Unit::kChannels) / Unit::kChannels *
         unit_bytes<Unit>(weights.shape, 1);
}

void pack(const DwconvS8Weights& weights, void* memory) {
  auto* bytes = static_cast<uint8_t*>(memory);
  for (size_t c = 0; c < weights.shape.outputs(); c += Unit::kChannels) {
    pack_unit<Unit>(weights, c, 1, bytes);
    bytes += unit_bytes<Unit>(weights.shape, 1);
  }
}

size_t scratch_bytes(const DwconvS8Shape& shape, size_t out_w) {
  return best_layout<Unit>(shape, out_w).bytes;
}

void run(const DwconvS8Args& args, size_t y0, size_t y1, size_t c0, size_t c1, int8_t* out) {
  const auto* packed = static_cast<const uint8_t*>(args.packed);
  for (size_t c = c0; c < c1; c += Unit::kChannels) {
    run_unit<Unit>(args, packed + c / Unit::kChannels * unit_bytes<Unit>(args.shape, 1), 1, y0, y1,
                   c, out);
  }
}

}  // namespace

extern const DwconvS8Kernel kDwconvS8Avx2;
const DwconvS8Kernel kDwconvS8Avx2 = {
    "qs8_dwconv_16c2__avx2", QRT_ISA_AVX2, Unit::kChannels, 40, packed_bytes, pack,
    scratch_bytes,           run};

}  // namespace qrt::kernels
