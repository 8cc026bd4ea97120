// lut for AVX-512 (BW): the table as 128 pairs of bytes, in four registers, from which vpermi2w
// takes a pair for each even byte and then for each odd one.
#include "kernels/lut.h"

#include "kernels/avx512.h"

namespace qrt::kernels {
namespace {

struct Table {
  __m512i pairs[4];

  explicit Table(const uint8_t* table) {
    for (int i = 0; i < 4; ++i) pairs[i] = _mm512_loadu_si512(table + 64 * i);
  }

  // The pairs with the indices in the low 7 bits of words; `upper` where they are above 63.
  __m512i at(__m512i indices, __mmask32 upper) const {
    const __m512i low = _mm512_permutex2var_epi16(pairs[0], indices, pairs[1]);
    const __m512i high = _mm512_permutex2var_epi16(pairs[2], indices, pairs[3]);
    return _mm512_mask_mov_epi16(low, upper, high);
  }

  __m512i look_up(__m512i bytes) const {
    const __m512i eight = _mm512_set1_epi16(8), byte = _mm512_set1_epi16(0xFF);
    // The lowest bit of an index says which byte of its pair: that one moves to where the index
    // was.
    const __m512i even = at(_mm512_srli_epi16(_mm512_and_si512(bytes, byte), 1),
                            _mm512_test_epi16_mask(bytes, _mm512_set1_epi16(0x80)));
    const __m512i down = _mm512_and_si512(_mm512_slli_epi16(bytes, 3), eight);
    const __m512i odd = at(_mm512_srli_epi16(bytes, 9), _mm512_movepi16_mask(bytes));
    const __m512i up = _mm512_andnot_si512(_mm512_srli_epi16(bytes, 5), eight);
    return _mm512_mask_mov_epi8(_mm512_srlv_epi16(even, down), 0xAAAAAAAAAAAAAAAA,
                                _mm512_sllv_epi16(odd, up));
  }
};

// Calls vector(bytes) for 64 bytes at a time, fewer at the end.
template <class Vector>
void for_vectors(const uint8_t* in, size_t n, uint8_t* out, const Vector& vector) {
  size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    _mm512_storeu_si512(out + i, vector(_mm512_loadu_si512(in + i)));
  }
  if (i == n) return;
  const __mmask64 rest = mask_of(n - i);
  _mm512_mask_storeu_epi8(out + i, rest, vector(_mm512_maskz_loadu_epi8(rest, in + i)));
}

void run(const uint8_t* table, const uint8_t* in, size_t n, uint8_t* out) {
  const Table pairs(table);
  for_vectors(in, n, out, [&](__m512i bytes) { return pairs.look_up(bytes); });
}

void add(uint8_t addend, const uint8_t* in, size_t n, uint8_t* out) {
  const __m512i addends = _mm512_set1_epi8(static_cast<char>(addend));
  for_vectors(in, n, out, [&](__m512i bytes) { return _mm512_add_epi8(bytes, addends); });
}

constexpr LutKernel make_row() {
  LutKernel row{};
  row.name = "x8_lut_x64__avx512vnni";
  row.needs = QRT_SET_AVX512VNNI;
  row.preference = 30;
  row.run = run;
  row.add = add;
  return row;
}

}  // namespace

extern const LutKernel kLutAvx512vnni;
const LutKernel kLutAvx512vnni = make_row();

}  // namespace qrt::kernels
