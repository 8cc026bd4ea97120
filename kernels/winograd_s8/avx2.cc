// winograd_s8 for AVX2: products of 16 bits by vpmaddwd, as gemm_s8 has them.
#include <immintrin.h>

#include "kernels/avx2_words.h"
#include "kernels/winograd_s8/blocks.h"

namespace qrt::kernels {
namespace {

template <int kRows>
void multiply_rows(const int16_t* inputs, size_t channels, const int16_t* weights, size_t tiles,
                   int32_t* sums) {
  size_t t = 0;
  for (; t + kRows <= tiles; t += kRows, sums += kNr * kRows) {
    __m256i acc[kRows][2];
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
    multiply<kRows, 2>(inputs + t * channels, channels, weights, channels / 2, acc);
#pragma GCC unroll 4
    for (size_t r = 0; r < kRows; ++r) {
      store32(sums + kNr * r, acc[r][0]);
      store32(sums + kNr * r + 8, acc[r][1]);
    }
  }
  if constexpr (kRows > 1) {
    if (t < tiles) {
      multiply_rows<kRows / 2>(inputs + t * channels, channels, weights, tiles - t, sums);
    }
  }
}

struct Simd {
  using Vector = __m256i;
  // Channels widened at once; vectors that hold the sums of a panel.
  enum : size_t { kChannels = 16, kParts = 2 };

  // The order in which packing within lanes leaves the channels right.
  static size_t column_at(size_t i) { return i / 4 % 2 * 8 + i / 8 * 4 + i % 4; }

  struct Lanes {};
  static Lanes lanes(size_t) { return {}; }  // always 16
  static Vector widen(Lanes, const int8_t* from) { return _mm256_cvtepi8_epi16(load16(from)); }
  static void store_words(Lanes, void* to, Vector x) { store32(to, x); }
  static Vector load(const void* from) { return load32(from); }

  static Vector add16(Vector a, Vector b) { return _mm256_add_epi16(a, b); }
  static Vector sub16(Vector a, Vector b) { return _mm256_sub_epi16(a, b); }
  static Vector slli16(Vector a, int n) { return _mm256_slli_epi16(a, n); }
  static Vector add32(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
  static Vector sub32(Vector a, Vector b) { return _mm256_sub_epi32(a, b); }
  static Vector slli32(Vector a, int n) { return _mm256_slli_epi32(a, n); }
  static Vector srai32(Vector a, int n) { return _mm256_srai_epi32(a, n); }
  static Vector mullo32(Vector a, int32_t b) { return _mm256_mullo_epi32(a, _mm256_set1_epi32(b)); }

  static void multiply_tiles(const int16_t* inputs, size_t channels, const int16_t* weights,
                             size_t tiles, int32_t* sums) {
    multiply_rows<4>(inputs, channels, weights, tiles, sums);
  }

  struct Scale {
    const float* multipliers;
    Quantizer quantizer;

    Scale(const float* of_panel, Output out)
        : multipliers(of_panel), quantizer(make_quantizer(out)) {}

    __m256i words(const Vector sums[2]) const {
      return quantize_words(quantizer, steps_of(sums[0], multipliers),
                            steps_of(sums[1], multipliers + 8));
    }

    // A row of a tile, two outputs at a time, as many as there are.
    template <size_t kSize>
    QRT_INLINE void store(const Vector (*sums)[2], size_t outputs, size_t columns, size_t stride,
                          int8_t* to) const {
#pragma GCC unroll 2
      for (size_t i = 0; i < kSize; i += 2) {
        if (i >= outputs) break;
        __m256i bytes = _mm256_packs_epi16(words(sums[i]), words(sums[i + 1]));
        bytes = _mm256_max_epi8(_mm256_permute4x64_epi64(bytes, 0xD8), quantizer.min);
        store_first(to + i * stride, low_half(bytes), columns);
        if (i + 1 < outputs) store_first(to + (i + 1) * stride, high_half(bytes), columns);
      }
    }
  };
};

// Measured.
size_t input_cost(size_t tile) { return tile == 2 ? 24 : 90; }
size_t output_cost(size_t tile) { return tile == 2 ? 80 : 250; }

constexpr WinogradS8Kernel make_row() {
  WinogradS8Kernel row{};
  row.name = "qs8_winograd_x16__avx2";
  row.needs = QRT_SET_AVX2;
  row.preference = 10;
  row.nr = kNr;
  row.throughput = 100;
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

extern const WinogradS8Kernel kWinogradS8Avx2;
const WinogradS8Kernel kWinogradS8Avx2 = make_row();

}  // namespace qrt::kernels
