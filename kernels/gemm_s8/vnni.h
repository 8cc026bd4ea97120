// gemm_s8 by vpdpbusd, which adds four products of an unsigned and a signed byte to 32 bits without
// saturating: what its rows for 256 and 512 bits share. A row gives its vectors and their
// operations as the template argument Simd.
//
// Rows of `a` are copied as a + 128, unsigned, a block of them at a time; what that adds to the
// sums is part of the packed bias. Their taps lie one behind the other, padded to a multiple of
// four only at a row's end, where weights are zero. Weights are packed in panels of 16 columns,
// four neighbouring k side by side: [panel][k / 4][16][4]. Weight zero points need the sum of a
// row, which is taken only where there are any:
//   sum (a - za)(w - zw) = sum u w - zw sum u + bias - 128 sum w - za sum (w - zw) + 128 zw k
//
// All rows of a block meet the same panels before the next panels' turn.
//
// Everything here has internal linkage: files are compiled with different flags.
#pragma once

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
  int32_t bounded;  // see is_bounded
  int32_t unused[14];
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
size_t row_bytes(size_t taps, size_t k) { return depth_of(taps, k); }

uint64_t packed_bytes(size_t n, size_t taps, size_t k) {
  return sizeof(Header) + (uint64_t{n} + kNr - 1) / kNr * panel_bytes(depth_of(taps, k));
}

void pack(const GemmS8Weights& weights, void* memory) {
  auto* header = static_cast<Header*>(memory);
  *header = {0, 1, {}};
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
      uint64_t sizes = 0;  // of differences from the zero point
      for (size_t k = 0; k < depth; ++k) {
        const bool real = inside && k < k_total;
        const int8_t w = real ? weights.w[n * k_total + k] : int8_t{0};
        packed[(k / 4 * kNr + i) * 4 + k % 4] = w;
        sum += u(w);
        if (real) sizes += u(w < w_zero ? w_zero - w : w - w_zero);
      }
      const uint32_t zeros = u(w_zero) * static_cast<uint32_t>(k_total);
      const uint32_t bias = inside && weights.bias != nullptr ? u(weights.bias[n]) : 0;
      panel->bias[i] = static_cast<int32_t>(bias - 128 * sum -
                                            u(weights.a_zero_point) * (sum - zeros) + 128 * zeros);
      panel->multipliers[i] =
          inside && weights.multipliers != nullptr ? weights.multipliers[n] : 0.0f;
      panel->w_zero_points[i] = w_zero;
      const double offset = inside && weights.bias != nullptr ? weights.bias[n] : 0;
      const double most = largest_input(weights.a_zero_point) * static_cast<double>(sizes) +
                          (offset < 0 ? -offset : offset);
      if (!is_bounded(most, panel->multipliers[i])) header->bounded = 0;
    }
  }
}

// Calls copy(tap, where it goes) for all taps of whole rows, in ascending order.
template <class Copy>
void for_each_tap(const GemmS8Args& args, size_t m, size_t rows, size_t stride, uint8_t* to,
                  const Copy& copy) {
  const size_t taps = args.taps, k = args.k;
  const int8_t* const* indirection = args.indirection + m * taps;
  for (size_t r = 0; r < rows; ++r, to += stride, indirection += taps) {
    uint8_t* at = to;
    for (size_t t = 0; t < taps; ++t, at += k) copy(indirection[t], at);
  }
}

// The part of the rows' concatenated taps that lies in [first, first + count), rows `stride`
// bytes apart, in ascending order so that what is written too much is written over.
template <class Simd>
void copy_rows(const GemmS8Args& args, size_t m, size_t rows, size_t first, size_t count,
               size_t stride, uint8_t* to) {
  if (args.indirection == nullptr) {
    const int8_t* from = args.a + m * args.a_stride + first;
    if (args.a_stride == count && stride == count) {
      return Simd::copy_unsigned(from, rows * count, to);
    }
    for (size_t r = 0; r < rows; ++r, from += args.a_stride, to += stride) {
      Simd::copy_unsigned(from, count, to);
    }
    return;
  }
  if (args.k <= Simd::kShortTap && count == args.taps * args.k) {
    return Simd::copy_short_taps(args, m, rows, stride, to);
  }
  for (size_t r = 0; r < rows; ++r, to += stride) {
    const int8_t* const* indirection = args.indirection + (m + r) * args.taps;
    size_t t = first / args.k, k = first % args.k;
    for (size_t done = 0; done < count; ++t, k = 0) {
      const size_t part = min_of(args.k - k, count - done);
      Simd::copy_unsigned(indirection[t] + k, part, to + done);
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

template <class Simd>
void sum_rows(const Block& block, size_t rows, size_t count) {
  for (size_t r = 0; r < rows; ++r) {
    block.row_sums[r] += Simd::row_sum(block.rows + r * block.stride, count);
  }
}

// acc += rows * weights, over `depth` bytes of each row, a multiple of 4. A panel is kParts
// vectors. Always inlined, as all that takes sums: an array stays in registers only within one
// function.
template <class Simd, int kRows, int kPanels>
QRT_INLINE void multiply(const uint8_t* rows, size_t stride, const int8_t* const weights[kPanels],
                         size_t depth,
                         typename Simd::Vector (&acc)[kRows][kPanels * Simd::kParts]) {
  using Vector = typename Simd::Vector;
  constexpr int kVectors = kPanels * Simd::kParts;
  // Few sums would wait for one another: they take turns.
  constexpr int kTurns = kRows * kVectors >= 8 ? 1 : 2;
  Vector other[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; kTurns == 2 && r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) other[r][v] = Simd::zero();
  }
  const auto step = [&](size_t k, Vector(&to)[kRows][kVectors]) __attribute__((always_inline)) {
    Vector w[kVectors];
#pragma GCC unroll 16
    for (size_t v = 0; v < kVectors; ++v) {
      w[v] = Simd::load(weights[v / Simd::kParts] + k * kNr + v % Simd::kParts * sizeof(Vector));
    }
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) {
      int32_t four;
      memcpy(&four, rows + r * stride + k, sizeof four);
      const Vector a = Simd::broadcast(four);
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) to[r][v] = Simd::dot(to[r][v], a, w[v]);
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
    for (int v = 0; v < kVectors; ++v) acc[r][v] = Simd::add(acc[r][v], other[r][v]);
  }
}

// Rows of sums that may be anything, one by one.
inline void store_unbounded(const int32_t* sums, size_t rows, size_t panel_count,
                            const Panel* const* panels, size_t stride, Output limits,
                            size_t columns, int8_t* out) {
  for (size_t r = 0; r < rows; ++r, out += stride, sums += panel_count * kNr) {
    for (size_t i = 0; i < columns; ++i) {
      out[i] =
          static_cast<int8_t>(requantize(sums[i], panels[i / kNr]->multipliers[i % kNr], limits));
    }
  }
}

// Rows [r, r + kRows) of a block, the kPanels panels from column n on.
template <class Simd, int kRows, int kPanels, class T>
void run_tile(const Block& block, size_t r, size_t n, size_t n1, T* out) {
  using Vector = typename Simd::Vector;
  constexpr size_t kParts = Simd::kParts, kLanes = kNr / kParts;
  const GemmS8Args& args = *block.args;
  const size_t depth = depth_of(args.taps, args.k);
  const auto* first_panel = static_cast<const uint8_t*>(args.packed) + sizeof(Header);
  const Panel* panels[kPanels];
  const int8_t* weights[kPanels];
  Vector acc[kRows][kPanels * kParts];
#pragma GCC unroll 16
  for (size_t p = 0; p < kPanels; ++p) {
    panels[p] = reinterpret_cast<const Panel*>(first_panel + (n / kNr + p) * panel_bytes(depth));
    weights[p] = reinterpret_cast<const int8_t*>(panels[p] + 1);
#pragma GCC unroll 2
    for (size_t part = 0; part < kParts; ++part) {
      const Vector bias = Simd::load(panels[p]->bias + kLanes * part);
#pragma GCC unroll 16
      for (int i = 0; i < kRows; ++i) acc[i][p * kParts + part] = bias;
    }
  }
  if (kRows > 1 || block.chunk == block.total) {
    multiply<Simd, kRows, kPanels>(block.rows + r * block.stride, block.stride, weights, depth,
                                   acc);
  } else {
    if (block.row_sums != nullptr) block.row_sums[0] = 0;
    for (size_t first = 0; first < block.total; first += block.chunk) {
      const size_t count = min_of(block.total - first, block.chunk);
      copy_rows<Simd>(args, block.m, 1, first, count, block.stride, block.rows);
      if (block.row_sums != nullptr) sum_rows<Simd>(block, 1, count);
      multiply<Simd, kRows, kPanels>(block.rows, block.stride, weights, (count + 3) / 4 * 4, acc);
#pragma GCC unroll 16
      for (int p = 0; p < kPanels; ++p) weights[p] += block.chunk * kNr;
    }
  }
  if (block.row_sums != nullptr) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kPanels * kParts; ++v) {
      const Vector zeros = Simd::load(panels[v / kParts]->w_zero_points + kLanes * (v % kParts));
#pragma GCC unroll 16
      for (size_t i = 0; i < kRows; ++i) {
        acc[i][v] = Simd::subtract_product(acc[i][v], zeros, block.row_sums[r + i]);
      }
    }
  }
  const size_t columns = min_of(n1 - n, size_t{kPanels} * kNr);
  out += (block.m + r) * args.out_stride + n;
  if constexpr (sizeof(T) == 1) {
    if (__builtin_expect(!static_cast<const Header*>(args.packed)->bounded, 0)) {
      int32_t sums[kRows * kPanels * kNr];  // a copy: `acc` is to have no address
#pragma GCC unroll 16
      for (size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 16
        for (size_t v = 0; v < kPanels * kParts; ++v) {
          Simd::save(sums + i * kPanels * kNr + v * kLanes, acc[i][v]);
        }
      }
      return store_unbounded(sums, kRows, kPanels, panels, args.out_stride, args.out, columns, out);
    }
  }
  Simd::template store<kRows, kPanels>(acc, panels, args.out_stride, args.out, columns, out);
}

// All rows of a block in tiles of kRows, what is left in smaller ones.
template <class Simd, int kRows, int kPanels, class T>
void run_rows(const Block& block, size_t r, size_t rows, size_t n, size_t n1, T* out) {
  for (; r + kRows <= rows; r += kRows) run_tile<Simd, kRows, kPanels>(block, r, n, n1, out);
  if constexpr (kRows > 1) {
    constexpr int kFewer = kRows % 3 == 0 ? kRows / 3 * 2 : kRows / 2;
    if (r < rows) run_rows<Simd, kFewer, kPanels>(block, r, rows, n, n1, out);
  }
}

template <class Simd, class T>
void run_all(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, T* out) {
  alignas(64) uint8_t own_buffer[kBufferBytes + kSlack];
  int32_t row_sums[kMaxRows];
  const bool zeros = static_cast<const Header*>(args.packed)->has_zero_points != 0;
  const size_t total = args.taps * args.k, depth = depth_of(args.taps, args.k);
  const bool given = args.buffer != nullptr && args.buffer_bytes >= sizeof own_buffer;
  auto* buffer = given ? static_cast<uint8_t*>(args.buffer) : own_buffer;
  const size_t bytes = given ? args.buffer_bytes - kSlack : size_t{kBufferBytes};
  if (depth * kLeastRows <= bytes) {
    // The smallest products take less time than a division.
    const bool all = (m1 - m0) * depth <= bytes;
    const size_t at_once = min_of(all ? m1 - m0 : bytes / depth, kMaxRows);
    for (size_t m = m0; m < m1; m += at_once) {
      const size_t rows = min_of(m1 - m, at_once);
      const Block block = {&args, m, buffer, depth, total, total, zeros ? row_sums : nullptr};
      copy_rows<Simd>(args, m, rows, 0, total, depth, buffer);
      if (zeros) {
        memset(row_sums, 0, rows * sizeof row_sums[0]);
        sum_rows<Simd>(block, rows, total);
      }
      Simd::run_block(block, rows, n0, n1, out);
    }
  } else {
    const size_t chunk = kBufferBytes;
    for (size_t m = m0; m < m1; ++m) {
      Simd::run_block({&args, m, buffer, chunk, chunk, total, zeros ? row_sums : nullptr}, 1, n0,
                      n1, out);
    }
  }
}

}  // namespace
}  // namespace qrt::kernels
