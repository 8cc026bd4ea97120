// The panels of gemm_s8 for AVX2 that are multiplied by vpmaddubsw: it adds two products of an
// unsigned and a signed byte in 16 bits, saturating. Packing proves that nothing saturates.
//
// Weights go by units of eight k, in two quads of four. A 16-bit lane sums four products, two of
// either quad, before it is widened: 5 instructions for 64 products, where words take 8. That
// cannot overflow while the lane's positive weights sum up to 128 at most and its negative ones to
// -128 at least: 255 * 128 = 32640. What weights exceed this by is taken out of the unit and
// packed as an extra quad with the place of its row bytes. (A lane of an extra sums two products.)
// Where extras are so many that words are faster, the panel is refused.
//
//   [unit][quad][columns][4], then for each extra its offset in a row (4 bytes, padded to 64),
//   then for each extra [columns][4]
//
// Everything here has internal linkage; included by avx2.cc alone.
#pragma once

#include <immintrin.h>

#include "kernels/gemm_s8.h"

namespace qrt::kernels {
namespace {

enum : int32_t { kLaneLimit = 128 };

// What a lane's sums of positive and of negative weights may still grow by.
struct LaneRoom {
  int32_t above = kLaneLimit, below = kLaneLimit;

  // Whether all four fit, which is the usual case.
  static bool fits(const int32_t w[4]) {
    int32_t above = 0, below = 0;
    for (int i = 0; i < 4; ++i) {
      if (w[i] > 127 || w[i] < -128) return false;
      above += w[i] > 0 ? w[i] : 0;
      below += w[i] < 0 ? w[i] : 0;
    }
    return above <= kLaneLimit && below >= -kLaneLimit;
  }

  // The part of a weight that fits.
  int32_t take(int32_t w) {
    int32_t part = w > 127 ? 127 : w < -128 ? -128 : w;
    if (part > above) part = above;
    if (-part > below) part = -below;
    if (part > 0) above -= part;
    if (part < 0) below += part;
    return part;
  }
};

// With so many a panel is still faster than words, by instructions for a row: a unit takes 12, an
// extra 8, a unit of words 20, and a tenth must be won. It is smaller as well.
inline size_t max_extras(size_t units) { return units * 6 / 8; }

template <size_t kColumns, class WeightAt, class ColumnAt>
bool pack_bytes(const GemmS8Weights& weights, size_t n0, WeightAt weight_at, ColumnAt column_at,
                uint8_t* memory, size_t* extras) {
  const size_t units = (weights.taps * weights.k + 7) / 8, limit = max_extras(units);
  const size_t offsets_bytes = (limit * 4 + 63) / 64 * 64;
  auto* packed = reinterpret_cast<int8_t*>(memory);
  auto* offsets = reinterpret_cast<uint32_t*>(packed + units * 8 * kColumns);
  int8_t* extra = packed + units * 8 * kColumns + offsets_bytes;
  size_t count = 0;
  for (size_t unit = 0; unit < units; ++unit, packed += 8 * kColumns) {
    int32_t rest[2][kColumns][4];
    bool left[2] = {false, false};
    for (size_t i = 0; i < kColumns; ++i) {
      const size_t n = n0 + column_at(i, kColumns);
      int32_t all[8];
      for (size_t j = 0; j < 8; ++j) all[j] = weight_at(weights, n, unit * 8 + j);
      for (size_t lane = 0; lane < 2; ++lane) {
        // The second quad first, so that one quad has what is left of most.
        const size_t first = lane * 2, at[4] = {first + 4, first + 5, first, first + 1};
        const int32_t w[4] = {all[at[0]], all[at[1]], all[at[2]], all[at[3]]};
        const bool fits = LaneRoom::fits(w);
        LaneRoom room;
        for (size_t j = 0; j < 4; ++j) {
          const size_t quad = at[j] / 4, place = at[j] % 4;
          const int32_t part = fits ? w[j] : room.take(w[j]);
          packed[(quad * kColumns + i) * 4 + place] = static_cast<int8_t>(part);
          rest[quad][i][place] = w[j] - part;
          left[quad] |= w[j] != part;
        }
      }
    }
    for (size_t quad = 0; quad < 2; ++quad) {
      while (left[quad]) {
        // Most panels that are refused are so within a few units.
        if (count == limit || (unit >= 8 && count > unit)) return false;
        offsets[count] = static_cast<uint32_t>(unit * 8 + quad * 4);
        left[quad] = false;
        for (size_t i = 0; i < kColumns; ++i) {
          for (size_t lane = 0; lane < 2; ++lane) {
            LaneRoom room;
            for (size_t at = lane * 2; at < lane * 2 + 2; ++at) {
              const int32_t part = room.take(rest[quad][i][at]);
              extra[(count * kColumns + i) * 4 + at] = static_cast<int8_t>(part);
              rest[quad][i][at] -= part;
              left[quad] |= rest[quad][i][at] != 0;
            }
          }
        }
        ++count;
      }
    }
  }
  *extras = count;
  return true;
}

// acc += rows * a panel, over all of a row.
template <int kRows, int kVectors>
QRT_INLINE void multiply_bytes(const uint8_t* rows, size_t stride, const uint8_t* packed,
                               size_t units, size_t extras, __m256i (&acc)[kRows][kVectors]) {
  const __m256i ones = _mm256_set1_epi16(1);
  const auto weights = [](const uint8_t* at, int v) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32 * v));
  };
  const auto quad_of = [&](size_t r, size_t offset) {
    int32_t four;
    memcpy(&four, rows + r * stride + offset, sizeof four);
    return _mm256_set1_epi32(four);
  };
  const uint8_t* w = packed;
  for (size_t unit = 0; unit < units; ++unit, w += 64 * kVectors) {
#pragma GCC unroll 8
    for (size_t r = 0; r < kRows; ++r) {
      const __m256i first = quad_of(r, unit * 8), second = quad_of(r, unit * 8 + 4);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        const __m256i lanes =
            _mm256_add_epi16(_mm256_maddubs_epi16(first, weights(w, v)),
                             _mm256_maddubs_epi16(second, weights(w + 32 * kVectors, v)));
        acc[r][v] = _mm256_add_epi32(acc[r][v], _mm256_madd_epi16(lanes, ones));
      }
    }
  }
  const uint8_t* offsets = w;
  w += (max_extras(units) * 4 + 63) / 64 * 64;
  for (size_t e = 0; e < extras; ++e, w += 32 * kVectors) {
    uint32_t offset;
    memcpy(&offset, offsets + e * 4, sizeof offset);
#pragma GCC unroll 8
    for (size_t r = 0; r < kRows; ++r) {
      const __m256i quad = quad_of(r, offset);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        const __m256i lanes = _mm256_maddubs_epi16(quad, weights(w, v));
        acc[r][v] = _mm256_add_epi32(acc[r][v], _mm256_madd_epi16(lanes, ones));
      }
    }
  }
}

}  // namespace
}  // namespace qrt::kernels
