// What the AVX2 and AVX-VNNI rows share. Every function is inlined into the files that include it,
// so that no file compiled with other flags can come to run this code.
#pragma once

#include <immintrin.h>

#include "kernels/requantize.h"

#define QRT_AVX2 static inline __attribute__((always_inline))

namespace qrt::kernels {

QRT_AVX2 __m128i load16(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
QRT_AVX2 __m256i load32(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
QRT_AVX2 __m128i load8(const void* p) { return _mm_loadl_epi64(static_cast<const __m128i*>(p)); }
QRT_AVX2 void store16(void* p, __m128i x) { _mm_storeu_si128(static_cast<__m128i*>(p), x); }
QRT_AVX2 void store32(void* p, __m256i x) { _mm256_storeu_si256(static_cast<__m256i*>(p), x); }
QRT_AVX2 void store8(void* p, __m128i x) { _mm_storel_epi64(static_cast<__m128i*>(p), x); }

// n < 16 bytes, followed by zeros. Reads from the last byte backwards in powers of two.
QRT_AVX2 __m128i load_partial(const void* from, size_t n) {
  const uint8_t* p = static_cast<const uint8_t*>(from) + n;
  uint64_t low = 0, high = 0;
  if (n & 1) low = *--p;
  if (n & 2) {
    uint16_t two;
    memcpy(&two, p -= 2, 2);
    low = low << 16 | two;
  }
  if (n & 4) {
    uint32_t four;
    memcpy(&four, p -= 4, 4);
    low = low << 32 | four;
  }
  if (n & 8) {
    high = low;
    memcpy(&low, p - 8, 8);
  }
  return _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low));
}

// The first n < 16 bytes.
QRT_AVX2 void store_partial(void* to, __m128i x, size_t n) {
  uint8_t* p = static_cast<uint8_t*>(to);
  if (n & 8) {
    store8(p, x);
    p += 8;
    x = _mm_unpackhi_epi64(x, x);
  }
  uint64_t low;  // by way of memory: x86 of 32 bits has no register for it
  store8(&low, x);
  if (n & 4) {
    memcpy(p, &low, 4);
    p += 4;
    low >>= 32;
  }
  if (n & 2) {
    memcpy(p, &low, 2);
    p += 2;
    low >>= 16;
  }
  if (n & 1) *p = static_cast<uint8_t>(low);
}

// sum += a * b in pairs. Compilers are kept from adding in another order: theirs would need more
// registers than there are.
QRT_AVX2 void add_products(__m256i& sum, __m256i a, __m256i b) {
  sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
  asm("" : "+x"(sum));
}

// The first n <= 16 bytes, which mostly are all.
QRT_AVX2 void store_first(void* to, __m128i x, size_t n) {
  if (n == 16) {
    store16(to, x);
  } else {
    store_partial(to, x, n);
  }
}

// Sums in steps of the output.
QRT_AVX2 __m256 steps_of(__m256i sums, const float* multipliers) {
  return _mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_loadu_ps(multipliers));
}

QRT_AVX2 __m128i low_half(__m256i x) { return _mm256_castsi256_si128(x); }
QRT_AVX2 __m128i high_half(__m256i x) { return _mm256_extracti128_si256(x, 1); }
QRT_AVX2 __m128i upper_8(__m128i x) { return _mm_unpackhi_epi64(x, x); }

// Bytes less a zero point as floats. An integer below 2^22 added to the bits of 1.5 * 2^23 is a
// float that much larger: cheaper than a conversion, which competes with additions.
struct Widener {
  __m256i magic_less_zero;
};
QRT_AVX2 Widener make_widener(int32_t zero_point) {
  return {_mm256_set1_epi32(0x4B400000 - zero_point)};
}
// Of the low 8 of 16 bytes.
QRT_AVX2 __m256 widen_8(const Widener& w, __m128i bytes) {
  const __m256i bits = _mm256_add_epi32(_mm256_cvtepi8_epi32(bytes), w.magic_less_zero);
  return _mm256_sub_ps(_mm256_castsi256_ps(bits), _mm256_set1_ps(12582912.0f));
}

// quantize_steps of whole vectors, to bytes. The upper limit is applied to the floats, for one that
// is too large for an integer becomes the smallest integer. The lower limit can then wait until
// there are bytes, since everything on the way there saturates.
struct Quantizer {
  __m256 hi;
  __m256i zero_point;  // in 16 bits
  __m256i min, max;    // in 8 bits
};
QRT_AVX2 Quantizer make_quantizer(Output out) {
  return {_mm256_set1_ps(static_cast<float>(out.max - out.zero_point)),
          _mm256_set1_epi16(static_cast<int16_t>(out.zero_point)),
          _mm256_set1_epi8(static_cast<char>(out.min)),
          _mm256_set1_epi8(static_cast<char>(out.max))};
}
// Two vectors of steps as words, four of one beside four of the other.
// Where all steps are integers of 32 bits, the upper limit can wait for bytes, too.
QRT_AVX2 __m256i quantize_bounded_words(const Quantizer& q, __m256 a, __m256 b) {
  const __m256i words = _mm256_packs_epi32(_mm256_cvtps_epi32(a), _mm256_cvtps_epi32(b));
  return _mm256_adds_epi16(words, q.zero_point);
}
QRT_AVX2 __m256i quantize_words(const Quantizer& q, __m256 a, __m256 b) {
  return quantize_bounded_words(q, _mm256_min_ps(a, q.hi), _mm256_min_ps(b, q.hi));
}
QRT_AVX2 __m128i quantize_16(const Quantizer& q, __m256 a, __m256 b) {
  const __m256i words = _mm256_permute4x64_epi64(quantize_words(q, a, b), 0xD8);
  return _mm_max_epi8(_mm_packs_epi16(low_half(words), high_half(words)), low_half(q.min));
}
// Four bytes of each of four vectors of steps, twice, as packing leaves them, in the vectors'
// order.
QRT_AVX2 __m256i in_order(__m256i bytes) {
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}
QRT_AVX2 __m256i quantize_32(const Quantizer& q, const __m256 steps[4]) {
  const __m256i bytes = _mm256_packs_epi16(quantize_words(q, steps[0], steps[1]),
                                           quantize_words(q, steps[2], steps[3]));
  return _mm256_max_epi8(in_order(bytes), q.min);
}
// The same of bounded steps, in packing's order.
QRT_AVX2 __m256i quantize_bounded_32(const Quantizer& q, const __m256 steps[4]) {
  const __m256i bytes = _mm256_packs_epi16(quantize_bounded_words(q, steps[0], steps[1]),
                                           quantize_bounded_words(q, steps[2], steps[3]));
  return _mm256_min_epi8(_mm256_max_epi8(bytes, q.min), q.max);
}

}  // namespace qrt::kernels
