// gemm_s8 for AVX-512 with VNNI: vpdpbusd adds four products of an unsigned and a signed byte to 32
// bits without saturating.
//
// Rows of `a` are copied as a + 128, unsigned, a block of them at a time; what that adds to the
// sums is part of the packed bias. Their pieces lie one behind the other, padded to a multiple of
// four only at a row's end, where weights are zero. Weights are packed in panels of 16 columns,
// four neighbouring k side by side: [panel][k / 4][16][4]. Weight zero points need the sum of a
// row, which is taken only where there are any:
//   sum (a - za)(w - zw) = sum u w - zw sum u + bias - 128 sum w - za sum (w - zw) + 128 zw k
//
// Tiles are 6 rows by 4 panels, 12 by 2 or 16 by 1: enough sums to hide the latency of vpdpbusd,
// and fewer loads than products. All rows of a block meet the same panels before the next panels'
// turn.
#include <immintrin.h>

#include "kernels/gemm_s8.h"

namespace qrt::kernels {
namespace {

enum : size_t {
  kNr = 16,
  kBufferBytes = 32 * 1024,
  kSlack = 64,     // copies are written by whole vectors
  kMaxRows = 64,   // copied at once
  kLeastRows = 2,  // rows too long for so many are copied one by one, in chunks
};

struct Header {
  int32_t has_zero_points;
  int32_t unused[15];
};

struct Panel {
  int32_t bias[kNr];
  float multipliers[kNr];
  int32_t w_zero_points[kNr];
};

size_t min_of(size_t a, size_t b) { return a < b ? a : b; }
size_t depth_of(size_t taps, size_t k) { return (taps * k + 3) / 4 * 4; }
size_t panel_bytes(size_t depth) { return sizeof(Panel) + depth * kNr; }
uint32_t u(int32_t x) { return static_cast<uint32_t>(x); }
__mmask64 mask_of(size_t bytes) {
  return bytes >= 64 ? ~uint64_t{0} : _bzhi_u64(~uint64_t{0}, static_cast<unsigned>(bytes));
}

size_t row_bytes(size_t taps, size_t k) { return depth_of(taps, k); }

size_t packed_bytes(size_t n, size_t taps, size_t k) {
  return sizeof(Header) + (n + kNr - 1) / kNr * panel_bytes(depth_of(taps, k));
}

void pack(const GemmS8Weights& weights, void* memory) {
  auto* header = static_cast<Header*>(memory);
  header->has_zero_points = 0;
  const size_t k_total = weights.taps * weights.k, depth = depth_of(weights.taps, weights.k);
  auto* bytes = reinterpret_cast<uint8_t*>(header + 1);
  for (size_t n0 = 0; n0 < weights.n; n0 += kNr, bytes += panel_bytes(depth)) {
    auto* panel = reinterpret_cast<Panel*>(bytes);
    auto* packed = reinterpret_cast<int8_t*>(panel + 1);
    for (size_t i = 0; i < kNr; ++i) {
      const size_t n = n0 + i;
      const bool inside = n < weights.n;
      const int32_t w_zero =
          inside && weights.w_zero_points != nullptr ? weights.w_zero_points[n] : 0;
      if (w_zero != 0) header->has_zero_points = 1;
      uint32_t sum = 0;
      for (size_t k = 0; k < depth; ++k) {
        const int8_t w = inside && k < k_total ? weights.w[n * k_total + k] : int8_t{0};
        packed[(k / 4 * kNr + i) * 4 + k % 4] = w;
        sum += u(w);
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

// `count` bytes plus 128. Up to 63 more bytes are written behind them.
void copy_unsigned(const int8_t* from, size_t count, uint8_t* to) {
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    _mm512_storeu_si512(to + i, _mm512_xor_si512(_mm512_loadu_si512(from + i), flip));
  }
  if (i == count) return;
  const __m512i rest = _mm512_maskz_loadu_epi8(mask_of(count - i), from + i);
  _mm512_storeu_si512(to + i, _mm512_xor_si512(rest, flip));
}

// Whole rows whose pieces take a vector each.
void copy_short_pieces(const GemmS8Args& args, size_t m, size_t rows, size_t stride, uint8_t* to) {
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
  const size_t taps = args.taps, k = args.k;
  const __mmask64 mask = mask_of(k);
  const int8_t* const* pieces = args.pieces + m * taps;
  for (size_t r = 0; r < rows; ++r, to += stride, pieces += taps) {
    uint8_t* at = to;
    for (size_t t = 0; t < taps; ++t, at += k) {
      const __m512i bytes = _mm512_maskz_loadu_epi8(mask, pieces[t]);
      _mm512_storeu_si512(at, _mm512_xor_si512(bytes, flip));
    }
  }
}

// The part of the rows' concatenated pieces that lies in [first, first + count), rows `stride`
// bytes apart, in ascending order so that what is written too much is written over.
void copy_rows(const GemmS8Args& args, size_t m, size_t rows, size_t first, size_t count,
               size_t stride, uint8_t* to) {
  if (args.pieces == nullptr) {
    const int8_t* from = args.a + m * args.a_stride + first;
    if (args.a_stride == count && stride == count) return copy_unsigned(from, rows * count, to);
    for (size_t r = 0; r < rows; ++r, from += args.a_stride, to += stride) {
      copy_unsigned(from, count, to);
    }
    return;
  }
  if (args.k <= 64 && count == args.taps * args.k) {
    return copy_short_pieces(args, m, rows, stride, to);
  }
  for (size_t r = 0; r < rows; ++r, to += stride) {
    const int8_t* const* pieces = args.pieces + (m + r) * args.taps;
    size_t t = first / args.k, k = first % args.k;
    for (size_t done = 0; done < count; ++t, k = 0) {
      const size_t part = min_of(args.k - k, count - done);
      copy_unsigned(pieces[t] + k, part, to + done);
      done += part;
    }
  }
}

// A block of copied rows; or a single one that does not fit whole and is copied chunk by chunk.
struct Block {
  const GemmS8Args* args;
  size_t m;  // the first row
  uint8_t* rows;
  size_t stride;      // bytes from row to row: the depth, or that of a chunk
  size_t chunk;       // bytes of a row in `rows` at once; `total` if all
  size_t total;       // bytes of a row
  int32_t* row_sums;  // null: no weight zero points
};

int32_t row_sum(const uint8_t* row, size_t count) {
  __m512i sum = _mm512_setzero_si512();
  for (size_t i = 0; i < count; i += 64) {
    const __m512i bytes = _mm512_maskz_loadu_epi8(mask_of(count - i), row + i);
    sum = _mm512_add_epi64(sum, _mm512_sad_epu8(bytes, _mm512_setzero_si512()));
  }
  return static_cast<int32_t>(_mm512_reduce_add_epi64(sum));
}

void sum_rows(const Block& block, size_t rows, size_t count) {
  for (size_t r = 0; r < rows; ++r) {
    block.row_sums[r] += row_sum(block.rows + r * block.stride, count);
  }
}

// acc += rows * weights, over `depth` bytes of each row, a multiple of 4. Always inlined, as all
// that takes sums: an array stays in registers only within one function.
template <int kRows, int kPanels>
inline __attribute__((always_inline)) void multiply(const uint8_t* rows, size_t stride,
                                                    const int8_t* const weights[kPanels],
                                                    size_t depth, __m512i (&acc)[kRows][kPanels]) {
  // Few sums would wait for one another: they take turns.
  constexpr int kTurns = kRows * kPanels >= 8 ? 1 : 2;
  __m512i other[kRows][kPanels];
#pragma GCC unroll 16
  for (int r = 0; kTurns == 2 && r < kRows; ++r) {
#pragma GCC unroll 16
    for (int p = 0; p < kPanels; ++p) other[r][p] = _mm512_setzero_si512();
  }
  const auto step = [&](size_t k, __m512i(&to)[kRows][kPanels]) __attribute__((always_inline)) {
    __m512i w[kPanels];
#pragma GCC unroll 16
    for (int p = 0; p < kPanels; ++p) w[p] = _mm512_loadu_si512(weights[p] + k * kNr);
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) {
      int32_t four;
      memcpy(&four, rows + r * stride + k, sizeof four);
      const __m512i a = _mm512_set1_epi32(four);
#pragma GCC unroll 16
      for (int p = 0; p < kPanels; ++p) to[r][p] = _mm512_dpbusd_epi32(to[r][p], a, w[p]);
    }
  };
  size_t k = 0;
  if constexpr (kTurns == 2) {
    for (; k + 8 <= depth; k += 8) {
      step(k, acc);
      step(k + 4, other);
    }
  }
  for (; k < depth; k += 4) step(k, acc);
#pragma GCC unroll 16
  for (int r = 0; kTurns == 2 && r < kRows; ++r) {
#pragma GCC unroll 16
    for (int p = 0; p < kPanels; ++p) acc[r][p] = _mm512_add_epi32(acc[r][p], other[r][p]);
  }
}

// In steps of the output, limited from above before the conversion to integers.
inline __m512i steps_of(__m512i acc, __m512 multipliers, Output out) {
  const __m512 x = _mm512_mul_ps(_mm512_cvtepi32_ps(acc), multipliers);
  const __m512 max = _mm512_set1_ps(static_cast<float>(out.max - out.zero_point));
  return _mm512_cvtps_epi32(_mm512_min_ps(x, max));
}

// 64 quantized bytes: q[0], then q[1], q[2], q[3]. Packing limits them from below.
inline __m512i pack_steps(const __m512i q[4], Output out) {
  const __m512i zero = _mm512_set1_epi16(static_cast<int16_t>(out.zero_point));
  const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(q[0], q[1]), zero);
  const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(q[2], q[3]), zero);
  const __m512i bytes =
      _mm512_max_epi8(_mm512_packs_epi16(low, high), _mm512_set1_epi8(static_cast<char>(out.min)));
  // Packing works within lanes: each holds four bytes of every q.
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, bytes);
}

inline void store_part(__m512i bytes, int part, __mmask64 mask, int8_t* to) {
  const __m512i shifted = part == 0   ? bytes
                          : part == 1 ? _mm512_shuffle_i32x4(bytes, bytes, 0x39)
                          : part == 2 ? _mm512_shuffle_i32x4(bytes, bytes, 0x4E)
                                      : _mm512_shuffle_i32x4(bytes, bytes, 0x93);
  _mm512_mask_storeu_epi8(to, mask, shifted);
}

template <int kRows, int kPanels>
inline __attribute__((always_inline)) void store(const __m512i (&acc)[kRows][kPanels],
                                                 const Panel* const panels[kPanels], size_t stride,
                                                 Output limits, size_t columns, int8_t* out) {
  constexpr int kRowsAtOnce = 4 / kPanels;
  const __mmask64 mask = mask_of(columns);
  __m512 multipliers[kPanels];
#pragma GCC unroll 16
  for (int p = 0; p < kPanels; ++p) multipliers[p] = _mm512_loadu_ps(panels[p]->multipliers);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r += kRowsAtOnce) {
    __m512i q[4];
#pragma GCC unroll 16
    for (int i = 0; i < 4; ++i) {
      const int row = r + i / kPanels < kRows ? r + i / kPanels : kRows - 1;
      q[i] = steps_of(acc[row][i % kPanels], multipliers[i % kPanels], limits);
    }
    const __m512i bytes = pack_steps(q, limits);
#pragma GCC unroll 16
    for (int i = 0; i < kRowsAtOnce; ++i) {
      if (r + i < kRows) {
        store_part(bytes, i * kPanels, mask, out + static_cast<size_t>(r + i) * stride);
      }
    }
  }
}

template <int kRows, int kPanels>
inline __attribute__((always_inline)) void store(const __m512i (&acc)[kRows][kPanels],
                                                 const Panel* const*, size_t stride, Output,
                                                 size_t columns, int32_t* out) {
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r, out += stride) {
#pragma GCC unroll 16
    for (size_t p = 0; p < kPanels; ++p) {
      const auto mask = static_cast<__mmask16>(mask_of(columns > p * kNr ? columns - p * kNr : 0));
      _mm512_mask_storeu_epi32(out + p * kNr, mask, acc[r][p]);
    }
  }
}

// Rows [r, r + kRows) of a block, the kPanels panels from column n on.
template <int kRows, int kPanels, class T>
void run_tile(const Block& block, size_t r, size_t n, size_t n1, T* out) {
  const GemmS8Args& args = *block.args;
  const size_t depth = depth_of(args.taps, args.k);
  const auto* first_panel = static_cast<const uint8_t*>(args.packed) + sizeof(Header);
  const Panel* panels[kPanels];
  const int8_t* weights[kPanels];
  __m512i acc[kRows][kPanels];
#pragma GCC unroll 16
  for (size_t p = 0; p < kPanels; ++p) {
    panels[p] = reinterpret_cast<const Panel*>(first_panel + (n / kNr + p) * panel_bytes(depth));
    weights[p] = reinterpret_cast<const int8_t*>(panels[p] + 1);
    const __m512i bias = _mm512_loadu_si512(panels[p]->bias);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) acc[i][p] = bias;
  }
  if (kRows > 1 || block.chunk == block.total) {
    multiply<kRows, kPanels>(block.rows + r * block.stride, block.stride, weights, depth, acc);
  } else {
    if (block.row_sums != nullptr) block.row_sums[0] = 0;
    for (size_t first = 0; first < block.total; first += block.chunk) {
      const size_t count = min_of(block.total - first, block.chunk);
      copy_rows(args, block.m, 1, first, count, block.stride, block.rows);
      if (block.row_sums != nullptr) sum_rows(block, 1, count);
      multiply<kRows, kPanels>(block.rows, block.stride, weights, (count + 3) / 4 * 4, acc);
#pragma GCC unroll 16
      for (int p = 0; p < kPanels; ++p) weights[p] += block.chunk * kNr;
    }
  }
  if (block.row_sums != nullptr) {
#pragma GCC unroll 16
    for (int p = 0; p < kPanels; ++p) {
      const __m512i zeros = _mm512_loadu_si512(panels[p]->w_zero_points);
#pragma GCC unroll 16
      for (size_t i = 0; i < kRows; ++i) {
        const __m512i sum = _mm512_set1_epi32(block.row_sums[r + i]);
        acc[i][p] = _mm512_sub_epi32(acc[i][p], _mm512_mullo_epi32(zeros, sum));
      }
    }
  }
  store<kRows, kPanels>(acc, panels, args.out_stride, args.out,
                        min_of(n1 - n, size_t{kPanels} * kNr),
                        out + (block.m + r) * args.out_stride + n);
}

// All rows of a block in tiles of kRows, what is left in smaller ones.
template <int kRows, int kPanels, class T>
void run_rows(const Block& block, size_t r, size_t rows, size_t n, size_t n1, T* out) {
  for (; r + kRows <= rows; r += kRows) run_tile<kRows, kPanels>(block, r, n, n1, out);
  if constexpr (kRows > 1) {
    constexpr int kFewer = kRows % 3 == 0 ? kRows / 3 * 2 : kRows / 2;
    if (r < rows) run_rows<kFewer, kPanels>(block, r, rows, n, n1, out);
  }
}

template <class T>
void run_block(const Block& block, size_t rows, size_t n0, size_t n1, T* out) {
  for (size_t n = n0; n < n1;) {
    const size_t panels = (n1 - n + kNr - 1) / kNr;
    if (panels >= 4) {
      run_rows<6, 4>(block, 0, rows, n, n1, out);
      n += 4 * kNr;
    } else if (panels >= 2) {
      run_rows<12, 2>(block, 0, rows, n, n1, out);
      n += 2 * kNr;
    } else {
      run_rows<16, 1>(block, 0, rows, n, n1, out);
      n += kNr;
    }
  }
}

template <class T>
void run_all(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, T* out) {
  alignas(64) uint8_t own_buffer[kBufferBytes + kSlack];
  int32_t row_sums[kMaxRows];
  const bool zeros = static_cast<const Header*>(args.packed)->has_zero_points != 0;
  const size_t total = args.taps * args.k, depth = depth_of(args.taps, args.k);
  const bool given = args.buffer != nullptr && args.buffer_bytes >= sizeof own_buffer;
  auto* buffer = given ? static_cast<uint8_t*>(args.buffer) : own_buffer;
  const size_t bytes = given ? args.buffer_bytes - kSlack : size_t{kBufferBytes};
  if (depth * kLeastRows <= bytes) {
    const size_t at_once = min_of(bytes / depth, kMaxRows);
    for (size_t m = m0; m < m1; m += at_once) {
      const size_t rows = min_of(m1 - m, at_once);
      const Block block = {&args, m, buffer, depth, total, total, zeros ? row_sums : nullptr};
      copy_rows(args, m, rows, 0, total, depth, buffer);
      if (zeros) {
        memset(row_sums, 0, sizeof row_sums);
        sum_rows(block, rows, total);
      }
      run_block(block, rows, n0, n1, out);
    }
  } else {
    const size_t chunk = kBufferBytes;
    for (size_t m = m0; m < m1; ++m) {
      run_block({&args, m, buffer, chunk, chunk, total, zeros ? row_sums : nullptr}, 1, n0, n1,
                out);
    }
  }
}

void run(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int8_t* out) {
  run_all(args, m0, m1, n0, n1, out);
}

void run_s32(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int32_t* out) {
  run_all(args, m0, m1, n0, n1, out);
}

}  // namespace

extern const GemmS8Kernel kGemmS8Avx512vnni;
const GemmS8Kernel kGemmS8Avx512vnni = {"qs8_gemm_6x64c4__avx512vnni",
                                        QRT_ISA_AVX512VNNI,
                                        6,
                                        kNr,
                                        400,
                                        row_bytes,
                                        packed_bytes,
                                        pack,
                                        run,
                                        run_s32};

}  // namespace qrt::kernels
