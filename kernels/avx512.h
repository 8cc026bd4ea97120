// What the AVX-512 rows share. Every function is inlined into the files that include it, so that no
// file compiled with other flags can come to run this code.
#pragma once

#include <immintrin.h>

#include "kernels/requantize.h"

#define QRT_AVX512 static inline __attribute__((always_inline))

namespace qrt::kernels {
namespace {

QRT_AVX512 __mmask64 mask_of(size_t bytes) {
  return bytes >= 64 ? ~uint64_t{0} : _bzhi_u64(~uint64_t{0}, static_cast<unsigned>(bytes));
}

// quantize_steps of whole vectors, to bytes. The upper limit is applied to the floats, for one that
// is too large for an integer becomes the smallest integer; where steps are bounded (is_bounded),
// it can wait until there are bytes, as the lower limit does, since everything on the way
// saturates.
struct Quantizer {
  __m512 hi;
  __m512i zero_point;  // in 16 bits
  __m512i min, max;    // in 8 bits
};
QRT_AVX512 Quantizer make_quantizer(Output out) {
  return {_mm512_set1_ps(static_cast<float>(out.max - out.zero_point)),
          _mm512_set1_epi16(static_cast<int16_t>(out.zero_point)),
          _mm512_set1_epi8(static_cast<char>(out.min)),
          _mm512_set1_epi8(static_cast<char>(out.max))};
}

// Packing works within lanes: each of the result's holds four bytes of every vector of steps.
template <bool kBounded>
QRT_AVX512 __m512i quantize_64(const Quantizer& q, const __m512 steps[4]) {
  __m512i integers[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    integers[i] = _mm512_cvtps_epi32(kBounded ? steps[i] : _mm512_min_ps(steps[i], q.hi));
  }
  const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(integers[0], integers[1]), q.zero_point);
  const __m512i high =
      _mm512_adds_epi16(_mm512_packs_epi32(integers[2], integers[3]), q.zero_point);
  const __m512i bytes = _mm512_max_epi8(_mm512_packs_epi16(low, high), q.min);
  return kBounded ? _mm512_min_epi8(bytes, q.max) : bytes;
}
// The bytes of the first vector of steps, then of the second, third and fourth.
QRT_AVX512 __m512i in_order(__m512i bytes) {
  return _mm512_permutexvar_epi32(
      _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), bytes);
}

// Sums in steps of the output.
QRT_AVX512 __m512 steps_of(__m512i sums, __m512 multipliers) {
  return _mm512_mul_ps(_mm512_cvtepi32_ps(sums), multipliers);
}

}  // namespace
}  // namespace qrt::kernels
