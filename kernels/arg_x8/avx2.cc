// arg_x8 for AVX2: the largest byte of a row, then the first that equals it.
#include "kernels/arg_x8.h"

#include "kernels/avx2.h"

namespace qrt::kernels {
namespace {

// The largest of 16 signed bytes, in all places.
QRT_AVX2 __m128i max_of(__m128i x) {
  // The instruction finds the smallest unsigned word: of pairs of bytes with their order reversed.
  const __m128i order = _mm_set1_epi8(0x7F);
  const __m128i reversed = _mm_xor_si128(x, order);
  const __m128i pairs = _mm_min_epu8(reversed, _mm_srli_epi16(reversed, 8));
  return _mm_xor_si128(_mm_broadcastb_epi8(_mm_minpos_epu16(pairs)), order);
}

QRT_AVX2 uint32_t equal(__m128i a, __m128i b) {
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(a, b)));
}
QRT_AVX2 int32_t first_bit(uint32_t bits) { return __builtin_ctz(bits); }

// Rows of fewer than 16 bytes: the lanes behind a row hold the smallest value.
void run_short(const uint8_t* in, size_t rows, size_t n, __m128i flip, int32_t* out) {
  const __m128i places = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m128i inside = _mm_cmpgt_epi8(_mm_set1_epi8(static_cast<char>(n)), places);
  const __m128i smallest = _mm_set1_epi8(-128);
  size_t rest = rows * n;
  for (size_t r = 0; r < rows; ++r, in += n, rest -= n) {
    const __m128i bytes = rest >= 16 ? load16(in) : load_partial(in, n);
    const __m128i x = _mm_blendv_epi8(smallest, _mm_xor_si128(bytes, flip), inside);
    out[r] = first_bit(equal(x, max_of(x)));
  }
}

// Rows of 16 to 32 bytes: two vectors that overlap.
void run_middle(const uint8_t* in, size_t rows, size_t n, __m128i flip, int32_t* out) {
  const size_t second = n - 16;
  for (size_t r = 0; r < rows; ++r, in += n) {
    const __m128i a = _mm_xor_si128(load16(in), flip);
    const __m128i b = _mm_xor_si128(load16(in + second), flip);
    const __m128i max = max_of(_mm_max_epi8(a, b));
    out[r] = first_bit(equal(a, max) | equal(b, max) << second);
  }
}

void run_long(const uint8_t* in, size_t rows, size_t n, __m128i flip, int32_t* out) {
  const __m256i flips = _mm256_broadcastsi128_si256(flip);
  const size_t last = n - 32;
  for (size_t r = 0; r < rows; ++r, in += n) {
    __m256i best = _mm256_xor_si256(load32(in + last), flips), other = best;
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
      best = _mm256_max_epi8(best, _mm256_xor_si256(load32(in + i), flips));
      other = _mm256_max_epi8(other, _mm256_xor_si256(load32(in + i + 32), flips));
    }
    if (i + 32 <= n) best = _mm256_max_epi8(best, _mm256_xor_si256(load32(in + i), flips));
    best = _mm256_max_epi8(best, other);
    const __m128i max = max_of(_mm_max_epi8(low_half(best), high_half(best)));
    const __m256i wanted = _mm256_xor_si256(_mm256_broadcastsi128_si256(max), flips);
    for (i = 0;; i = i + 32 < last ? i + 32 : last) {
      const __m256i same = _mm256_cmpeq_epi8(load32(in + i), wanted);
      const auto bits = static_cast<uint32_t>(_mm256_movemask_epi8(same));
      if (bits != 0) {
        out[r] = static_cast<int32_t>(i) + first_bit(bits);
        break;
      }
    }
  }
}

void run(const uint8_t* in, size_t rows, size_t n, uint8_t flip, int32_t* out) {
  const __m128i flips = _mm_set1_epi8(static_cast<char>(flip));
  const auto run_rows = n < 16 ? run_short : n <= 32 ? run_middle : run_long;
  run_rows(in, rows, n, flips, out);
}

constexpr ArgX8Kernel make_row() {
  ArgX8Kernel row{};
  row.name = "x8_arg_x32__avx2";
  row.needs = QRT_SET_AVX2;
  row.preference = 10;
  row.run = run;
  return row;
}

}  // namespace

extern const ArgX8Kernel kArgX8Avx2;
const ArgX8Kernel kArgX8Avx2 = make_row();

}  // namespace qrt::kernels
