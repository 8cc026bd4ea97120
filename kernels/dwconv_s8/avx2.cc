// dwconv_s8 for AVX2: 16 channels at a time, two taps a vpmaddwd, whose 16-bit products are exact.
#include <immintrin.h>

#include "kernels/avx2.h"
#include "kernels/dwconv_s8/avx2_window5x5.h"
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

    // Sums of two pixels as bytes, a lane each. Those that are bounded need no limit in floats.
    template <bool kBounded>
    __m256i pack(const __m256i a[2], const __m256i b[2]) const {
      const __m256i bytes = _mm256_packs_epi16(words<kBounded>(a), words<kBounded>(b));
      const __m256i q = _mm256_max_epi8(_mm256_permute4x64_epi64(bytes, 0xD8), quantizer.min);
      return kBounded ? _mm256_min_epi8(q, quantizer.max) : q;
    }

   private:
    // In the channels' order.
    template <bool kBounded>
    __m256i words(const __m256i acc[2]) const {
      __m256 steps[2];
      for (int i = 0; i < 2; ++i) {
        steps[i] = steps_of(acc[i], multipliers + 8 * i);
      }
      return kBounded ? quantize_bounded_words(quantizer, steps[0], steps[1])
                      : quantize_words(quantizer, steps[0], steps[1]);
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
        const __m256i q = scale.pack<false>(acc[i], acc[i + 1]);
        store(_mm256_castsi256_si128(q), stretch.part, out + i * stretch.out_stride);
        if (p + i + 1 >= pixels) break;
        store(_mm256_extracti128_si256(q, 1), stretch.part, out + (i + 1) * stretch.out_stride);
      }
    }
  }

  // Two pixels at a time; what remains of the columns before is in registers. Row 2 goes in pairs
  // of columns, which both pixels use: its steps are 3 and 4 for the first, 5 and 6 for the second.
  template <size_t kStride, size_t>
  static QRT_INLINE void slide(ColumnReader<3> columns, const Constants& constants,
                               const Scale& scale_of_unit, SlideOut out) {
    const Scale scale = scale_of_unit;
    Column first, second, third, fourth;
    ColumnPair left, right;
    first.read(columns);
    second.read(columns);
    left.join(first, second);
    for (size_t p = 0; p < out.pixels; p += 2, out.at += 2 * out.stride) {
      Sums a(constants), b(constants);
      a.add(first.pairs, 0);
      a.add(second.pairs, 1);
      a.add(left.pairs, 3);
      if (kStride == 1) {
        b.add(second.pairs, 0);
        b.add(left.pairs, 5);
      }
      third.read(columns);
      a.add(third.pairs, 2);
      b.add(third.pairs, kStride == 1 ? 1 : 0);
      fourth.read(columns);
      b.add(fourth.pairs, kStride == 1 ? 2 : 1);
      right.join(third, fourth);
      a.add(right.pairs, 4);
      b.add(right.pairs, kStride == 1 ? 6 : 3);
      if (kStride == 1) {
        first = third;
        second = fourth;
        left = right;
      } else {
        first.read(columns);
        b.add(first.pairs, 2);
        second.read(columns);
        left.join(first, second);
        b.add(left.pairs, 4);
      }
      const __m256i q = scale.pack<true>(a.of, b.of);
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

  // A column of a 3x3 window: rows 0 and 1 in pairs, row 2 by itself.
  struct Column {
    __m256i pairs[2], last;

    QRT_INLINE void read(ColumnReader<3>& columns) {
      columns.next([this](const int8_t* const rows[3]) {
        const __m256i a = widen(rows[0]), b = widen(rows[1]);
        pairs[0] = _mm256_unpacklo_epi16(a, b);
        pairs[1] = _mm256_unpackhi_epi16(a, b);
        last = widen(rows[2]);
      });
    }
  };

  // Row 2 of two columns.
  struct ColumnPair {
    __m256i pairs[2];

    QRT_INLINE void join(const Column& left, const Column& right) {
      pairs[0] = _mm256_unpacklo_epi16(left.last, right.last);
      pairs[1] = _mm256_unpackhi_epi16(left.last, right.last);
    }
  };

  // Sums of a pixel.
  struct Sums {
    __m256i of[2];
    const uint8_t* w;

    explicit QRT_INLINE Sums(const Constants& c)
        : of{load32(c.bias), load32(c.bias + 8)}, w(reinterpret_cast<const uint8_t*>(&c + 1)) {
      // So that a second pixel reads the weights again: there are too few registers to keep them,
      // and multiplying by memory costs nothing.
      asm("" : "+r"(w));
    }

    QRT_INLINE void add(const __m256i pairs[2], size_t step) {
      for (size_t i = 0; i < 2; ++i) {
        const __m256i weights = load32(w + step * kColumnBytes + 32 * i);
        add_products(of[i], pairs[i], weights);
      }
    }
  };
};

// Rows 0 and 1 column by column, then row 2 in pairs of columns, for windows that begin with one
// and for those that begin within one.
struct Taps3x3 {
  size_t steps() const { return 7; }
  size_t at(size_t step, size_t slot) const {
    const size_t none = kNoTap;
    const size_t last[4][2] = {{6, 7}, {8, none}, {none, 6}, {7, 8}};
    return step < 3 ? step + 3 * slot : last[step - 3][slot];
  }
};

// How the sums of a convolution are made. Those by windows want bounded sums.
enum class Way { kColumns, k3x3, k5x5 };

Way way_of(const DwconvS8Shape& s, bool bounded) {
  if (!bounded || s.channels < Unit::kChannels) return Way::kColumns;
  return slides(s) ? Way::k3x3 : is_5x5(s) ? Way::k5x5 : Way::kColumns;
}

size_t steps_of(const DwconvS8Shape& s, Way way) {
  return way == Way::k3x3   ? Taps3x3().steps()
         : way == Way::k5x5 ? Taps5x5().steps()
                            : step_count(s, Unit::kTaps);
}

uint64_t packed_bytes(const DwconvS8Weights& weights) {
  const DwconvS8Shape& s = weights.shape;
  const uint64_t units = round_up(s.outputs(), Unit::kChannels) / Unit::kChannels;
  return sizeof(Header) + units * unit_bytes<Unit>(1, steps_of(s, way_of(s, bounded(weights))));
}

template <class Taps>
void pack_units(const DwconvS8Weights& weights, const Taps& taps, uint8_t* to) {
  for (size_t c = 0; c < weights.shape.outputs(); c += Unit::kChannels) {
    pack_unit<Unit>(weights, unit_channels<Unit>(weights.shape, c).first, 1, taps, to);
    to += unit_bytes<Unit>(1, taps.steps());
  }
}

void pack(const DwconvS8Weights& weights, void* memory) {
  auto* header = static_cast<Header*>(memory);
  *header = {1, bounded(weights), {}};
  auto* to = reinterpret_cast<uint8_t*>(header + 1);
  switch (way_of(weights.shape, header->bounded)) {
    case Way::k3x3:
      return pack_units(weights, Taps3x3(), to);
    case Way::k5x5:
      return pack_units(weights, Taps5x5(), to);
    case Way::kColumns:
      return pack_units(weights, GroupedTaps{weights.shape, Unit::kTaps}, to);
  }
}

uint64_t scratch_bytes(const DwconvS8Shape& s, size_t out_w) {
  const uint64_t columns = best_layout<Unit>(s, out_w).bytes;
  return larger_of(columns,
                   is_5x5(s) ? best_layout_5x5<Unit>(s, out_w).bytes : slide_bytes<Unit>(out_w));
}

void run(const DwconvS8Args& args, size_t y0, size_t y1, size_t c0, size_t c1, int8_t* out) {
  const DwconvS8Shape& s = args.shape;
  const auto* header = static_cast<const Header*>(args.packed);
  const Way way = way_of(s, header->bounded);
  const size_t bytes = unit_bytes<Unit>(1, steps_of(s, way));
  const auto* packed = reinterpret_cast<const uint8_t*>(header + 1) + c0 / Unit::kChannels * bytes;
  for (size_t c = c0; c < c1; c += Unit::kChannels, packed += bytes) {
    const UnitChannels part = unit_channels<Unit>(s, c);
    switch (way) {
      case Way::k3x3:
        run_slides<Unit, 1>(args, packed, part, y0, y1, out);
        break;
      case Way::k5x5:
        Unit5x5<Unit>(args, packed, part).run(y0, y1, out);
        break;
      case Way::kColumns:
        run_unit<Unit>(args, packed, 1, part, y0, y1, out);
        break;
    }
  }
}

constexpr DwconvS8Kernel make_row() {
  DwconvS8Kernel row{};
  row.name = "qs8_dwconv_16c2__avx2";
  row.needs = QRT_SET_AVX2;
  row.preference = 10;
  row.block = Unit::kChannels;
  row.throughput = 40;
  row.packed_bytes = packed_bytes;
  row.pack = pack;
  row.scratch_bytes = scratch_bytes;
  row.run = run;
  return row;
}

}  // namespace

extern const DwconvS8Kernel kDwconvS8Avx2;
const DwconvS8Kernel kDwconvS8Avx2 = make_row();

}  // namespace qrt::kernels
