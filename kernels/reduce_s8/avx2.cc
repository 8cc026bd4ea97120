// reduce_s8 for AVX2.
#include "kernels/reduce_s8.h"

#include "kernels/avx2.h"

namespace qrt::kernels {
namespace {

int8_t larger(int8_t a, int8_t b, int8_t flip) { return (a ^ flip) > (b ^ flip) ? a : b; }

// Columns [c, c + 16 * kGroups): bytes are summed in 16 bits, which hold 256 of them.
template <int kGroups>
void add_strip(const int8_t* in, size_t rows, size_t columns, int32_t* sums) {
  constexpr size_t kRowsIn16Bits = 256;
  for (size_t first = 0; first < rows; first += kRowsIn16Bits) {
    const size_t count = rows - first < kRowsIn16Bits ? rows - first : kRowsIn16Bits;
    __m256i words[kGroups];
    for (int g = 0; g < kGroups; ++g) words[g] = _mm256_setzero_si256();
    for (size_t r = 0; r < count; ++r, in += columns) {
      for (int g = 0; g < kGroups; ++g) {
        words[g] = _mm256_add_epi16(words[g], _mm256_cvtepi8_epi16(load16(in + 16 * g)));
      }
    }
    for (int g = 0; g < kGroups; ++g) {
      int32_t* to = sums + 16 * g;
      const __m256i low = _mm256_cvtepi16_epi32(low_half(words[g]));
      const __m256i high = _mm256_cvtepi16_epi32(high_half(words[g]));
      store32(to, _mm256_add_epi32(load32(to), low));
      store32(to + 8, _mm256_add_epi32(load32(to + 8), high));
    }
  }
}

// A matrix of bytes from some column on: the last, fewer than 16. Vectors run over into the next
// row, and stop before the end of the matrix.
struct LastColumns {
  const int8_t* end;
  size_t n;

  LastColumns(const int8_t* in, size_t rows, size_t columns, size_t c)
      : end(in + rows * columns), n(columns - c) {}
  __m128i load(const int8_t* p) const { return end - p >= 16 ? load16(p) : load_partial(p, n); }
};

void add_last(const int8_t* in, size_t rows, size_t columns, const LastColumns& last,
              int32_t* sums) {
  __m256i low = _mm256_setzero_si256(), high = low;
  for (size_t r = 0; r < rows; ++r, in += columns) {
    const __m256i words = _mm256_cvtepi8_epi16(last.load(in));
    low = _mm256_add_epi32(low, _mm256_cvtepi16_epi32(low_half(words)));
    high = _mm256_add_epi32(high, _mm256_cvtepi16_epi32(high_half(words)));
  }
  alignas(32) int32_t lanes[16];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), low);
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes + 8), high);
  for (size_t i = 0; i < last.n; ++i) sums[i] += lanes[i];
}

void add_columns(const int8_t* in, size_t rows, size_t columns, int32_t* sums) {
  size_t c = 0;
  for (; c + 64 <= columns; c += 64) add_strip<4>(in + c, rows, columns, sums + c);
  for (; c + 16 <= columns; c += 16) add_strip<1>(in + c, rows, columns, sums + c);
  if (c < columns) add_last(in + c, rows, columns, LastColumns(in, rows, columns, c), sums + c);
}

void add_rows(const int8_t* in, size_t rows, size_t columns, int32_t* sums) {
  const __m256i bias = _mm256_set1_epi8(-128), zero = _mm256_setzero_si256();
  for (size_t r = 0; r < rows; ++r, in += columns) {
    // As unsigned bytes, 128 too large each.
    __m256i sum = zero;
    size_t c = 0;
    for (; c + 32 <= columns; c += 32) {
      sum = _mm256_add_epi64(sum, _mm256_sad_epu8(_mm256_xor_si256(load32(in + c), bias), zero));
    }
    const __m128i halves = _mm_add_epi64(low_half(sum), high_half(sum));
    uint32_t total = static_cast<uint32_t>(_mm_cvtsi128_si32(halves)) +
                     static_cast<uint32_t>(_mm_cvtsi128_si32(upper_8(halves)));
    total -= static_cast<uint32_t>(c * 128);
    for (; c < columns; ++c) total += static_cast<uint32_t>(in[c]);
    sums[r] += static_cast<int32_t>(total);
  }
}

template <int kVectors>
void max_strip(const int8_t* in, size_t rows, size_t columns, __m128i flip, int8_t* best) {
  __m128i max[kVectors];
  for (int v = 0; v < kVectors; ++v) max[v] = _mm_xor_si128(load16(best + 16 * v), flip);
  for (size_t r = 0; r < rows; ++r, in += columns) {
    for (int v = 0; v < kVectors; ++v) {
      max[v] = _mm_max_epi8(max[v], _mm_xor_si128(load16(in + 16 * v), flip));
    }
  }
  for (int v = 0; v < kVectors; ++v) store16(best + 16 * v, _mm_xor_si128(max[v], flip));
}

void max_last(const int8_t* in, size_t rows, size_t columns, const LastColumns& last, __m128i flip,
              int8_t* best) {
  __m128i max = _mm_xor_si128(load_partial(best, last.n), flip);
  for (size_t r = 0; r < rows; ++r, in += columns) {
    max = _mm_max_epi8(max, _mm_xor_si128(last.load(in), flip));
  }
  store_partial(best, _mm_xor_si128(max, flip), last.n);
}

void max_columns(const int8_t* in, size_t rows, size_t columns, int8_t flip, int8_t* best) {
  const __m128i flips = _mm_set1_epi8(flip);
  size_t c = 0;
  for (; c + 64 <= columns; c += 64) max_strip<4>(in + c, rows, columns, flips, best + c);
  for (; c + 16 <= columns; c += 16) max_strip<1>(in + c, rows, columns, flips, best + c);
  if (c == columns) return;
  max_last(in + c, rows, columns, LastColumns(in, rows, columns, c), flips, best + c);
}

void max_rows(const int8_t* in, size_t rows, size_t columns, int8_t flip, int8_t* best) {
  const __m128i flips = _mm_set1_epi8(flip);
  for (size_t r = 0; r < rows; ++r, in += columns) {
    size_t c = 0;
    if (columns >= 16) {
      __m128i max = _mm_xor_si128(load16(in + columns - 16), flips);
      for (; c + 16 <= columns; c += 16) {
        max = _mm_max_epi8(max, _mm_xor_si128(load16(in + c), flips));
      }
      c = columns;
      alignas(16) int8_t lanes[16];
      _mm_store_si128(reinterpret_cast<__m128i*>(lanes), _mm_xor_si128(max, flips));
      for (int8_t lane : lanes) best[r] = larger(best[r], lane, flip);
    }
    for (; c < columns; ++c) best[r] = larger(best[r], in[c], flip);
  }
}

void requantize_sums(const int32_t* sums, size_t n, int32_t offset, float multiplier,
                     Output out_range, int8_t* out) {
  const Quantizer q = make_quantizer(out_range);
  const __m256i offsets = _mm256_set1_epi32(offset);
  const __m256 scale = _mm256_set1_ps(multiplier);
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256i a = _mm256_sub_epi32(load32(sums + i), offsets);
    const __m256i b = _mm256_sub_epi32(load32(sums + i + 8), offsets);
    store16(out + i, quantize_16(q, _mm256_mul_ps(_mm256_cvtepi32_ps(a), scale),
                                 _mm256_mul_ps(_mm256_cvtepi32_ps(b), scale)));
  }
  for (; i < n; ++i) {
    const uint32_t acc = static_cast<uint32_t>(sums[i]) - static_cast<uint32_t>(offset);
    out[i] = static_cast<int8_t>(requantize(static_cast<int32_t>(acc), multiplier, out_range));
  }
}

constexpr ReduceS8Kernel make_row() {
  ReduceS8Kernel row{};
  row.name = "qs8_reduce_x64__avx2";
  row.needs = QRT_SET_AVX2;
  row.preference = 10;
  row.add_columns = add_columns;
  row.add_rows = add_rows;
  row.max_columns = max_columns;
  row.max_rows = max_rows;
  row.requantize = requantize_sums;
  return row;
}

}  // namespace

extern const ReduceS8Kernel kReduceS8Avx2;
const ReduceS8Kernel kReduceS8Avx2 = make_row();

}  // namespace qrt::kernels
