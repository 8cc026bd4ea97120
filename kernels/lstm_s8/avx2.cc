// lstm_s8 for AVX2: eight units at a time, the tables by gathers.
#include "kernels/lstm_s8.h"

#include "kernels/avx2.h"

namespace qrt::kernels {
namespace {

// quantize_steps, in 32 bits.
QRT_AVX2 __m256i quantize(__m256 steps, Output out) {
  const __m256 lo = _mm256_set1_ps(static_cast<float>(out.min - out.zero_point));
  const __m256 hi = _mm256_set1_ps(static_cast<float>(out.max - out.zero_point));
  const __m256i q = _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(steps, lo), hi));
  return _mm256_add_epi32(q, _mm256_set1_epi32(out.zero_point));
}

QRT_AVX2 __m256 scaled(__m256i x, __m256 multiplier) {
  return _mm256_mul_ps(_mm256_cvtepi32_ps(x), multiplier);
}

QRT_AVX2 __m256i look_up(const int32_t* points, __m256i x) {
  const __m256i offset = _mm256_add_epi32(x, _mm256_set1_epi32(32768));
  const __m256i index = _mm256_srli_epi32(offset, kLstmSpacingBits);
  const __m256i fraction = _mm256_and_si256(offset, _mm256_set1_epi32((1 << kLstmSpacingBits) - 1));
  const __m256i first = _mm256_i32gather_epi32(points, index, 4);
  const __m256i second = _mm256_i32gather_epi32(points + 1, index, 4);
  const __m256i rise = _mm256_mullo_epi32(_mm256_sub_epi32(second, first), fraction);
  const __m256i half = _mm256_set1_epi32(1 << (kLstmSpacingBits - 1));
  return _mm256_add_epi32(first, _mm256_srai_epi32(_mm256_add_epi32(rise, half), kLstmSpacingBits));
}

// Of up to eight sums; the mask leaves out what lies behind the last.
QRT_AVX2 __m256i gate_part(const int32_t* sums, const float* multipliers, __m256i mask) {
  const __m256i acc = _mm256_maskload_epi32(sums, mask);
  return quantize(scaled(acc, _mm256_maskload_ps(multipliers, mask)), {0, -32768, 32767});
}

void step(const LstmS8Args& args, const int32_t* input_sums, const int32_t* recurrent_sums,
          int16_t* c, int8_t* h) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  for (size_t u = 0; u < args.units; u += 8) {
    const size_t n = args.units - u < 8 ? args.units - u : 8;
    const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int32_t>(n)), lanes);
    __m256i gates[4];
    for (size_t k = 0; k < 4; ++k) {
      const size_t row = k * args.units + u;
      const __m256i x = gate_part(input_sums + row, args.input_multipliers + row, mask);
      const __m256i y = gate_part(recurrent_sums + row, args.recurrent_multipliers + row, mask);
      gates[k] =
          _mm256_max_epi32(_mm256_min_epi32(_mm256_add_epi32(x, y), _mm256_set1_epi32(32767)),
                           _mm256_set1_epi32(-32768));
    }
    const __m256i i = look_up(args.sigmoid, gates[0]), f = look_up(args.sigmoid, gates[1]);
    const __m256i g = look_up(args.tanh, gates[2]), o = look_up(args.sigmoid, gates[3]);
    const __m128i before = n == 8 ? load16(c + u) : load_partial(c + u, 2 * n);
    const __m256 kept =
        scaled(_mm256_mullo_epi32(f, _mm256_cvtepi16_epi32(before)), _mm256_set1_ps(1.0f / 32768));
    const __m256 added = scaled(_mm256_mullo_epi32(i, g), _mm256_set1_ps(args.cell_multiplier));
    const __m256i cell = quantize(_mm256_add_ps(kept, added), args.cell);
    const __m256i product = _mm256_mullo_epi32(o, look_up(args.cell_tanh, cell));
    const __m256i hidden =
        quantize(scaled(product, _mm256_set1_ps(args.hidden_multiplier)), args.hidden);
    const __m128i cells = _mm_packs_epi32(low_half(cell), high_half(cell));
    const __m128i words = _mm_packs_epi32(low_half(hidden), high_half(hidden));
    const __m128i bytes = _mm_packs_epi16(words, words);
    if (n == 8) {
      store16(c + u, cells);
      store8(h + u, bytes);
    } else {
      store_partial(c + u, cells, 2 * n);
      store_partial(h + u, bytes, n);
    }
  }
}

constexpr LstmS8Kernel make_row() {
  LstmS8Kernel row{};
  row.name = "qs8_lstm_x8__avx2";
  row.needs = QRT_SET_AVX2;
  row.preference = 10;
  row.step = step;
  return row;
}

}  // namespace

extern const LstmS8Kernel kLstmS8Avx2;
const LstmS8Kernel kLstmS8Avx2 = make_row();

}  // namespace qrt::kernels
