// dwconv_s8 for AVX2: 16 channels at a time, two taps a vpmaddwd, whose 16-bit products are exact.
#include <immintrin.h>

#include "kernels/avx2.h"
#include "kernels/dwconv_s8/window3x3.h"

namespace qrt::kernels {
namespace {

struct Unit {
  enum : size_t { kChannels = 16, kTaps = 2, kRowBytes = 32, kColumnBytes = 64 };
  enum : bool { kEndsWithLast = true };
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

  static __m256i widen(const int8_t* from) { return _mm256_cvtepi8_epi16(load16(from)); }

  static void copy(const int8_t* from, size_t stride, size_t channels, size_t columns,
                   uint8_t* to) {
    if (channels == kChannels) {
      for (size_t j = 0; j < columns; ++j) store32(to + j * kRowBytes, widen(from + j * stride));
    } else {
      for (size_t j = 0; j < columns; ++j) {
        store32(to + j * kRowBytes,
                _mm256_cvtepi8_epi16(load_partial(from + j * stride, channels)));
      }
    }
  }

  static void join(const uint8_t* const from[kTaps], size_t, size_t columns, uint8_t* to) {
    for (size_t j = 0; j < columns; ++j) {
      const __m256i a = load32(from[0] + j * kRowBytes), b = load32(from[1] + j * kRowBytes);
      auto* pair = reinterpret_cast<__m256i*>(to + j * kColumnBytes);
      _mm256_storeu_si256(pair, _mm256_unpacklo_epi16(a, b));
      _mm256_storeu_si256(pair + 1, _mm256_unpackhi_epi16(a, b));
    }
  }

  // What turns sums into quantized bytes.
  struct Scale {
    const float* multipliers;
    Quantizer quantizer;
    UnitChannels part;

    Scale(const Constants& constants, Output out, UnitChannels unit_part)
        : multipliers(constants.multipliers), quantizer(make_quantizer(out)), part(unit_part) {}

    // 16-bit values in the channels' order.
    __m256i quantize(const __m256i acc[2]) const {
      __m256 steps[2];
      for (int i = 0; i < 2; ++i) {
        steps[i] = _mm256_mul_ps(_mm256_cvtepi32_ps(acc[i]), _mm256_loadu_ps(multipliers + 8 * i));
      }
      return quantize_words(quantizer, steps[0], steps[1]);
    }

    // A lane each for two pixels.
    __m256i pack(const __m256i a[2], const __m256i b[2]) const {
      const __m256i bytes = _mm256_packs_epi16(quantize(a), quantize(b));
      return _mm256_max_epi8(_mm256_permute4x64_epi64(bytes, 0xD8), quantizer.min);
    }
  };

  static void store(__m128i q, UnitChannels part, int8_t* to) {
    if (part.count == kChannels) {
      store16(to, q);
    } else if (part.count == 8 && part.skip == 8) {
      store8(to + 8, upper_8(q));
    } else {
      alignas(16) int8_t bytes[2 * kChannels];
      store16(bytes, q);
      store_partial(to + part.skip, load16(bytes + part.skip), part.count);
    }
  }

  // kPixels pixels at a time; those beyond the last repeat it. By value: what is written through
  // `out` could be anything, as far as the compiler knows, but its own copies.
  static void sums(Stretch<Constants> stretch, const uint8_t* columns, size_t pixels, int8_t* out) {
    const Scale scale(*stretch.constants, stretch.out, stretch.part);
    for (size_t p = 0; p < pixels; p += kPixels, out += kPixels * stretch.out_stride) {
      const uint8_t* at[kPixels];
      __m256i acc[kPixels][2];
      for (size_t i = 0; i < kPixels; ++i) {
        at[i] = columns + min_of(p + i, pixels - 1) * stretch.pixel_bytes;
        acc[i][0] = load32(stretch.constants->bias);
        acc[i][1] = load32(stretch.constants->bias + 8);
      }
      const auto* w = reinterpret_cast<const uint8_t*>(stretch.constants + 1);
      for (size_t step = 0; step < stretch.steps; ++step, w += kColumnBytes) {
        const __m256i w0 = load32(w), w1 = load32(w + 32);
        const size_t offset = stretch.offsets[step];
        for (int i = 0; i < kPixels; ++i) {
          acc[i][0] = _mm256_add_epi32(acc[i][0], _mm256_madd_epi16(load32(at[i] + offset), w0));
          acc[i][1] =
              _mm256_add_epi32(acc[i][1], _mm256_madd_epi16(load32(at[i] + offset + 32), w1));
        }
      }
#pragma GCC unroll 2
      for (size_t i = 0; i < kPixels; i += 2) {
        if (p + i >= pixels) break;
        const __m256i q = scale.pack(acc[i], acc[i + 1]);
        store(_mm256_castsi256_si128(q), stretch.part, out + i * stretch.out_stride);
        if (p + i + 1 >= pixels) break;
        store(_mm256_extracti128_si256(q, 1), stretch.part, out + (i + 1) * stretch.out_stride);
      }
    }
  }

  // A window slides over two columns at a time; what remains of the former two is in registers.
  template <size_t kStride>
  static void slide(ColumnReader columns, const Constants& constants, const Scale& scale_of_unit,
                    SlideOut out) {
    const Scale scale = scale_of_unit;
    Column left, middle, right;
    left.read(columns);
    if (kStride == 1) middle.read(columns, left);
    for (size_t p = 0; p < out.pixels; p += 2, out.at += 2 * out.stride) {
      Sums a(constants), b(constants);
      if (kStride == 1) {
        a.add_left(left);
        a.add_middle(middle);
        b.add_left(middle);
        right.read(columns, middle);
        a.add_right(right);
        b.add_middle(right);
        left = right;
        middle.read(columns, left);
        b.add_right(middle);
      } else {
        a.add_left(left);
        middle.read(columns, left);
        a.add_middle(middle);
        right.read(columns, middle);
        a.add_right(right);
        b.add_left(right);
        middle.read(columns, right);
        b.add_middle(middle);
        left.read(columns, middle);
        b.add_right(left);
      }
      const __m256i q = scale.pack(a.of, b.of);
      store16(out.at, low_half(q));
      if (p + 1 == out.pixels) break;
      store16(out.at + out.stride, high_half(q));
    }
  }

  // The channels to be written of a row of whole pixels.
  static void store_row(const int8_t* row, size_t pixels, UnitChannels part, size_t stride,
                        int8_t* to) {
    row += part.skip;
    to += part.skip;
    for (size_t p = 0; p < pixels; ++p, row += kChannels, to += stride) {
      if (part.count == 8) {
        store8(to, load8(row));
      } else {
        memcpy(to, row, part.count);
      }
    }
  }

 private:
  enum { kPixels = 4 };

  // A column of a 3x3 window: rows 0 and 1 as pairs, row 2 by itself and in pairs with that of the
  // column to the left.
  struct Column {
    __m256i pairs[2], last, last_pairs[2];

    inline __attribute__((always_inline)) void read(ColumnReader& columns) {
      columns.next([this](const int8_t* r0, const int8_t* r1, const int8_t* r2) {
        const __m256i a = widen(r0), b = widen(r1);
        pairs[0] = _mm256_unpacklo_epi16(a, b);
        pairs[1] = _mm256_unpackhi_epi16(a, b);
        last = widen(r2);
      });
    }
    inline __attribute__((always_inline)) void read(ColumnReader& columns, const Column& left) {
      read(columns);
      last_pairs[0] = _mm256_unpacklo_epi16(left.last, last);
      last_pairs[1] = _mm256_unpackhi_epi16(left.last, last);
    }
  };

  // Sums of a pixel. The steps of the weights are the three columns of rows 0 and 1, then columns 0
  // and 1 of row 2, then column 2 in a pair with nothing.
  struct Sums {
    __m256i of[2];
    const uint8_t* w;

    explicit inline __attribute__((always_inline)) Sums(const Constants& c)
        : of{load32(c.bias), load32(c.bias + 8)}, w(reinterpret_cast<const uint8_t*>(&c + 1)) {
      // So that a second pixel reads the weights again: there are too few registers to keep them,
      // and multiplying by memory costs nothing.
      asm("" : "+r"(w));
    }

    inline __attribute__((always_inline)) void add(const __m256i pairs[2], size_t step) {
      for (size_t i = 0; i < 2; ++i) {
        const __m256i weights = load32(w + step * kColumnBytes + 32 * i);
        of[i] = _mm256_add_epi32(of[i], _mm256_madd_epi16(pairs[i], weights));
      }
    }
    inline __attribute__((always_inline)) void add_left(const Column& column) {
      add(column.pairs, 0);
    }
    inline __attribute__((always_inline)) void add_middle(const Column& column) {
      add(column.pairs, 1);
      add(column.last_pairs, 3);
    }
    inline __attribute__((always_inline)) void add_right(const Column& column) {
      add(column.pairs, 2);
      add(column.last_pairs, 4);
    }
  };
};

size_t packed_bytes(const DwconvS8Weights& weights) {
  return round_up(weights.shape.outputs(), Unit::kChannels) / Unit::kChannels *
         unit_bytes<Unit>(weights.shape, 1);
}

void pack(const DwconvS8Weights& weights, void* memory) {
  auto* bytes = static_cast<uint8_t*>(memory);
  for (size_t c = 0; c < weights.shape.outputs(); c += Unit::kChannels) {
    pack_unit<Unit>(weights, unit_channels<Unit>(weights.shape, c).first, 1, bytes);
    bytes += unit_bytes<Unit>(weights.shape, 1);
  }
}

size_t scratch_bytes(const DwconvS8Shape& shape, size_t out_w) {
  return max_of(best_layout<Unit>(shape, out_w).bytes, slide_bytes<Unit>(out_w));
}

void run(const DwconvS8Args& args, size_t y0, size_t y1, size_t c0, size_t c1, int8_t* out) {
  const DwconvS8Shape& s = args.shape;
  const size_t bytes = unit_bytes<Unit>(s, 1);
  const auto* packed = static_cast<const uint8_t*>(args.packed) + c0 / Unit::kChannels * bytes;
  const bool slide = slides(s) && s.channels >= Unit::kChannels;
  for (size_t c = c0; c < c1; c += Unit::kChannels, packed += bytes) {
    const UnitChannels part = unit_channels<Unit>(s, c);
    if (slide) {
      slide_unit<Unit>(args, packed, part, y0, y1, out);
    } else {
      run_unit<Unit>(args, packed, 1, part, y0, y1, out);
    }
  }
}

}  // namespace

extern const DwconvS8Kernel kDwconvS8Avx2;
const DwconvS8Kernel kDwconvS8Avx2 = {
    "qs8_dwconv_16c2__avx2", QRT_ISA_AVX2, Unit::kChannels, 40, packed_bytes, pack,
    scratch_bytes,           run};

}  // namespace qrt::kernels
