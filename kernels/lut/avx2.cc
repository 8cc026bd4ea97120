// lut for AVX2: vpshufb looks up in one of 16 rows of the table by the low four bits, and gives
// zero where the index is negative.
#include "kernels/lut.h"

#include "kernels/avx2.h"

namespace qrt::kernels {
namespace {

enum { kRows = 16, kHalf = 8, kVectors = 2 };

// Row r of a half as the difference from the row before it: the rows 0 … r together give row r.
struct Rows {
  __m256i differences[kRows];

  explicit Rows(const uint8_t* table) {
    for (int r = 0; r < kRows; ++r) {
      const __m256i row = _mm256_broadcastsi128_si256(load16(table + 16 * r));
      const __m256i before = r % kHalf == 0
                                 ? _mm256_setzero_si256()
                                 : _mm256_broadcastsi128_si256(load16(table + 16 * r - 16));
      differences[r] = _mm256_xor_si256(row, before);
    }
  }
};

// kVectors of 32 bytes. Indices count down by 16 a row, those of the other half and of rows passed
// already being negative, and stay so, for the subtraction saturates.
QRT_AVX2 void look_up(const Rows& rows, const uint8_t* in, uint8_t* out) {
  const __m256i sixteen = _mm256_set1_epi8(16), half = _mm256_set1_epi8(-128);
  __m256i index[kVectors], found[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    index[v] = load32(in + 32 * v);
    found[v] = _mm256_setzero_si256();
  }
  __m256i upper[kVectors];
  for (int v = 0; v < kVectors; ++v) upper[v] = _mm256_xor_si256(index[v], half);
  for (int r = 0; r < kHalf; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      const __m256i low = _mm256_shuffle_epi8(rows.differences[r], index[v]);
      const __m256i high = _mm256_shuffle_epi8(rows.differences[r + kHalf], upper[v]);
      found[v] = _mm256_xor_si256(found[v], _mm256_xor_si256(low, high));
      index[v] = _mm256_subs_epi8(index[v], sixteen);
      upper[v] = _mm256_subs_epi8(upper[v], sixteen);
    }
  }
  for (int v = 0; v < kVectors; ++v) store32(out + 32 * v, found[v]);
}

void run(const uint8_t* table, const uint8_t* in, size_t n, uint8_t* out) {
  constexpr size_t kStrip = 32 * kVectors;
  size_t i = 0;
  if (n >= 2 * kStrip) {  // fewer do not pay for the rows
    const Rows rows(table);
    for (; i + kStrip <= n; i += kStrip) look_up(rows, in + i, out + i);
  }
  for (; i < n; ++i) out[i] = table[in[i]];
}

void add(uint8_t addend, const uint8_t* in, size_t n, uint8_t* out) {
  const __m256i addends = _mm256_set1_epi8(static_cast<char>(addend));
  size_t i = 0;
  for (; i + 32 <= n; i += 32) store32(out + i, _mm256_add_epi8(load32(in + i), addends));
  for (; i < n; ++i) out[i] = static_cast<uint8_t>(in[i] + addend);
}

constexpr LutKernel make_row() {
  LutKernel row{};
  row.name = "x8_lut_x64__avx2";
  row.needs = QRT_SET_AVX2;
  row.preference = 10;
  row.run = run;
  row.add = add;
  return row;
}

}  // namespace

extern const LutKernel kLutAvx2;
const LutKernel kLutAvx2 = make_row();

}  // namespace qrt::kernels
