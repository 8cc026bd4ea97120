// The transforms of F(2x2, 3x3) and F(4x4, 3x3), in integers. Filters are transformed by a matrix
// whose rows are scaled until they are whole, inputs by one that is, and what the scales leave of
// the results is taken away at the end.
#pragma once

#include "kernels/column_reader.h"

namespace qrt::kernels {
namespace {

// Matrix * filter * matrix transposed, [kSize + 2][kSize + 2] from [3][3], of kLanes filters at
// once.
template <class Tile, size_t kLanes>
void transform_filters(const int32_t (*g)[kLanes], int32_t (*out)[kLanes]) {
  constexpr size_t kIn = Tile::kSize + 2;
  for (size_t y = 0; y < kIn; ++y) {
    const int32_t* down = Tile::kFilter[y];
    int32_t row[3][kLanes];
    for (size_t x = 0; x < 3; ++x) {
      for (size_t i = 0; i < kLanes; ++i) {
        row[x][i] = down[0] * g[x][i] + down[1] * g[3 + x][i] + down[2] * g[6 + x][i];
      }
    }
    for (size_t x = 0; x < kIn; ++x) {
      const int32_t* across = Tile::kFilter[x];
      for (size_t i = 0; i < kLanes; ++i) {
        out[y * kIn + x][i] = across[0] * row[0][i] + across[1] * row[1][i] + across[2] * row[2][i];
      }
    }
  }
}

// The transformed inputs of neighbouring tiles of a row, of `channels` channels, `stride` bytes
// between places and `step` between tiles. The first columns of a tile are the last of the one
// before.
template <class Tile>
void transform_tiles(ColumnReader<Tile::kSize + 2> columns, size_t channels, size_t tiles,
                     size_t step, size_t stride, uint8_t* to) {
  using Simd = typename Tile::Simd;
  using Vector = typename Simd::Vector;
  constexpr size_t kSize = Tile::kSize, kIn = kSize + 2;
  const auto real = Simd::lanes(channels);
  Vector held[kIn][kIn];  // columns, transformed from top to bottom
  const auto read = [&](Vector * column) __attribute__((always_inline)) {
    columns.next([&](const int8_t* const rows[kIn]) {
      Vector d[kIn];
#pragma GCC unroll 6
      for (size_t i = 0; i < kIn; ++i) d[i] = Simd::widen(real, rows[i]);
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
      Vector row[kIn], transformed[kIn];
#pragma GCC unroll 6
      for (size_t x = 0; x < kIn; ++x) row[x] = held[x][y];
      Tile::transform_input(row, transformed);
#pragma GCC unroll 6
      for (size_t x = 0; x < kIn; ++x, place += stride)
        Simd::store_words(real, place, transformed[x]);
    }
#pragma GCC unroll 6
    for (size_t y = 0; y < kIn; ++y) {
      held[0][y] = held[kSize][y];
      held[1][y] = held[kSize + 1][y];
    }
  }
}

// The sums of a tile, for a vector of channels, from its products, which are `stride` bytes apart.
// out[i][part] is output i.
template <class Tile, class Vector>
QRT_INLINE void transform_products(const uint8_t* m, size_t stride, Vector bias, size_t part,
                                   Vector (*out)[Tile::Simd::kParts]) {
  using Simd = typename Tile::Simd;
  constexpr size_t kSize = Tile::kSize, kIn = kSize + 2;
  Vector rows[kSize][kIn];
#pragma GCC unroll 6
  for (size_t x = 0; x < kIn; ++x) {
    Vector column[kIn], sums[kSize];
#pragma GCC unroll 6
    for (size_t y = 0; y < kIn; ++y) column[y] = Simd::load(m + (y * kIn + x) * stride);
    Tile::transform_output(column, sums);
#pragma GCC unroll 4
    for (size_t y = 0; y < kSize; ++y) rows[y][x] = sums[y];
  }
#pragma GCC unroll 4
  for (size_t y = 0; y < kSize; ++y) {
    Vector sums[kSize];
    Tile::transform_output(rows[y], sums);
#pragma GCC unroll 4
    for (size_t x = 0; x < kSize; ++x) {
      out[y * kSize + x][part] = Simd::add32(Tile::unscale(sums[x]), bias);
    }
  }
}

template <class SimdOf>
struct Tile2 {
  using Simd = SimdOf;
  using Vector = typename Simd::Vector;
  enum : size_t { kSize = 2, kPlaces = 16 };
  // Results are 4 times too large. Weights are at most 9 times as large, inputs 4 times.
  enum : int32_t { kMaxSum = INT32_MAX / 4, kMaxWeight = 255 };
  static constexpr int32_t kFilter[4][3] = {{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}};

  static QRT_INLINE void transform_input(const Vector d[4], Vector t[4]) {
    t[0] = Simd::sub16(d[0], d[2]);
    t[1] = Simd::add16(d[1], d[2]);
    t[2] = Simd::sub16(d[2], d[1]);
    t[3] = Simd::sub16(d[1], d[3]);
  }

  static QRT_INLINE void transform_output(const Vector m[4], Vector y[2]) {
    y[0] = Simd::add32(Simd::add32(m[0], m[1]), m[2]);
    y[1] = Simd::sub32(Simd::sub32(m[1], m[2]), m[3]);
  }

  static QRT_INLINE Vector unscale(Vector x) { return Simd::srai32(x, 2); }
};

template <class SimdOf>
struct Tile4 {
  using Simd = SimdOf;
  using Vector = typename Simd::Vector;
  enum : size_t { kSize = 4, kPlaces = 36 };
  // Results are 576 = 64 * 9 times too large, in 32 bits: times the inverse of 9 modulo 2^32 they
  // are 64 times too large, so that 26 bits are known. Weights are at most 144 times as large,
  // inputs 100 times: a sum of two products is less than 2^31 in size.
  enum : int32_t { kMaxSum = (1 << 25) - 1, kMaxWeight = 32767 / 144 };
  static constexpr int32_t kFilter[6][3] = {{6, 0, 0}, {-4, -4, -4}, {-4, 4, -4},
                                            {1, 2, 4}, {1, -2, 4},   {0, 0, 3}};

  static QRT_INLINE void transform_input(const Vector d[6], Vector t[6]) {
    const Vector a = Simd::sub16(d[4], Simd::slli16(d[2], 2));
    const Vector b = Simd::sub16(d[3], Simd::slli16(d[1], 2));
    const Vector c = Simd::sub16(d[4], d[2]), half = Simd::sub16(d[3], d[1]);
    const Vector e = Simd::add16(half, half);
    t[0] = Simd::add16(Simd::slli16(Simd::sub16(d[0], d[2]), 2), c);
    t[1] = Simd::add16(a, b);
    t[2] = Simd::sub16(a, b);
    t[3] = Simd::add16(c, e);
    t[4] = Simd::sub16(c, e);
    t[5] = Simd::sub16(Simd::sub16(d[5], d[3]), Simd::add16(e, e));
  }

  static QRT_INLINE void transform_output(const Vector m[6], Vector y[4]) {
    const Vector s1 = Simd::add32(m[1], m[2]), d1 = Simd::sub32(m[1], m[2]);
    const Vector s2 = Simd::add32(m[3], m[4]), d2 = Simd::sub32(m[3], m[4]);
    y[0] = Simd::add32(Simd::add32(m[0], s1), s2);
    y[1] = Simd::add32(d1, Simd::add32(d2, d2));
    y[2] = Simd::add32(s1, Simd::slli32(s2, 2));
    y[3] = Simd::add32(d1, Simd::slli32(Simd::add32(d2, m[5]), 3));
  }

  static QRT_INLINE Vector unscale(Vector x) {
    return Simd::srai32(Simd::mullo32(x, 0x38E38E39), 6);
  }
};

}  // namespace
}  // namespace qrt::kernels
