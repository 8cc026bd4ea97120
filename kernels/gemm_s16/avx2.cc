// Products of s16 and s8 by vpmaddwd, four rows of weights at a time.
#include <immintrin.h>

#include "kernels/gemm_s16/loops.h"

namespace qrt::kernels {
namespace {

constexpr size_t kStep = 16;
// Each lane adds two products a step.
constexpr size_t kBlock = kS16ProductsIn32Bits / 2 * kStep;

__attribute__((always_inline)) inline int64_t sum_of(__m256i lanes) {
  const __m256i low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(lanes));
  const __m256i high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256(lanes, 1));
  alignas(32) int64_t sums[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(sums), _mm256_add_epi64(low, high));
  return sums[0] + sums[1] + sums[2] + sums[3];
}

__attribute__((always_inline)) inline __m256i weights_at(const int8_t* w) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w)));
}

// kRows rows of w, whole steps of a block.
template <size_t kRows>
__attribute__((always_inline)) inline void add_block(const int16_t* a, size_t k, const int8_t* w,
                                                     size_t w_stride, int64_t* sums) {
  __m256i acc[kRows];
#pragma GCC unroll 4
  for (size_t r = 0; r < kRows; ++r) acc[r] = _mm256_setzero_si256();
  for (size_t i = 0; i < k; i += kStep) {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + i));
#pragma GCC unroll 4
    for (size_t r = 0; r < kRows; ++r) {
      const __m256i products = _mm256_madd_epi16(x, weights_at(w + r * w_stride + i));
      acc[r] = _mm256_add_epi32(acc[r], products);
    }
  }
#pragma GCC unroll 4
  for (size_t r = 0; r < kRows; ++r) sums[r] += sum_of(acc[r]);
}

void add_rows_avx2(const int16_t* a, size_t k, const int8_t* w, size_t w_stride, size_t n,
                   int64_t* sums) {
  const size_t whole = k / kStep * kStep;
  for (size_t first = 0; first < whole; first += kBlock) {
    const size_t left = whole - first, count = left < kBlock ? left : kBlock;
    size_t j = 0;
    for (; j + 4 <= n; j += 4) {
      add_block<4>(a + first, count, w + j * w_stride + first, w_stride, sums + j);
    }
    for (; j < n; ++j) {
      add_block<1>(a + first, count, w + j * w_stride + first, w_stride, sums + j);
    }
  }
  if (whole < k) add_rows(a + whole, k - whole, w + whole, w_stride, n, sums);
}

constexpr GemmS16Kernel make_row() {
  GemmS16Kernel row{};
  row.name = "s16_gemm__avx2";
  row.needs = QRT_SET_AVX2;
  row.preference = 10;
  row.throughput = 16;
  row.add_rows = add_rows_avx2;
  row.add_rows_s16 = add_rows_s16;
  row.add_channels = add_channels;
  row.requantize = requantize;
  row.requantize_twice = requantize_twice;
  row.requantize_real = requantize_real;
  return row;
}

}  // namespace

extern const GemmS16Kernel kGemmS16Avx2;
const GemmS16Kernel kGemmS16Avx2 = make_row();

}  // namespace qrt::kernels
