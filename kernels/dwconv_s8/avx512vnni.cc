// dwconv_s8 for AVX-512 with VNNI: four taps a vpdpbusd, 64 channels at a time; 16 at a time where
// few channels are left. Input bytes are made unsigned by adding 128, which the bias takes back.
#include "kernels/avx512.h"
#include "kernels/dwconv_s8/window3x3.h"

namespace qrt::kernels {
namespace {

// What both units share; kVectors of 16 sums.
template <int kVectors, class Derived>
struct UnitOf {
  enum : size_t {
    kChannels = 16 * kVectors,
    kTaps = 4,
    kRowBytes = kChannels,
    kColumnBytes = 4 * kChannels
  };
  enum : bool { kEndsWithLast = false };
  enum : int32_t { kOffset = 128, kMin = INT8_MIN, kMax = INT8_MAX };
  using Weight = int8_t;

  struct Constants {
    int32_t bias[kChannels];
    float multipliers[kChannels];
  };

  static void fill(int8_t value, size_t columns, uint8_t* to) {
    memset(to, static_cast<uint8_t>(value) ^ 0x80, columns * kRowBytes);
  }

  static void copy(const int8_t* from, size_t stride, size_t channels, size_t columns,
                   uint8_t* to) {
    const __mmask64 real = mask_of(channels), all = mask_of(kRowBytes);
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
    for (size_t j = 0; j < columns; ++j, from += stride, to += kRowBytes) {
      const __m512i bytes = _mm512_maskz_loadu_epi8(real, from);
      _mm512_mask_storeu_epi8(to, all, _mm512_xor_si512(bytes, flip));
    }
  }

  // Pixels whose sums are packed together.
  enum : size_t { kPixels = 4 / kVectors };

  // What turns sums into quantized bytes.
  struct Scale {
    __m512 multipliers[kVectors];
    Quantizer quantizer;
    __mmask64 mask;

    Scale(const Constants& constants, Output out, UnitChannels part)
        : quantizer(make_quantizer(out)), mask(mask_of(part.count)) {
      for (int v = 0; v < kVectors; ++v) {
        multipliers[v] = _mm512_loadu_ps(constants.multipliers + 16 * v);
      }
    }

    // As quantize_64 leaves them.
    template <bool kBounded>
    __m512i pack(const __m512i acc[4]) const {
      __m512 steps[4];
      for (int i = 0; i < 4; ++i) steps[i] = steps_of(acc[i], multipliers[i % kVectors]);
      return quantize_64<kBounded>(quantizer, steps);
    }
  };

  static void store_row(const int8_t*, size_t, UnitChannels, size_t, int8_t*) {}  // nothing skipped

  // As many pixels at a time as are stored together. The weights of a second pass stay in memory.
  template <size_t kStride, size_t kPasses>
  static QRT_INLINE void slide(ColumnReader<3> columns, const Constants& constants,
                               const Scale& scale_of_unit, SlideOut out) {
    const Scale scale = scale_of_unit;
    const auto* packed = reinterpret_cast<const uint8_t*>(&constants + 1);
    __m512i w[3][kVectors];
    for (int step = 0; step < 3; ++step) {
      for (int v = 0; v < kVectors; ++v) {
        w[step][v] = _mm512_loadu_si512(packed + step * size_t{kColumnBytes} + 64 * v);
      }
    }
    Column left, middle, right;
    left.read(columns, scale.mask);
    if (kStride == 1) middle.read(columns, scale.mask);
    for (size_t p = 0; p < out.pixels; p += kPixels, out.at += kPixels * out.stride) {
      __m512i acc[4];
#pragma GCC unroll 4
      for (size_t i = 0; i < 4; i += kVectors) {
        if (kStride == 2) middle.read(columns, scale.mask);
        right.read(columns, scale.mask);
        for (size_t v = 0; v < kVectors; ++v) {
          __m512i sum = _mm512_loadu_si512(constants.bias + 16 * v);
          sum = _mm512_dpbusd_epi32(sum, left.joined[v], w[0][v]);
          sum = _mm512_dpbusd_epi32(sum, middle.joined[v], w[1][v]);
          sum = _mm512_dpbusd_epi32(sum, right.joined[v], w[2][v]);
          if (kPasses == 2) {
            const auto second = [&](size_t step) {
              return _mm512_loadu_si512(packed + (3 + step) * kColumnBytes + 64 * v);
            };
            sum = _mm512_dpbusd_epi32(sum, left.joined[v], second(0));
            sum = _mm512_dpbusd_epi32(sum, middle.joined[v], second(1));
            sum = _mm512_dpbusd_epi32(sum, right.joined[v], second(2));
          }
          acc[i + v] = sum;
        }
        left = kStride == 2 ? right : middle;
        middle = right;
      }
      Derived::template store<true>(scale, acc, out.pixels - p, out.stride, out.at);
    }
  }

  // kGroups times kPixels pixels at a time; those beyond the last repeat it. By value: what is
  // written through `out` could be anything, as far as the compiler knows, but its own copies.
  static void sums(Stretch<Constants> stretch, const uint8_t* columns, size_t pixels, int8_t* out) {
    enum : size_t { kGroups = 2 };
    const Scale scale(*stretch.constants, stretch.out, stretch.part);
    for (size_t p = 0; p < pixels; p += kGroups * kPixels) {
      const uint8_t* at[kGroups * kPixels];
      for (size_t i = 0; i < kGroups * kPixels; ++i) {
        at[i] = columns + min_of(p + i, pixels - 1) * stretch.pixel_bytes;
      }
      __m512i acc[kGroups][4];
      for (size_t g = 0; g < kGroups; ++g) {
        for (int i = 0; i < 4; ++i) {
          acc[g][i] = _mm512_loadu_si512(stretch.constants->bias + 16 * (i % kVectors));
        }
      }
      const auto* w = reinterpret_cast<const uint8_t*>(stretch.constants + 1);
      for (size_t pass = 0; pass < stretch.passes; ++pass) {
        for (size_t step = 0; step < stretch.steps; ++step, w += kColumnBytes) {
          const size_t offset = stretch.offsets[step];
          for (size_t g = 0; g < kGroups; ++g) {
            for (size_t i = 0; i < 4; ++i) {
              const size_t v = i % kVectors;
              acc[g][i] = _mm512_dpbusd_epi32(
                  acc[g][i], _mm512_loadu_si512(at[g * kPixels + i / kVectors] + offset + 64 * v),
                  _mm512_loadu_si512(w + 64 * v));
            }
          }
        }
      }
#pragma GCC unroll 4
      for (size_t g = 0; g < kGroups; ++g) {
        const size_t first = p + g * kPixels;
        if (first >= pixels) break;
        Derived::template store<false>(scale, acc[g], pixels - first, stretch.out_stride,
                                       out + first * stretch.out_stride);
      }
    }
  }

 private:
  // A column of a 3x3 window.
  struct Column {
    __m512i joined[kVectors];

    QRT_INLINE void read(ColumnReader<3>& columns, __mmask64 mask) {
      columns.next([this, mask](const int8_t* const rows[3]) {
        Derived::join_three(rows[0], rows[1], rows[2], mask, joined);
      });
    }
  };
};

struct Wide : UnitOf<4, Wide> {
  // The order in which unpacking within lanes leaves the channels; packing the sums undoes it.
  static size_t channel_at(size_t i) { return i % 16 / 4 * 16 + i / 16 * 4 + i % 4; }

  static void join(const uint8_t* const from[kTaps], size_t, size_t columns, uint8_t* to) {
    for (size_t j = 0; j < columns; ++j, to += kColumnBytes) {
      __m512i row[4], joined[4];
      for (int i = 0; i < 4; ++i) row[i] = _mm512_loadu_si512(from[i] + j * kRowBytes);
      join_four(row[0], row[1], row[2], row[3], joined);
      for (int i = 0; i < 4; ++i) _mm512_storeu_si512(to + 64 * i, joined[i]);
    }
  }

  static QRT_INLINE void join_four(__m512i a, __m512i b, __m512i c, __m512i d, __m512i joined[4]) {
    const __m512i low_ab = _mm512_unpacklo_epi8(a, b), high_ab = _mm512_unpackhi_epi8(a, b);
    const __m512i low_cd = _mm512_unpacklo_epi8(c, d), high_cd = _mm512_unpackhi_epi8(c, d);
    joined[0] = _mm512_unpacklo_epi16(low_ab, low_cd);
    joined[1] = _mm512_unpackhi_epi16(low_ab, low_cd);
    joined[2] = _mm512_unpacklo_epi16(high_ab, high_cd);
    joined[3] = _mm512_unpackhi_epi16(high_ab, high_cd);
  }

  // The fourth tap may be anything: its weight is zero.
  static QRT_INLINE void join_three(const int8_t* a, const int8_t* b, const int8_t* c,
                                    __mmask64 mask, __m512i joined[4]) {
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
    const __m512i last = _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, c), flip);
    join_four(_mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, a), flip),
              _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, b), flip), last, last, joined);
  }

  template <bool kBounded>
  static void store(const Scale& scale, const __m512i acc[4], size_t, size_t, int8_t* out) {
    _mm512_mask_storeu_epi8(out, scale.mask, scale.template pack<kBounded>(acc));
  }
};

struct Narrow : UnitOf<1, Narrow> {
  static size_t channel_at(size_t i) { return i; }

  static void join(const uint8_t* const from[kTaps], size_t taps, size_t columns, uint8_t* to) {
    for (size_t j = 0; j < columns; ++j, to += kColumnBytes) {
      __m512i joined = row(from[0], j);
      if (taps > 1) joined = _mm512_or_si512(joined, _mm512_slli_epi32(row(from[1], j), 8));
      if (taps > 2) joined = _mm512_or_si512(joined, _mm512_slli_epi32(row(from[2], j), 16));
      if (taps > 3) joined = _mm512_or_si512(joined, _mm512_slli_epi32(row(from[3], j), 24));
      _mm512_storeu_si512(to, joined);
    }
  }

  static QRT_INLINE void join_three(const int8_t* a, const int8_t* b, const int8_t* c,
                                    __mmask64 mask, __m512i* joined) {
    const __m512i ra = _mm512_castsi128_si512(_mm_maskz_loadu_epi8(mask, a));
    const __m512i rab = _mm512_inserti32x4(ra, _mm_maskz_loadu_epi8(mask, b), 1);
    const __m512i rabc = _mm512_inserti32x4(rab, _mm_maskz_loadu_epi8(mask, c), 2);
    // Four channels of every row to a lane, where they are transposed.
    const __m512i by_channel =
        _mm512_setr_epi32(0, 4, 8, 8, 1, 5, 9, 9, 2, 6, 10, 10, 3, 7, 11, 11);
    const __m512i transpose =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m512i bytes =
        _mm512_shuffle_epi8(_mm512_permutexvar_epi32(by_channel, rabc), transpose);
    *joined = _mm512_xor_si512(bytes, _mm512_set1_epi8(static_cast<char>(0x80)));
  }

  template <bool kBounded>
  static void store(const Scale& scale, const __m512i acc[4], size_t pixels, size_t stride,
                    int8_t* out) {
    const __m512i by_pixel =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i bytes = _mm512_permutexvar_epi32(by_pixel, scale.template pack<kBounded>(acc));
    const auto mask = static_cast<__mmask16>(scale.mask);
    _mm_mask_storeu_epi8(out, mask, _mm512_castsi512_si128(bytes));
    if (pixels < 2) return;
    _mm_mask_storeu_epi8(out + stride, mask, _mm512_extracti32x4_epi32(bytes, 1));
    if (pixels < 3) return;
    _mm_mask_storeu_epi8(out + 2 * stride, mask, _mm512_extracti32x4_epi32(bytes, 2));
    if (pixels < 4) return;
    _mm_mask_storeu_epi8(out + 3 * stride, mask, _mm512_extracti32x4_epi32(bytes, 3));
  }

 private:
  static __m512i row(const uint8_t* from, size_t column) {
    return _mm512_cvtepu8_epi32(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + column * kRowBytes)));
  }
};

// So few channels are faster by 16: a wide unit costs about three narrow ones.
enum : size_t { kNarrowFrom = 32 };

// Weights of eight bits less a zero point may need nine.
size_t passes_of(const DwconvS8Weights& weights) {
  int32_t min = 0, max = 0;
  const size_t taps = weights.shape.taps();
  for (size_t c = 0; weights.w_zero_points != nullptr && c < weights.shape.outputs(); ++c) {
    for (size_t t = 0; t < taps; ++t) {
      const int32_t w = weights.w[c * taps + t] - weights.w_zero_points[c];
      min = w < min ? w : min;
      max = w > max ? w : max;
    }
  }
  size_t passes = 1;
  for (; min < INT8_MIN || max > INT8_MAX; ++passes) min -= INT8_MIN, max -= INT8_MAX;
  return passes;
}

// Calls wide(c, offset) or narrow(c, offset) for the units of [c0, c1), offset of their weights.
template <class WideUnit, class NarrowUnit>
void for_each_unit(const DwconvS8Shape& shape, size_t passes, size_t c0, size_t c1, WideUnit wide,
                   NarrowUnit narrow) {
  const size_t steps = step_count(shape, Wide::kTaps);
  const size_t wide_bytes = unit_bytes<Wide>(passes, steps);
  size_t offset = sizeof(Header) + c0 / Wide::kChannels * wide_bytes;
  for (size_t c = c0; c < c1;) {
    if (shape.outputs() - c > kNarrowFrom) {
      wide(c, offset);
      offset += wide_bytes;
      c += Wide::kChannels;
    } else {
      narrow(c, offset);
      offset += unit_bytes<Narrow>(passes, steps);
      c += Narrow::kChannels;
    }
  }
}

uint64_t packed_bytes(const DwconvS8Weights& weights) {
  const DwconvS8Shape& shape = weights.shape;
  const size_t passes = passes_of(weights), steps = step_count(shape, Wide::kTaps);
  size_t bytes = sizeof(Header);
  for_each_unit(
      shape, passes, 0, shape.outputs(),
      [&](size_t, size_t offset) { bytes = offset + unit_bytes<Wide>(passes, steps); },
      [&](size_t, size_t offset) { bytes = offset + unit_bytes<Narrow>(passes, steps); });
  return bytes;
}

void pack(const DwconvS8Weights& weights, void* memory) {
  auto* bytes = static_cast<uint8_t*>(memory);
  const size_t passes = passes_of(weights);
  const GroupedTaps taps = {weights.shape, Wide::kTaps};
  *static_cast<Header*>(memory) = {passes, bounded(weights), {}};
  for_each_unit(
      weights.shape, passes, 0, weights.shape.outputs(),
      [&](size_t c, size_t offset) { pack_unit<Wide>(weights, c, passes, taps, bytes + offset); },
      [&](size_t c, size_t offset) {
        pack_unit<Narrow>(weights, c, passes, taps, bytes + offset);
      });
}

uint64_t scratch_bytes(const DwconvS8Shape& shape, size_t out_w) {
  return larger_of(best_layout<Wide>(shape, out_w).bytes, best_layout<Narrow>(shape, out_w).bytes);
}

template <class Unit>
void run_one(const DwconvS8Args& args, const Header& header, const uint8_t* packed, size_t c,
             size_t y0, size_t y1, int8_t* out) {
  const UnitChannels part = unit_channels<Unit>(args.shape, c);
  const bool slide = header.bounded && slides(args.shape);
  if (slide && header.passes == 1) {
    run_slides<Unit, 1>(args, packed, part, y0, y1, out);
  } else if (slide && header.passes == 2) {
    run_slides<Unit, 2>(args, packed, part, y0, y1, out);
  } else {
    run_unit<Unit>(args, packed, header.passes, part, y0, y1, out);
  }
}

void run(const DwconvS8Args& args, size_t y0, size_t y1, size_t c0, size_t c1, int8_t* out) {
  const auto* packed = static_cast<const uint8_t*>(args.packed);
  const Header& header = *static_cast<const Header*>(args.packed);
  for_each_unit(
      args.shape, header.passes, c0, c1,
      [&](size_t c, size_t offset) {
        run_one<Wide>(args, header, packed + offset, c, y0, y1, out);
      },
      [&](size_t c, size_t offset) {
        run_one<Narrow>(args, header, packed + offset, c, y0, y1, out);
      });
}

constexpr DwconvS8Kernel make_row() {
  DwconvS8Kernel row{};
  row.name = "qs8_dwconv_64c4__avx512vnni";
  row.needs = QRT_SET_AVX512VNNI;
  row.preference = 30;
  row.block = Wide::kChannels;
  row.throughput = 100;
  row.packed_bytes = packed_bytes;
  row.pack = pack;
  row.scratch_bytes = scratch_bytes;
  row.run = run;
  return row;
}

}  // namespace

extern const DwconvS8Kernel kDwconvS8Avx512vnni;
const DwconvS8Kernel kDwconvS8Avx512vnni = make_row();

}  // namespace qrt::kernels
