// gemm_s8 for AVX-VNNI: tiles of 6 rows by one panel of 16 columns, 12 sums of the 16 registers.
#include <immintrin.h>

#include "kernels/avx2.h"
#include "kernels/gemm_s8/vnni.h"

namespace qrt::kernels {
namespace {

struct Simd {
  using Vector = __m256i;
  enum : int { kParts = 2 };
  enum : size_t { kShortTap = 32 };

  static Vector zero() { return _mm256_setzero_si256(); }
  static Vector load(const void* p) { return load32(p); }
  static void save(void* p, Vector x) { store32(p, x); }
  static Vector broadcast(int32_t x) { return _mm256_set1_epi32(x); }
  static Vector add(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
  static Vector dot(Vector acc, Vector a, Vector w) { return _mm256_dpbusd_avx_epi32(acc, a, w); }
  static Vector subtract_product(Vector acc, Vector a, int32_t b) {
    return _mm256_sub_epi32(acc, _mm256_mullo_epi32(a, _mm256_set1_epi32(b)));
  }

  static Vector flip(Vector bytes) {
    return _mm256_xor_si256(bytes, _mm256_set1_epi8(static_cast<char>(0x80)));
  }

  // n < 32 bytes, then anything.
  static Vector load_some(const int8_t* from, size_t n) {
    if (n < 16) return _mm256_castsi128_si256(load_partial(from, n));
    // The last 16 again, moved down to where the first 16 end.
    alignas(32) int8_t bytes[32];
    store16(bytes, load16(from));
    store16(bytes + n - 16, load16(from + n - 16));
    return load32(bytes);
  }

  // `count` bytes plus 128. Up to 31 more bytes are written behind them.
  static void copy_unsigned(const int8_t* from, size_t count, uint8_t* to) {
    size_t i = 0;
    for (; i + 32 <= count; i += 32) store32(to + i, flip(load32(from + i)));
    if (i == count) return;
    if (count >= 32) {
      store32(to + count - 32, flip(load32(from + count - 32)));
    } else {
      store32(to + i, flip(load_some(from + i, count - i)));
    }
  }

  // Whole rows whose taps take a vector each.
  static void copy_short_taps(const GemmS8Args& args, size_t m, size_t rows, size_t stride,
                              uint8_t* to) {
    const size_t k = args.k;
    for_each_tap(args, m, rows, stride, to, [=](const int8_t* from, uint8_t* at) {
      store32(at, flip(k == 32 ? load32(from) : load_some(from, k)));
    });
  }

  static int32_t row_sum(const uint8_t* row, size_t count) {
    __m256i sums = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
      sums = _mm256_add_epi64(sums, _mm256_sad_epu8(load32(row + i), _mm256_setzero_si256()));
    }
    alignas(32) uint64_t parts[4];
    store32(parts, sums);
    uint64_t sum = parts[0] + parts[1] + parts[2] + parts[3];
    for (; i < count; ++i) sum += row[i];
    return static_cast<int32_t>(sum);
  }

  // Two rows at a time.
  template <int kRows, int kPanels>
  static QRT_INLINE void store(const Vector (&acc)[kRows][kPanels * kParts],
                               const Panel* const panels[kPanels], size_t stride, Output limits,
                               size_t columns, int8_t* out) {
    static_assert(kPanels == 1);
    const Quantizer quantizer = make_quantizer(limits);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; r += 2) {
      __m256 steps[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        const int row = r + i / 2 < kRows ? r + i / 2 : kRows - 1;
        steps[i] = steps_of(acc[row][i % 2], panels[0]->multipliers + 8 * (i % 2));
      }
      const __m256i bytes = in_order(quantize_bounded_32(quantizer, steps));
      store_first(out + static_cast<size_t>(r) * stride, low_half(bytes), columns);
      if (r + 1 < kRows) {
        store_first(out + static_cast<size_t>(r + 1) * stride, high_half(bytes), columns);
      }
    }
  }

  template <int kRows, int kPanels>
  static QRT_INLINE void store(const Vector (&acc)[kRows][kPanels * kParts], const Panel* const*,
                               size_t stride, Output, size_t columns, int32_t* out) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r, out += stride) {
      alignas(32) int32_t sums[kNr];
      store32(sums, acc[r][0]);
      store32(sums + 8, acc[r][1]);
      memcpy(out, sums, columns * sizeof(int32_t));
    }
  }

  template <class T>
  static void run_block(const Block& block, size_t rows, size_t n0, size_t n1, T* out) {
    for (size_t n = n0; n < n1; n += kNr) {
      run_rows<Simd, 6, 1>(block, 0, rows, n, n1, out);
    }
  }
};

void run(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int8_t* out) {
  run_all<Simd>(args, m0, m1, n0, n1, out);
}

void run_s32(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int32_t* out) {
  run_all<Simd>(args, m0, m1, n0, n1, out);
}

constexpr GemmS8Kernel make_row() {
  GemmS8Kernel row{};
  row.name = "qs8_gemm_6x16c4__avxvnni";
  row.needs = QRT_SET_AVXVNNI;
  row.preference = 20;
  row.mr = 6;
  row.nr = kNr;
  row.throughput = 220;
  row.row_bytes = row_bytes;
  row.packed_bytes = packed_bytes;
  row.pack = pack;
  row.run = run;
  row.run_s32 = run_s32;
  return row;
}

}  // namespace

extern const GemmS8Kernel kGemmS8Avxvnni;
const GemmS8Kernel kGemmS8Avxvnni = make_row();

}  // namespace qrt::kernels
