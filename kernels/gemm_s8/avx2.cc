// gemm_s8 for AVX2: tiles of 4 rows by 16 columns (8 by 8 where no more columns are left).
//
// Rows of `a` are copied a block at a time, their taps one behind the other, and all rows of a
// block meet one panel of weights before the next panel's turn. A panel has one of three forms:
//
// - Words: products of 16 bits by vpmaddwd, which is exact whatever the weights. Rows are widened;
//   weights are differences from their zero points, [k / 2][columns][2].
// - Narrow words: the same, kept in 8 bits and widened when they are read. Multiplying takes
// longer,
//   fetching them from far half as long: for large products with one row.
// - Bytes (avx2_bytes.h): vpmaddubsw, where packing has proved that its sums of 16 bits cannot
//   saturate, for fewer instructions. Rows are a + 128, unsigned.
#include <immintrin.h>

#include "kernels/avx2_words.h"
#include "kernels/gemm_s8.h"
#include "kernels/gemm_s8/avx2_bytes.h"

namespace qrt::kernels {
namespace {

constexpr size_t kNr = 16;
constexpr size_t kBufferBytes = 48 * 1024;  // for words
constexpr size_t kMaxRows = 64;             // copied at once
// Words of more than this come from beyond a second-level cache.
constexpr size_t kCachedBytes = 512 * 1024;

enum Form : uint32_t { kWords, kNarrowWords, kBytes };

struct Panel {
  int32_t bias[kNr];
  float multipliers[kNr];
  Form form;
  uint32_t extras;  // see avx2_bytes.h
  uint32_t unused[14];
};

struct Header {
  uint32_t any_words, any_bytes;
  uint32_t unused[14];
};

size_t words_depth(size_t total) { return (total + 1) / 2 * 2; }
size_t bytes_depth(size_t total) { return (total + 7) / 8 * 8; }
uint32_t u(int32_t x) { return static_cast<uint32_t>(x); }
// Of any form: none takes more than words.
size_t panel_bytes(size_t total) { return sizeof(Panel) + bytes_depth(total) * kNr * 2; }

// The column at each place of a panel: packing within lanes puts those of a full one into order.
size_t column_at(size_t i, size_t columns) {
  return columns <= 8 ? i : i / 4 % 2 * 8 + i / 8 * 4 + i % 4;
}

// Bytes that a row takes in both forms.
size_t row_bytes(size_t taps, size_t k) { return bytes_depth(taps * k) * 3; }

uint64_t packed_bytes(size_t n, size_t taps, size_t k) {
  return sizeof(Header) + (uint64_t{n} + kNr - 1) / kNr * panel_bytes(taps * k);
}

// A weight less its zero point; 0 beyond the last column or depth.
int32_t weight_at(const GemmS8Weights& weights, size_t n, size_t k) {
  const size_t total = weights.taps * weights.k;
  if (n >= weights.n || k >= total) return 0;
  return weights.w[n * total + k] -
         (weights.w_zero_points != nullptr ? weights.w_zero_points[n] : 0);
}

template <class Word>
void pack_words(const GemmS8Weights& weights, size_t n0, size_t columns, Word* packed) {
  const size_t total = weights.taps * weights.k, width = columns <= 8 ? 8 : kNr;
  const size_t depth = words_depth(total);
  for (size_t i = 0; i < width; ++i) {
    const size_t n = n0 + column_at(i, columns);
    const size_t real = n < weights.n ? total : 0;
    const int8_t* row = weights.w + n * total;
    const int32_t zero =
        real > 0 && weights.w_zero_points != nullptr ? weights.w_zero_points[n] : 0;
    Word* to = packed + i * 2;
    for (size_t k = 0; k < real; ++k) {
      to[k / 2 * width * 2 + k % 2] = static_cast<Word>(row[k] - zero);
    }
    for (size_t k = real; k < depth; ++k) to[k / 2 * width * 2 + k % 2] = 0;
  }
}

bool fit_narrow_words(const GemmS8Weights& weights, size_t n0, size_t columns) {
  for (size_t n = n0; n < n0 + columns; ++n) {
    for (size_t k = 0; k < weights.taps * weights.k; ++k) {
      const int32_t w = weight_at(weights, n, k);
      if (w < INT8_MIN || w > INT8_MAX) return false;
    }
  }
  return true;
}

void pack(const GemmS8Weights& weights, void* memory) {
  auto* header = static_cast<Header*>(memory);
  *header = {};
  const size_t total = weights.taps * weights.k;
  const bool narrow = weights.single_row && weights.n * total * sizeof(int16_t) > kCachedBytes;
  // Rows that are copied in chunks are copied as words.
  const bool whole = bytes_depth(total) * 2 <= kBufferBytes;
  auto* bytes = reinterpret_cast<uint8_t*>(header + 1);
  for (size_t n0 = 0; n0 < weights.n; n0 += kNr, bytes += panel_bytes(total)) {
    auto* panel = reinterpret_cast<Panel*>(bytes);
    *panel = {};
    const size_t columns = weights.n - n0 < kNr ? weights.n - n0 : kNr;
    size_t extras = 0;
    if (whole && columns > 8 &&
        pack_bytes<kNr>(weights, n0, weight_at, column_at, bytes + sizeof(Panel), &extras)) {
      panel->form = kBytes;
      panel->extras = static_cast<uint32_t>(extras);
      header->any_bytes = 1;
    } else if (narrow && fit_narrow_words(weights, n0, columns)) {
      panel->form = kNarrowWords;
      pack_words(weights, n0, columns, reinterpret_cast<int8_t*>(panel + 1));
      header->any_words = 1;
    } else {
      pack_words(weights, n0, columns, reinterpret_cast<int16_t*>(panel + 1));
      header->any_words = 1;
    }
    const int32_t a_zero = weights.a_zero_point + (panel->form == kBytes ? 128 : 0);
    for (size_t i = 0; i < kNr; ++i) {
      const size_t n = n0 + column_at(i, columns);
      if (n >= weights.n) continue;
      uint32_t sum = 0;
      for (size_t k = 0; k < total; ++k) sum += u(weights.w[n * total + k]);
      const uint32_t zeros = weights.w_zero_points != nullptr ? u(weights.w_zero_points[n]) : 0;
      sum -= zeros * static_cast<uint32_t>(total);
      const uint32_t bias = weights.bias != nullptr ? u(weights.bias[n]) : 0;
      panel->bias[i] = static_cast<int32_t>(bias - u(a_zero) * sum);
      panel->multipliers[i] = weights.multipliers != nullptr ? weights.multipliers[n] : 0.0f;
    }
  }
}

// Copies as signed words or unsigned bytes. What is left at the end is copied with what is before
// it, so that nothing is read past it.
void copy(const int8_t* from, size_t count, int16_t* to) {
  const auto sixteen = [&](size_t i) { store32(to + i, _mm256_cvtepi8_epi16(load16(from + i))); };
  const auto eight = [&](size_t i) { store16(to + i, _mm_cvtepi8_epi16(load8(from + i))); };
  if (count >= 16) {
    for (size_t i = 0; i + 16 <= count; i += 16) sixteen(i);
    if (count % 16 != 0) sixteen(count - 16);
  } else if (count >= 8) {
    eight(0);
    eight(count - 8);
  } else {
    for (size_t i = 0; i < count; ++i) to[i] = from[i];
  }
}

void copy(const int8_t* from, size_t count, uint8_t* to) {
  const auto sixteen = [&](size_t i) {
    const __m128i flip = _mm_set1_epi8(static_cast<char>(0x80));
    store16(to + i, _mm_xor_si128(load16(from + i), flip));
  };
  if (count >= 16) {
    for (size_t i = 0; i + 16 <= count; i += 16) sixteen(i);
    if (count % 16 != 0) sixteen(count - 16);
  } else {
    for (size_t i = 0; i < count; ++i) to[i] = static_cast<uint8_t>(from[i] ^ 0x80);
  }
}

// The part of a row's concatenated taps that lies in [first, first + count), then zeros up to
// `depth`.
template <class T>
void copy_row(const GemmS8Args& args, size_t m, size_t first, size_t count, size_t depth, T* to) {
  if (args.indirection == nullptr) {
    copy(args.a + m * args.a_stride + first, count, to);
  } else {
    const int8_t* const* indirection = args.indirection + m * args.taps;
    size_t t = first / args.k, k = first % args.k;
    for (size_t done = 0; done < count; ++t, k = 0) {
      const size_t part = args.k - k < count - done ? args.k - k : count - done;
      copy(indirection[t] + k, part, to + done);
      done += part;
    }
  }
  for (size_t i = count; i < depth; ++i) to[i] = 0;
}

// A block of copied rows; or a single one, of which the words are copied chunk by chunk.
struct Block {
  const GemmS8Args* args;
  size_t m;  // the first row
  int16_t* words;
  uint8_t* bytes;
  size_t words_stride, bytes_stride;
  size_t chunk, total;  // elements of a row in `words` at once, and in all
};

inline void store_row(__m128i q, size_t columns, size_t width, int8_t* to) {
  if (columns < width) {
    store_partial(to, q, columns);
  } else if (width == 16) {
    store16(to, q);
  } else {
    store8(to, q);
  }
}

template <int kRows, int kVectors>
QRT_INLINE void store(const __m256i (&acc)[kRows][kVectors], const Panel& panel, size_t stride,
                      Output limits, size_t columns, int8_t* out) {
  constexpr int kAtOnce = 4 / kVectors;  // rows
  const Quantizer quantizer = make_quantizer(limits);
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r += kAtOnce) {
    __m256 steps[4];
#pragma GCC unroll 8
    for (int i = 0; i < 4; ++i) {
      const int row = r + i / kVectors < kRows ? r + i / kVectors : kRows - 1;
      steps[i] = steps_of(acc[row][i % kVectors], panel.multipliers + 8 * (i % kVectors));
    }
    __m256i bytes =
        _mm256_max_epi8(_mm256_packs_epi16(quantize_words(quantizer, steps[0], steps[1]),
                                           quantize_words(quantizer, steps[2], steps[3])),
                        quantizer.min);
    // From lanes to rows.
    bytes = kVectors == 2
                ? _mm256_permute4x64_epi64(bytes, 0xD8)
                : _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    const __m128i half[2] = {low_half(bytes), high_half(bytes)};
#pragma GCC unroll 8
    for (int i = 0; i < kAtOnce; ++i) {
      const __m128i lane = half[i * kVectors / 2];
      if (r + i < kRows) {
        store_row(kVectors == 1 && i % 2 == 1 ? upper_8(lane) : lane, columns, 8 * kVectors,
                  out + static_cast<size_t>(r + i) * stride);
      }
    }
  }
}

template <int kRows, int kVectors>
QRT_INLINE void store(const __m256i (&acc)[kRows][kVectors], const Panel&, size_t stride, Output,
                      size_t columns, int32_t* out) {
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    alignas(32) int32_t sums[8 * kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      _mm256_store_si256(reinterpret_cast<__m256i*>(sums + 8 * v), acc[r][v]);
    }
    int32_t* row = out + static_cast<size_t>(r) * stride;
    for (size_t i = 0; i < size_t{8} * kVectors; ++i) {
      const size_t column = column_at(i, size_t{8} * kVectors);
      if (column < columns) row[column] = sums[i];
    }
  }
}

// The same over whole rows, chunk by chunk if need be.
template <int kRows, int kVectors, class Word>
QRT_INLINE void multiply_all(const Block& block, size_t r, const Word* weights,
                             __m256i (&acc)[kRows][kVectors]) {
  if (kRows > 1 || block.chunk == block.total) {
    multiply<kRows, kVectors>(block.words + r * block.words_stride, block.words_stride, weights,
                              words_depth(block.total) / 2, acc);
    return;
  }
  for (size_t first = 0; first < block.total; first += block.chunk) {
    const size_t left = block.total - first, count = left < block.chunk ? left : block.chunk;
    copy_row(*block.args, block.m, first, count, words_depth(count), block.words);
    multiply<kRows, kVectors>(block.words, 0, weights + first * 8 * kVectors,
                              words_depth(count) / 2, acc);
  }
}

// Rows [r, r + kRows) of a block by one panel.
template <int kRows, int kVectors, class T>
void run_tile(const Block& block, const Panel& panel, size_t r, size_t n, size_t columns, T* out) {
  const GemmS8Args& args = *block.args;
  __m256i acc[kRows][kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    const __m256i bias = load32(panel.bias + 8 * v);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) acc[i][v] = bias;
  }
  if (kVectors == 2 && panel.form == kBytes) {
    multiply_bytes<kRows, kVectors>(block.bytes + r * block.bytes_stride, block.bytes_stride,
                                    reinterpret_cast<const uint8_t*>(&panel + 1),
                                    bytes_depth(block.total) / 8, panel.extras, acc);
  } else if (panel.form == kNarrowWords) {
    multiply_all<kRows, kVectors>(block, r, reinterpret_cast<const int8_t*>(&panel + 1), acc);
  } else {
    multiply_all<kRows, kVectors>(block, r, reinterpret_cast<const int16_t*>(&panel + 1), acc);
  }
  store<kRows, kVectors>(acc, panel, args.out_stride, args.out, columns,
                         out + (block.m + r) * args.out_stride + n);
}

template <int kRows, int kVectors, class T>
void run_rows(const Block& block, const Panel& panel, size_t r, size_t rows, size_t n,
              size_t columns, T* out) {
  for (; r + kRows <= rows; r += kRows) {
    run_tile<kRows, kVectors>(block, panel, r, n, columns, out);
  }
  if constexpr (kRows > 1) {
    if (r < rows) run_rows<kRows / 2, kVectors>(block, panel, r, rows, n, columns, out);
  }
}

template <class T>
void run_block(const Block& block, size_t rows, size_t n0, size_t n1, T* out) {
  const auto* panels = static_cast<const uint8_t*>(block.args->packed) + sizeof(Header);
  for (size_t n = n0; n < n1; n += kNr) {
    const auto& panel =
        *reinterpret_cast<const Panel*>(panels + n / kNr * panel_bytes(block.total));
    const size_t columns = n1 - n < kNr ? n1 - n : kNr;
    // As it was packed, whatever part of it is asked for.
    if (block.args->n - n <= 8) {
      run_rows<8, 1>(block, panel, 0, rows, n, columns, out);
    } else {
      run_rows<4, 2>(block, panel, 0, rows, n, columns, out);
    }
  }
}

template <class T>
void run_all(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, T* out) {
  // Words, then bytes, of which a row has half as many.
  alignas(64) uint8_t own_buffer[kBufferBytes / 2 * 3];
  const bool given = args.buffer != nullptr && args.buffer_bytes >= sizeof own_buffer;
  auto* buffer = given ? static_cast<uint8_t*>(args.buffer) : own_buffer;
  const size_t words_bytes = (given ? args.buffer_bytes : sizeof own_buffer) / 3 / 32 * 64;
  const auto& header = *static_cast<const Header*>(args.packed);
  const size_t total = args.taps * args.k, depth = words_depth(total), depth8 = bytes_depth(total);
  auto* words = reinterpret_cast<int16_t*>(buffer);
  uint8_t* bytes = buffer + words_bytes;
  size_t at_once = words_bytes / 2 / depth8;
  if (at_once == 0) {  // then a row is longer than a chunk
    const size_t chunk = kBufferBytes / 2;
    for (size_t m = m0; m < m1; ++m) {
      run_block({&args, m, words, bytes, chunk, 0, chunk, total}, 1, n0, n1, out);
    }
    return;
  }
  at_once = at_once > kMaxRows ? kMaxRows : at_once > 4 ? at_once / 4 * 4 : at_once;
  for (size_t m = m0; m < m1; m += at_once) {
    const size_t rows = m1 - m < at_once ? m1 - m : at_once;
    for (size_t r = 0; r < rows; ++r) {
      if (header.any_words != 0) copy_row(args, m + r, 0, total, depth, words + r * depth);
      if (header.any_bytes != 0) copy_row(args, m + r, 0, total, depth8, bytes + r * depth8);
    }
    run_block({&args, m, words, bytes, depth, depth8, total, total}, rows, n0, n1, out);
  }
}

void run(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int8_t* out) {
  run_all(args, m0, m1, n0, n1, out);
}

void run_s32(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int32_t* out) {
  run_all(args, m0, m1, n0, n1, out);
}

constexpr GemmS8Kernel make_row() {
  GemmS8Kernel row{};
  row.name = "qs8_gemm_4x16__avx2";
  row.needs = QRT_SET_AVX2;
  row.preference = 10;
  row.mr = 4;
  row.nr = kNr;
  row.throughput = 90;
  row.row_bytes = row_bytes;
  row.packed_bytes = packed_bytes;
  row.pack = pack;
  row.run = run;
  row.run_s32 = run_s32;
  return row;
}

}  // namespace

extern const GemmS8Kernel kGemmS8Avx2;
const GemmS8Kernel kGemmS8Avx2 = make_row();

}  // namespace qrt::kernels
