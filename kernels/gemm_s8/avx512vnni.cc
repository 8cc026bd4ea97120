// gemm_s8 for AVX-512 with VNNI: tiles of up to 8 rows by 32 columns on vpdpbusd, which adds four
// products of an unsigned and a signed byte to 32 bits without saturating.
//
// Rows of `a` are copied once a tile as a + 128, unsigned; what that adds to the sums is part of
// the packed bias. Weights are packed in panels of 16 columns, four neighbouring k side by side:
// [panel][k / 4][16][4], each tap padded to a multiple of 4 with zero weights. Weight zero points
// need the sum of a row, which is taken only where there are any:
//   sum (a - za)(w - zw) = sum u w - zw sum u + bias - 128 sum w - za sum (w - zw) + 128 zw k
#include <immintrin.h>

#include "kernels/gemm_s8.h"

namespace qrt::kernels {
namespace {

enum { kMr = 8, kNr = 16, kMaxDepth = 4096 };  // depth: of the copied rows, 32 KiB together

struct Header {
  int32_t has_zero_points;
  int32_t unused[15];
};

struct Panel {
  int32_t bias[kNr];
  float multipliers[kNr];
  int32_t w_zero_points[kNr];
};

size_t padded_k(size_t k) { return (k + 3) / 4 * 4; }
size_t panel_bytes(size_t taps, size_t k) { return sizeof(Panel) + taps * padded_k(k) * kNr; }
uint32_t u(int32_t x) { return static_cast<uint32_t>(x); }

size_t packed_bytes(size_t n, size_t taps, size_t k) {
  return sizeof(Header) + (n + kNr - 1) / kNr * panel_bytes(taps, k);
}

void pack(const GemmS8Weights& weights, void* memory) {
  auto* header = static_cast<Header*>(memory);
  header->has_zero_points = 0;
  const size_t k_total = weights.taps * weights.k, k_padded = padded_k(weights.k);
  auto* bytes = reinterpret_cast<uint8_t*>(header + 1);
  for (size_t n0 = 0; n0 < weights.n; n0 += kNr, bytes += panel_bytes(weights.taps, weights.k)) {
    auto* panel = reinterpret_cast<Panel*>(bytes);
    auto* packed = reinterpret_cast<int8_t*>(panel + 1);
    for (size_t i = 0; i < kNr; ++i) {
      const size_t n = n0 + i;
      const bool inside = n < weights.n;
      const int32_t w_zero =
          inside && weights.w_zero_points != nullptr ? weights.w_zero_points[n] : 0;
      if (w_zero != 0) header->has_zero_points = 1;
      uint32_t sum = 0;
      for (size_t t = 0; t < weights.taps; ++t) {
        for (size_t k = 0; k < k_padded; ++k) {
          const bool real = inside && k < weights.k;
          const int8_t w = real ? weights.w[n * k_total + t * weights.k + k] : int8_t{0};
          packed[((t * k_padded + k) / 4 * kNr + i) * 4 + k % 4] = w;
          sum += u(w);
        }
      }
      const uint32_t zeros = u(w_zero) * static_cast<uint32_t>(k_total);
      const uint32_t bias = inside && weights.bias != nullptr ? u(weights.bias[n]) : 0;
      panel->bias[i] = static_cast<int32_t>(bias - 128 * sum -
                                            u(weights.a_zero_point) * (sum - zeros) + 128 * zeros);
      panel->multipliers[i] =
          inside && weights.multipliers != nullptr ? weights.multipliers[n] : 0.0f;
      panel->w_zero_points[i] = w_zero;
    }
  }
}

// k bytes plus 128, then zeros up to `padded`.
void copy_unsigned(const int8_t* from, size_t k, size_t padded, uint8_t* to) {
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
  size_t i = 0;
  for (; i + 64 <= k; i += 64) {
    _mm512_storeu_si512(to + i, _mm512_xor_si512(_mm512_loadu_si512(from + i), flip));
  }
  for (; i < padded; i += 64) {
    const __mmask64 real = k > i ? _bzhi_u64(~uint64_t{0}, static_cast<unsigned>(k - i)) : 0;
    const size_t rest = padded - i;
    const __mmask64 all =
        rest >= 64 ? ~uint64_t{0} : _bzhi_u64(~uint64_t{0}, static_cast<unsigned>(rest));
    const __m512i bytes = _mm512_maskz_loadu_epi8(real, from + i);
    _mm512_mask_storeu_epi8(to + i, all,
                            _mm512_maskz_mov_epi8(real, _mm512_xor_si512(bytes, flip)));
  }
}

const int8_t* piece_of(const GemmS8Args& args, size_t m, size_t t) {
  return args.pieces != nullptr ? args.pieces[m * args.taps + t] : args.a + m * args.a_stride;
}

// Copies the part of the rows' concatenated padded taps that lies in [first, first + depth); both
// are multiples of 4.
void copy_rows(const GemmS8Args& args, size_t m, size_t rows, size_t first, size_t depth,
               uint8_t* buffer) {
  const size_t k_padded = padded_k(args.k);
  for (size_t r = 0; r < rows; ++r) {
    uint8_t* to = buffer + r * kMaxDepth;
    for (size_t done = 0; done < depth;) {
      const size_t t = (first + done) / k_padded, k = (first + done) % k_padded;
      const size_t padded = k_padded - k < depth - done ? k_padded - k : depth - done;
      const size_t real = args.k - k < padded ? args.k - k : padded;
      copy_unsigned(piece_of(args, m + r, t) + k, real, padded, to + done);
      done += padded;
    }
  }
}

int32_t row_sum(const uint8_t* row, size_t depth) {
  __m512i sum = _mm512_setzero_si512();
  for (size_t i = 0; i < depth; i += 64) {
    const __mmask64 mask =
        depth - i >= 64 ? ~uint64_t{0} : _bzhi_u64(~uint64_t{0}, static_cast<unsigned>(depth - i));
    sum = _mm512_add_epi64(
        sum, _mm512_sad_epu8(_mm512_maskz_loadu_epi8(mask, row + i), _mm512_setzero_si512()));
  }
  return static_cast<int32_t>(_mm512_reduce_add_epi64(sum));
}

template <int kRows, int kPanels>
struct Tile {
  __m512i acc[kRows][kPanels];
};

template <int kRows, int kPanels>
inline __attribute__((always_inline)) void multiply(const uint8_t* rows,
                                                    const int8_t* const weights[kPanels],
                                                    size_t depth, Tile<kRows, kPanels>* tile) {
  __m512i acc[kRows][kPanels];
  for (int r = 0; r < kRows; ++r) {
    for (int p = 0; p < kPanels; ++p) acc[r][p] = tile->acc[r][p];
  }
  for (size_t k = 0; k < depth; k += 4) {
    __m512i w[kPanels];
    for (int p = 0; p < kPanels; ++p) w[p] = _mm512_loadu_si512(weights[p] + k * kNr);
    for (int r = 0; r < kRows; ++r) {
      int32_t four;
      memcpy(&four, rows + r * kMaxDepth + k, sizeof four);
      const __m512i a = _mm512_set1_epi32(four);
      for (int p = 0; p < kPanels; ++p) acc[r][p] = _mm512_dpbusd_epi32(acc[r][p], a, w[p]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int p = 0; p < kPanels; ++p) tile->acc[r][p] = acc[r][p];
  }
}

void store(__m512i acc, const Panel& panel, Output out, __mmask16 columns, int8_t* to) {
  __m512 x = _mm512_mul_ps(_mm512_cvtepi32_ps(acc), _mm512_loadu_ps(panel.multipliers));
  x = _mm512_max_ps(x, _mm512_set1_ps(static_cast<float>(out.min - out.zero_point)));
  x = _mm512_min_ps(x, _mm512_set1_ps(static_cast<float>(out.max - out.zero_point)));
  const __m512i q = _mm512_add_epi32(_mm512_cvtps_epi32(x), _mm512_set1_epi32(out.zero_point));
  _mm512_mask_cvtepi32_storeu_epi8(to, columns, q);
}

void store(__m512i acc, const Panel&, Output, __mmask16 columns, int32_t* to) {
  _mm512_mask_storeu_epi32(to, columns, acc);
}

// kRows rows from m on and the kPanels panels from column n on. `buffer` holds the rows if they
// fit.
template <int kRows, int kPanels, class T>
void run_tile(const GemmS8Args& args, uint8_t* buffer, bool copied, size_t m, size_t n, size_t n1,
              T* out) {
  const size_t total = args.taps * padded_k(args.k), bytes = panel_bytes(args.taps, args.k);
  const auto* header = static_cast<const Header*>(args.packed);
  const Panel* panels[kPanels];
  for (size_t p = 0; p < kPanels; ++p) {
    panels[p] = reinterpret_cast<const Panel*>(reinterpret_cast<const uint8_t*>(header + 1) +
                                               (n / kNr + p) * bytes);
  }
  Tile<kRows, kPanels> tile;
  for (int r = 0; r < kRows; ++r) {
    for (int p = 0; p < kPanels; ++p) tile.acc[r][p] = _mm512_loadu_si512(panels[p]->bias);
  }
  for (size_t first = 0; first < total; first += kMaxDepth) {
    const size_t depth = total - first < kMaxDepth ? total - first : size_t{kMaxDepth};
    if (!copied) copy_rows(args, m, kRows, first, depth, buffer);
    const int8_t* weights[kPanels];
    for (int p = 0; p < kPanels; ++p) {
      weights[p] = reinterpret_cast<const int8_t*>(panels[p] + 1) + first * kNr;
    }
    multiply<kRows, kPanels>(buffer, weights, depth, &tile);
    if (header->has_zero_points == 0) continue;
    for (int r = 0; r < kRows; ++r) {
      const __m512i sum = _mm512_set1_epi32(row_sum(buffer + r * kMaxDepth, depth));
      for (int p = 0; p < kPanels; ++p) {
        const __m512i zeros = _mm512_loadu_si512(panels[p]->w_zero_points);
        tile.acc[r][p] = _mm512_sub_epi32(tile.acc[r][p], _mm512_mullo_epi32(zeros, sum));
      }
    }
  }
  for (size_t p = 0; p < kPanels; ++p) {
    const size_t column = n + p * kNr;
    const auto columns =
        static_cast<__mmask16>(n1 - column >= kNr ? 0xFFFFu : (1u << (n1 - column)) - 1u);
    for (size_t r = 0; r < kRows; ++r) {
      store(tile.acc[r][p], *panels[p], args.out, columns,
            out + (m + r) * args.out_stride + column);
    }
  }
}

template <int kRows, class T>
void run_rows(const GemmS8Args& args, size_t m, size_t n0, size_t n1, T* out) {
  alignas(64) uint8_t buffer[kRows * kMaxDepth];
  const size_t total = args.taps * padded_k(args.k);
  const bool copied = total <= kMaxDepth;
  if (copied) copy_rows(args, m, kRows, 0, total, buffer);
  size_t n = n0;
  for (; n + kNr < n1; n += 2 * kNr) run_tile<kRows, 2>(args, buffer, copied, m, n, n1, out);
  if (n < n1) run_tile<kRows, 1>(args, buffer, copied, m, n, n1, out);
}

template <class T>
void run_all(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, T* out) {
  size_t m = m0;
  for (; m + 8 <= m1; m += 8) run_rows<8>(args, m, n0, n1, out);
  if (m + 4 <= m1) run_rows<4>(args, m, n0, n1, out), m += 4;
  if (m + 2 <= m1) run_rows<2>(args, m, n0, n1, out), m += 2;
  if (m < m1) run_rows<1>(args, m, n0, n1, out);
}

void run(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int8_t* out) {
  run_all(args, m0, m1, n0, n1, out);
}

void run_s32(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int32_t* out) {
  run_all(args, m0, m1, n0, n1, out);
}

}  // namespace

extern const GemmS8Kernel kGemmS8Avx512vnni;
const GemmS8Kernel kGemmS8Avx512vnni = {
    "qs8_gemm_8x32c4__avx512vnni", QRT_ISA_AVX512VNNI, kMr, kNr, packed_bytes, pack, run, run_s32};

}  // namespace qrt::kernels
