// winograd_s8 for AVX-512 with VNNI: products of 16 bits by vpdpwssd, two at a time.
#include "kernels/avx512.h"
#include "kernels/winograd_s8/blocks.h"

namespace qrt::kernels {
namespace {

// Tiles [0, kRows) and so on, by one panel.
template <int kRows>
void multiply_rows(const int16_t* inputs, size_t channels, const int16_t* weights, size_t tiles,
                   int32_t* sums) {
  // Few sums would wait for one another: they take turns.
  constexpr size_t kTurns = kRows >= 8 ? 1 : 2;
  size_t t = 0;
  for (; t + kRows <= tiles; t += kRows, sums += kNr * kRows) {
    const int16_t* rows = inputs + t * channels;
    __m512i acc[kTurns][kRows];
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (size_t turn = 0; turn < kTurns; ++turn) acc[turn][r] = _mm512_setzero_si512();
    }
    const auto step = [&](size_t c, __m512i(&to)[kRows]) __attribute__((always_inline)) {
      const __m512i w = _mm512_loadu_si512(weights + c * kNr);
#pragma GCC unroll 16
      for (size_t r = 0; r < kRows; ++r) {
        int32_t pair;
        memcpy(&pair, rows + r * channels + c, sizeof pair);
        to[r] = _mm512_dpwssd_epi32(to[r], w, _mm512_set1_epi32(pair));
      }
    };
    size_t c = 0;
    for (; kTurns == 2 && c + 4 <= channels; c += 4) {
      step(c, acc[0]);
      step(c + 2, acc[kTurns - 1]);
    }
    for (; c < channels; c += 2) step(c, acc[0]);
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) {
      const __m512i sum = kTurns == 2 ? _mm512_add_epi32(acc[0][r], acc[kTurns - 1][r]) : acc[0][r];
      _mm512_storeu_si512(sums + kNr * r, sum);
    }
  }
  if constexpr (kRows > 1) {
    if (t < tiles) {
      multiply_rows<kRows / 2>(inputs + t * channels, channels, weights, tiles - t, sums);
    }
  }
}

struct Simd {
  using Vector = __m512i;
  // Channels widened at once; vectors that hold the sums of a panel.
  enum : size_t { kChannels = 32, kParts = 1 };

  static size_t column_at(size_t i) { return i; }

  static __mmask32 lanes(size_t channels) { return static_cast<__mmask32>(mask_of(channels)); }
  static Vector widen(__mmask32 real, const int8_t* from) {
    return _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(real, from));
  }
  static void store_words(__mmask32 real, void* to, Vector x) {
    _mm512_mask_storeu_epi16(to, real, x);
  }
  static Vector load(const void* from) { return _mm512_loadu_si512(from); }

  static Vector add16(Vector a, Vector b) { return _mm512_add_epi16(a, b); }
  static Vector sub16(Vector a, Vector b) { return _mm512_sub_epi16(a, b); }
  static Vector slli16(Vector a, unsigned n) { return _mm512_slli_epi16(a, n); }
  static Vector add32(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
  static Vector sub32(Vector a, Vector b) { return _mm512_sub_epi32(a, b); }
  static Vector slli32(Vector a, unsigned n) { return _mm512_slli_epi32(a, n); }
  static Vector srai32(Vector a, unsigned n) { return _mm512_srai_epi32(a, n); }
  static Vector mullo32(Vector a, int32_t b) { return _mm512_mullo_epi32(a, _mm512_set1_epi32(b)); }

  static void multiply_tiles(const int16_t* inputs, size_t channels, const int16_t* weights,
                             size_t tiles, int32_t* sums) {
    multiply_rows<16>(inputs, channels, weights, tiles, sums);
  }

  struct Scale {
    __m512 multipliers;
    Quantizer quantizer;

    Scale(const float* of_panel, Output out)
        : multipliers(_mm512_loadu_ps(of_panel)), quantizer(make_quantizer(out)) {}

    // A row of a tile at once, as many outputs as there are.
    template <size_t kSize>
    QRT_INLINE void store(const Vector (*sums)[1], size_t outputs, size_t columns, size_t stride,
                          int8_t* to) const {
      __m512 steps[4];
#pragma GCC unroll 4
      for (size_t i = 0; i < 4; ++i) steps[i] = steps_of(sums[i % kSize][0], multipliers);
      const __m512i bytes = in_order(quantize_64<false>(quantizer, steps));  // an output to a lane
      const auto mask = static_cast<__mmask16>(mask_of(columns));
      _mm_mask_storeu_epi8(to, mask, _mm512_castsi512_si128(bytes));
      if (outputs < 2) return;
      _mm_mask_storeu_epi8(to + stride, mask, _mm512_extracti32x4_epi32(bytes, 1));
      if (kSize == 2 || outputs < 3) return;
      _mm_mask_storeu_epi8(to + 2 * stride, mask, _mm512_extracti32x4_epi32(bytes, 2));
      if (outputs < 4) return;
      _mm_mask_storeu_epi8(to + 3 * stride, mask, _mm512_extracti32x4_epi32(bytes, 3));
    }
  };
};

// Measured.
size_t input_cost(size_t tile) { return tile == 2 ? 48 : 180; }
size_t output_cost(size_t tile) { return tile == 2 ? 160 : 500; }

constexpr WinogradS8Kernel make_row() {
  WinogradS8Kernel row{};
  row.name = "qs8_winograd_x16__avx512vnni";
  row.needs = QRT_SET_AVX512VNNI;
  row.preference = 30;
  row.nr = kNr;
  row.throughput = 200;
  row.input_cost = input_cost;
  row.output_cost = output_cost;
  row.accepts = accepts<Simd>;
  row.block = block;
  row.packed_bytes = packed_bytes;
  row.pack = pack<Simd>;
  row.scratch_bytes = scratch_bytes;
  row.run = run<Simd>;
  return row;
}

}  // namespace

extern const WinogradS8Kernel kWinogradS8Avx512vnni;
const WinogradS8Kernel kWinogradS8Avx512vnni = make_row();

}  // namespace qrt::kernels
