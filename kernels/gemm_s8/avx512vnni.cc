// gemm_s8 for AVX-512 with VNNI. Tiles are 6 rows by 4 panels of 16 columns, 12 by 2 or 16 by 1:
// enough sums to hide the latency of vpdpbusd, and fewer loads than products.
#include "kernels/avx512.h"
#include "kernels/gemm_s8/vnni.h"

namespace qrt::kernels {
namespace {

inline void store_part(__m512i bytes, int part, __mmask64 mask, int8_t* to) {
  const __m512i shifted = part == 0   ? bytes
                          : part == 1 ? _mm512_shuffle_i32x4(bytes, bytes, 0x39)
                          : part == 2 ? _mm512_shuffle_i32x4(bytes, bytes, 0x4E)
                                      : _mm512_shuffle_i32x4(bytes, bytes, 0x93);
  _mm512_mask_storeu_epi8(to, mask, shifted);
}

struct Simd {
  using Vector = __m512i;
  enum : int { kParts = 1 };
  enum : size_t { kShortTap = 64 };

  static Vector zero() { return _mm512_setzero_si512(); }
  static Vector load(const void* p) { return _mm512_loadu_si512(p); }
  static void save(void* p, Vector x) { _mm512_storeu_si512(p, x); }
  static Vector broadcast(int32_t x) { return _mm512_set1_epi32(x); }
  static Vector add(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
  static Vector dot(Vector acc, Vector a, Vector w) { return _mm512_dpbusd_epi32(acc, a, w); }
  static Vector subtract_product(Vector acc, Vector a, int32_t b) {
    return _mm512_sub_epi32(acc, _mm512_mullo_epi32(a, _mm512_set1_epi32(b)));
  }

  // `count` bytes plus 128. Up to 63 more bytes are written behind them.
  static void copy_unsigned(const int8_t* from, size_t count, uint8_t* to) {
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
    size_t i = 0;
    for (; i + 64 <= count; i += 64) {
      _mm512_storeu_si512(to + i, _mm512_xor_si512(_mm512_loadu_si512(from + i), flip));
    }
    if (i == count) return;
    const __m512i rest = _mm512_maskz_loadu_epi8(mask_of(count - i), from + i);
    _mm512_storeu_si512(to + i, _mm512_xor_si512(rest, flip));
  }

  // Whole rows whose taps take a vector each.
  static void copy_short_taps(const GemmS8Args& args, size_t m, size_t rows, size_t stride,
                              uint8_t* to) {
    // Where 16 bytes hold a tap, few stores reach into another cache line.
    if (args.k <= 16) {
      const auto mask = static_cast<__mmask16>(mask_of(args.k));
      const __m128i flip = _mm_set1_epi8(static_cast<char>(0x80));
      for_each_tap(args, m, rows, stride, to, [=](const int8_t* from, uint8_t* at) {
        const __m128i bytes = _mm_xor_si128(_mm_maskz_loadu_epi8(mask, from), flip);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(at), bytes);
      });
    } else {
      const __mmask64 mask = mask_of(args.k);
      const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
      for_each_tap(args, m, rows, stride, to, [=](const int8_t* from, uint8_t* at) {
        _mm512_storeu_si512(at, _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, from), flip));
      });
    }
  }

  static int32_t row_sum(const uint8_t* row, size_t count) {
    __m512i sum = _mm512_setzero_si512();
    for (size_t i = 0; i < count; i += 64) {
      const __m512i bytes = _mm512_maskz_loadu_epi8(mask_of(count - i), row + i);
      sum = _mm512_add_epi64(sum, _mm512_sad_epu8(bytes, _mm512_setzero_si512()));
    }
    return static_cast<int32_t>(_mm512_reduce_add_epi64(sum));
  }

  template <int kRows, int kPanels>
  static QRT_INLINE void store(const __m512i (&acc)[kRows][kPanels],
                               const Panel* const panels[kPanels], size_t stride, Output limits,
                               size_t columns, int8_t* out) {
    constexpr int kRowsAtOnce = 4 / kPanels;
    const __mmask64 mask = mask_of(columns);
    const Quantizer quantizer = make_quantizer(limits);
    __m512 multipliers[kPanels];
#pragma GCC unroll 16
    for (int p = 0; p < kPanels; ++p) multipliers[p] = _mm512_loadu_ps(panels[p]->multipliers);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; r += kRowsAtOnce) {
      __m512 steps[4];
#pragma GCC unroll 16
      for (int i = 0; i < 4; ++i) {
        const int row = r + i / kPanels < kRows ? r + i / kPanels : kRows - 1;
        steps[i] = steps_of(acc[row][i % kPanels], multipliers[i % kPanels]);
      }
      const __m512i bytes = in_order(quantize_64<true>(quantizer, steps));
#pragma GCC unroll 16
      for (int i = 0; i < kRowsAtOnce; ++i) {
        if (r + i < kRows) {
          store_part(bytes, i * kPanels, mask, out + static_cast<size_t>(r + i) * stride);
        }
      }
    }
  }

  template <int kRows, int kPanels>
  static QRT_INLINE void store(const __m512i (&acc)[kRows][kPanels], const Panel* const*,
                               size_t stride, Output, size_t columns, int32_t* out) {
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r, out += stride) {
#pragma GCC unroll 16
      for (size_t p = 0; p < kPanels; ++p) {
        const auto mask =
            static_cast<__mmask16>(mask_of(columns > p * kNr ? columns - p * kNr : 0));
        _mm512_mask_storeu_epi32(out + p * kNr, mask, acc[r][p]);
      }
    }
  }

  template <class T>
  static void run_block(const Block& block, size_t rows, size_t n0, size_t n1, T* out) {
    for (size_t n = n0; n < n1;) {
      const size_t panels = (n1 - n + kNr - 1) / kNr;
      if (panels >= 4) {
        run_rows<Simd, 6, 4>(block, 0, rows, n, n1, out);
        n += 4 * kNr;
      } else if (panels >= 2) {
        run_rows<Simd, 12, 2>(block, 0, rows, n, n1, out);
        n += 2 * kNr;
      } else {
        run_rows<Simd, 16, 1>(block, 0, rows, n, n1, out);
        n += kNr;
      }
    }
  }
};

void run(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int8_t* out) {
  run_all<Simd>(args, m0, m1, n0, n1, out);
}

void run_s32(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int32_t* out) {
  run_all<Simd>(args, m0, m1, n0, n1, out);
}

constexpr GemmS8Kernel make_row() {
  GemmS8Kernel row{};
  row.name = "qs8_gemm_6x64c4__avx512vnni";
  row.needs = QRT_SET_AVX512VNNI;
  row.preference = 30;
  row.mr = 6;
  row.nr = kNr;
  row.throughput = 400;
  row.row_bytes = row_bytes;
  row.packed_bytes = packed_bytes;
  row.pack = pack;
  row.run = run;
  row.run_s32 = run_s32;
  return row;
}

}  // namespace

extern const GemmS8Kernel kGemmS8Avx512vnni;
const GemmS8Kernel kGemmS8Avx512vnni = make_row();

}  // namespace qrt::kernels
