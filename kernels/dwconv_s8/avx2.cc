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

  // kPixels pixels at a time; those beyond the last repeat it. By value: what is written through
  // `out` could be anything, as far as the compiler knows, but its own copies.
  static void sums(Stretch<Constants> stretch, const uint8_t* columns, size_t pixels, int8_t* out) {
    const Scale scale(stretch);
    for (size_t p = 0; p < pixels; p += kPixels, out += kPixels * stretch.out_stride) {
      const uint8_t* at[kPixels];
      __m256i acc[kPixels][2];
      for (size_t i = 0; i < kPixels; ++i) {
        at[i] = columns + min_of(p + i, pixels - 1) * stretch.pixel_bytes;
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
#pragma GCC unroll 2
      for (size_t i = 0; i < kPixels; i += 2) {
        if (p + i >= pixels) break;
        const __m256i q = scale.pack(acc[i], acc[i + 1]);
        store(_mm256_castsi256_si128(q), stretch.channels, out + i * stretch.out_stride);
        if (p + i + 1 >= pixels) break;
        store(_mm256_extracti128_si256(q, 1), stretch.channels, out + (i + 1) * stretch.out_stride);
      }
    }
  }

 private:
  enum { kPixels = 4 };

  static __m256i load(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
  }

  // What turns sums into quantized bytes.
  struct Scale {
    const float* multipliers;
    __m256 max;
    __m256i zero, min;

    explicit Scale(const Stretch<Constants>& stretch)
        : multipliers(stretch.constants->multipliers),
          max(_mm256_set1_ps(static_cast<float>(stretch.out.max - stretch.out.zero_point))),
          zero(_mm256_set1_epi16(static_cast<int16_t>(stretch.out.zero_point))),
          min(_mm256_set1_epi8(static_cast<char>(stretch.out.min))) {}

    // 16-bit values in the channels' order, at most `max`, which limits what conversion to integers
    // could not hold; what is too low for 8 bits saturates when it is packed.
    __m256i quantize(const __m256i acc[2]) const {
      __m256i q[2];
      for (int i = 0; i < 2; ++i) {
        const __m256 x =
            _mm256_mul_ps(_mm256_cvtepi32_ps(acc[i]), _mm256_loadu_ps(multipliers + 8 * i));
        q[i] = _mm256_cvtps_epi32(_mm256_min_ps(x, max));
      }
      return _mm256_adds_epi16(_mm256_packs_epi32(q[0], q[1]), zero);
    }

    // A lane each for two pixels.
    __m256i pack(const __m256i a[2], const __m256i b[2]) const {
      const __m256i bytes = _mm256_packs_epi16(quantize(a), quantize(b));
      return _mm256_max_epi8(_mm256_permute4x64_epi64(bytes, 0xD8), min);
    }
  };

  static void store(__m128i q, size_t channels, int8_t* to) {
    if (channels == kChannels) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), q);
    } else {
      alignas(16) int8_t bytes[kChannels];
      _mm_store_si128(reinterpret_cast<__m128i*>(bytes), q);
      memcpy(to, bytes, channels);
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
