// The transforms of F(2x2, 3x3) and F(4x4, 3x3), in integers. Filters are transformed by a matrix
// whose rows are scaled until they are whole, inputs by one that is, and what the scales leave of
// the results is taken away at the end.
#pragma once

#include "kernels/avx2.h"
#include "kernels/column_reader.h"

namespace qrt::kernels {
namespace {

// Matrix * filter * matrix transposed: [kSize + 2][kSize + 2] from [3][3].
template <class Tile>
void transform_filter(const int32_t g[9], int32_t* out) {
  constexpr size_t kIn = Tile::kSize + 2;
  for (size_t y = 0; y < kIn; ++y) {
    int32_t row[3];
    for (size_t x = 0; x < 3; ++x) {
      const int32_t* f = Tile::kFilter[y];
      row[x] = f[0] * g[x] + f[1] * g[3 + x] + f[2] * g[6 + x];
    }
    for (size_t x = 0; x < kIn; ++x) {
      const int32_t* f = Tile::kFilter[x];
      out[y * kIn + x] = f[0] * row[0] + f[1] * row[1] + f[2] * row[2];
    }
  }
}

// The transformed inputs of neighbouring tiles of a row, `stride` bytes between places and `step`
// between tiles. The first columns of a tile are the last of the one before.
template <class Tile>
void transform_tiles(ColumnReader<Tile::kSize + 2> columns, size_t tiles, size_t step,
                     size_t stride, uint8_t* to) {
  constexpr size_t kSize = Tile::kSize, kIn = kSize + 2;
  __m256i held[kIn][kIn];  // columns, transformed from top to bottom
  const auto read = [&](__m256i * column) __attribute__((always_inline)) {
    columns.next([&](const int8_t* const rows[kIn]) {
      __m256i d[kIn];
#pragma GCC unroll 6
      for (size_t i = 0; i < kIn; ++i) d[i] = _mm256_cvtepi8_epi16(load16(rows[i]));
      Tile::transform_input(d, column);
    });
  };
  read(held[0]);
  read(held[1]);
  for (size_t t = 0; t < tiles; ++t, to += step) {
#pragma GCC unroll 4
    for (size_t i = 2; i < kIn; ++i) read(held[i]);
    uint8_t* place = to;
#pragma GCC unroll 6
    for (size_t y = 0; y < kIn; ++y) {
      __m256i row[kIn], transformed[kIn];
#pragma GCC unroll 6
      for (size_t x = 0; x < kIn; ++x) row[x] = held[x][y];
      Tile::transform_input(row, transformed);
#pragma GCC unroll 6
      for (size_t x = 0; x < kIn; ++x, place += stride) store32(place, transformed[x]);
    }
#pragma GCC unroll 6
    for (size_t y = 0; y < kIn; ++y) {
      held[0][y] = held[kSize][y];
      held[1][y] = held[kSize + 1][y];
    }
  }
}

// The sums of a tile, for 8 channels, from its products, which are `stride` bytes apart.
template <class Tile>
QRT_AVX2 void transform_products(const uint8_t* m, size_t stride, __m256i bias, __m256i* out) {
  constexpr size_t kSize = Tile::kSize, kIn = kSize + 2;
  __m256i rows[kSize][kIn];
#pragma GCC unroll 6
  for (size_t x = 0; x < kIn; ++x) {
    __m256i column[kIn], sums[kSize];
#pragma GCC unroll 6
    for (size_t y = 0; y < kIn; ++y) column[y] = load32(m + (y * kIn + x) * stride);
    Tile::transform_output(column, sums);
#pragma GCC unroll 4
    for (size_t y = 0; y < kSize; ++y) rows[y][x] = sums[y];
  }
#pragma GCC unroll 4
  for (size_t y = 0; y < kSize; ++y) {
    __m256i sums[kSize];
    Tile::transform_output(rows[y], sums);
#pragma GCC unroll 4
    for (size_t x = 0; x < kSize; ++x) {
      out[y * kSize + x] = _mm256_add_epi32(Tile::unscale(sums[x]), bias);
    }
  }
}

struct Tile2 {
  enum : size_t { kSize = 2, kPlaces = 16 };
  // Results are 4 times too large. Weights are at most 9 times as large, inputs 4 times.
  enum : int32_t { kMaxSum = INT32_MAX / 4, kMaxWeight = 255 };
  static constexpr int32_t kFilter[4][3] = {{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}};

  QRT_AVX2 void transform_input(const __m256i d[4], __m256i t[4]) {
    t[0] = _mm256_sub_epi16(d[0], d[2]);
    t[1] = _mm256_add_epi16(d[1], d[2]);
    t[2] = _mm256_sub_epi16(d[2], d[1]);
    t[3] = _mm256_sub_epi16(d[1], d[3]);
  }

  QRT_AVX2 void transform_output(const __m256i m[4], __m256i y[2]) {
    y[0] = _mm256_add_epi32(_mm256_add_epi32(m[0], m[1]), m[2]);
    y[1] = _mm256_sub_epi32(_mm256_sub_epi32(m[1], m[2]), m[3]);
  }

  QRT_AVX2 __m256i unscale(__m256i x) { return _mm256_srai_epi32(x, 2); }

  static void transform_inputs(const ColumnReader<4>& columns, size_t tiles, size_t channels,
                               size_t stride, uint8_t* to) {
    transform_tiles<Tile2>(columns, tiles, channels * sizeof(int16_t), stride, to);
  }
  QRT_AVX2 void transform_sums(const uint8_t* m, size_t stride, __m256i bias, __m256i out[4]) {
    transform_products<Tile2>(m, stride, bias, out);
  }
};

struct Tile4 {
  enum : size_t { kSize = 4, kPlaces = 36 };
  // Results are 576 = 64 * 9 times too large, in 32 bits: times the inverse of 9 modulo 2^32 they
  // are 64 times too large, so that 26 bits are known. Weights are at most 144 times as large,
  // inputs 100 times: a sum of two products is less than 2^31 in size.
  enum : int32_t { kMaxSum = (1 << 25) - 1, kMaxWeight = 32767 / 144 };
  static constexpr int32_t kFilter[6][3] = {{6, 0, 0}, {-4, -4, -4}, {-4, 4, -4},
                                            {1, 2, 4}, {1, -2, 4},   {0, 0, 3}};

  QRT_AVX2 void transform_input(const __m256i d[6], __m256i t[6]) {
    const __m256i a = _mm256_sub_epi16(d[4], _mm256_slli_epi16(d[2], 2));
    const __m256i b = _mm256_sub_epi16(d[3], _mm256_slli_epi16(d[1], 2));
    const __m256i c = _mm256_sub_epi16(d[4], d[2]), half = _mm256_sub_epi16(d[3], d[1]);
    const __m256i e = _mm256_add_epi16(half, half);
    t[0] = _mm256_add_epi16(_mm256_slli_epi16(_mm256_sub_epi16(d[0], d[2]), 2), c);
    t[1] = _mm256_add_epi16(a, b);
    t[2] = _mm256_sub_epi16(a, b);
    t[3] = _mm256_add_epi16(c, e);
    t[4] = _mm256_sub_epi16(c, e);
    t[5] = _mm256_sub_epi16(_mm256_sub_epi16(d[5], d[3]), _mm256_add_epi16(e, e));
  }

  QRT_AVX2 void transform_output(const __m256i m[6], __m256i y[4]) {
    const __m256i s1 = _mm256_add_epi32(m[1], m[2]), d1 = _mm256_sub_epi32(m[1], m[2]);
    const __m256i s2 = _mm256_add_epi32(m[3], m[4]), d2 = _mm256_sub_epi32(m[3], m[4]);
    y[0] = _mm256_add_epi32(_mm256_add_epi32(m[0], s1), s2);
    y[1] = _mm256_add_epi32(d1, _mm256_add_epi32(d2, d2));
    y[2] = _mm256_add_epi32(s1, _mm256_slli_epi32(s2, 2));
    y[3] = _mm256_add_epi32(d1, _mm256_slli_epi32(_mm256_add_epi32(d2, m[5]), 3));
  }

  QRT_AVX2 __m256i unscale(__m256i x) {
    return _mm256_srai_epi32(_mm256_mullo_epi32(x, _mm256_set1_epi32(0x38E38E39)), 6);
  }

  static void transform_inputs(const ColumnReader<6>& columns, size_t tiles, size_t channels,
                               size_t stride, uint8_t* to) {
    transform_tiles<Tile4>(columns, tiles, channels * sizeof(int16_t), stride, to);
  }
  QRT_AVX2 void transform_sums(const uint8_t* m, size_t stride, __m256i bias, __m256i out[16]) {
    transform_products<Tile4>(m, stride, bias, out);
  }
};

}  // namespace
}  // namespace qrt::kernels
