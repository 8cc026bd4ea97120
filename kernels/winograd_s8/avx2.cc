// winograd_s8 for AVX2: sums of products in 16 bits by vpmaddwd, as gemm_s8 has them.
//
// A block of tiles of 2x2 outputs, each under 4x4 inputs:
//   1. inputs are widened and transformed, 16 channels at a time, into 16 matrices, one a place of
//      the tile: [tile][channel], of at most 4 * 128 = 512 in size;
//   2. panel by panel of 16 output channels, each matrix is multiplied by that of its place;
//   3. the 16 products of each tile become four sums, and these bytes.
// Transformed weights are at most 9 * 255 in size, so nothing saturates; sums wrap around in 32
// bits, and four times a result is known not to.
#include <immintrin.h>

#include "kernels/avx2_words.h"
#include "kernels/column_reader.h"
#include "kernels/winograd_s8.h"

namespace qrt::kernels {
namespace {

constexpr size_t kNr = 16, kPlaces = 16;
constexpr size_t kMaxTiles = 32;
constexpr size_t kInputBytes =
    256 * 1024;  // of transformed inputs: they stay in a second-level cache
// Between matrices, so that the same element of all of them does not fall into one set of a cache.
constexpr size_t kGap = 128;

struct Panel {
  int32_t bias[kNr];
  float multipliers[kNr];
};

size_t matrix_bytes(size_t channels) { return channels * kNr * sizeof(int16_t); }
size_t panel_bytes(size_t channels) { return sizeof(Panel) + kPlaces * matrix_bytes(channels); }

// The order in which packing within lanes leaves the channels right.
size_t column_at(size_t i) { return i / 4 % 2 * 8 + i / 8 * 4 + i % 4; }

int32_t weight_at(const WinogradS8Weights& weights, size_t n, size_t tap, size_t c) {
  const int32_t zero = weights.w_zero_points != nullptr ? weights.w_zero_points[n] : 0;
  return weights.w[(n * 9 + tap) * weights.channels + c] - zero;
}

bool accepts(const WinogradS8Weights& weights) {
  if (weights.channels < 16 || weights.channels % 2 != 0) return false;
  for (size_t n = 0; n < weights.n; ++n) {
    int64_t most = 0;
    for (size_t tap = 0; tap < 9; ++tap) {
      for (size_t c = 0; c < weights.channels; ++c) {
        const int32_t w = weight_at(weights, n, tap, c);
        most += 128 * (w < 0 ? -w : w);
      }
    }
    if (4 * most > INT32_MAX) return false;
  }
  return true;
}

size_t block(size_t channels) {
  const size_t tiles = kInputBytes / (kPlaces * channels * sizeof(int16_t)) / 4 * 4;
  return tiles > kMaxTiles ? kMaxTiles : tiles < 4 ? 4 : tiles;
}

size_t packed_bytes(size_t n, size_t channels) {
  return (n + kNr - 1) / kNr * panel_bytes(channels);
}

// a * b * a^T for the filter b and a = {{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}}.
void transform_filter(const int32_t g[9], int32_t out[kPlaces]) {
  int32_t rows[4][3];
  for (size_t x = 0; x < 3; ++x) {
    const int32_t top = g[x], middle = g[3 + x], bottom = g[6 + x];
    rows[0][x] = 2 * top;
    rows[1][x] = top + middle + bottom;
    rows[2][x] = top - middle + bottom;
    rows[3][x] = 2 * bottom;
  }
  for (size_t y = 0; y < 4; ++y) {
    const int32_t* r = rows[y];
    out[4 * y] = 2 * r[0];
    out[4 * y + 1] = r[0] + r[1] + r[2];
    out[4 * y + 2] = r[0] - r[1] + r[2];
    out[4 * y + 3] = 2 * r[2];
  }
}

void pack(const WinogradS8Weights& weights, void* memory) {
  auto* bytes = static_cast<uint8_t*>(memory);
  const size_t channels = weights.channels;
  for (size_t n0 = 0; n0 < weights.n; n0 += kNr, bytes += panel_bytes(channels)) {
    auto* panel = reinterpret_cast<Panel*>(bytes);
    *panel = {};
    auto* packed = reinterpret_cast<int16_t*>(panel + 1);
    for (size_t i = 0; i < kNr; ++i) {
      const size_t n = n0 + column_at(i);
      uint32_t sum = 0;
      for (size_t c = 0; c < channels; ++c) {
        int32_t filter[9] = {}, transformed[kPlaces];
        for (size_t tap = 0; tap < 9 && n < weights.n; ++tap) {
          filter[tap] = weight_at(weights, n, tap, c);
          sum += static_cast<uint32_t>(filter[tap]);
        }
        transform_filter(filter, transformed);
        for (size_t place = 0; place < kPlaces; ++place) {
          packed[((place * channels + c) / 2 * kNr + i) * 2 + c % 2] =
              static_cast<int16_t>(transformed[place]);
        }
      }
      if (n >= weights.n) continue;
      const uint32_t bias = weights.bias != nullptr ? static_cast<uint32_t>(weights.bias[n]) : 0;
      panel->bias[i] =
          static_cast<int32_t>(bias - static_cast<uint32_t>(weights.a_zero_point) * sum);
      panel->multipliers[i] = weights.multipliers[n];
    }
  }
}

// Scratch memory: the matrices of inputs, then those of sums.
struct Layout {
  size_t input_stride, sum_stride;  // bytes from one matrix to the next
  size_t sums_at, bytes;
};

Layout layout_of(size_t channels, size_t tiles) {
  Layout layout;
  layout.input_stride = (tiles * channels * sizeof(int16_t) + 63) / 64 * 64 + kGap;
  layout.sum_stride = tiles * kNr * sizeof(int32_t) + kGap;
  layout.sums_at = kPlaces * layout.input_stride;
  layout.bytes = layout.sums_at + kPlaces * layout.sum_stride;
  return layout;
}

size_t scratch_bytes(size_t channels, size_t tiles) { return layout_of(channels, tiles).bytes; }

// A column of a tile, transformed from top to bottom.
struct Column {
  __m256i of[4];

  inline __attribute__((always_inline)) void read(ColumnReader<4>& columns) {
    columns.next([this](const int8_t* const rows[4]) {
      __m256i d[4];
      for (size_t i = 0; i < 4; ++i) d[i] = _mm256_cvtepi8_epi16(load16(rows[i]));
      of[0] = _mm256_sub_epi16(d[0], d[2]);
      of[1] = _mm256_add_epi16(d[1], d[2]);
      of[2] = _mm256_sub_epi16(d[2], d[1]);
      of[3] = _mm256_sub_epi16(d[1], d[3]);
    });
  }
};

// Neighbouring tiles of a row; every other two of their columns are those of the tile before.
void transform_tiles(ColumnReader<4> columns, size_t tiles, size_t channels, size_t stride,
                     uint8_t* to) {
  Column a, b, c, d;
  a.read(columns);
  b.read(columns);
  for (size_t t = 0; t < tiles; ++t, to += channels * sizeof(int16_t)) {
    c.read(columns);
    d.read(columns);
    uint8_t* place = to;
    for (size_t i = 0; i < 4; ++i, place += 4 * stride) {
      store32(place, _mm256_sub_epi16(a.of[i], c.of[i]));
      store32(place + stride, _mm256_add_epi16(b.of[i], c.of[i]));
      store32(place + 2 * stride, _mm256_sub_epi16(c.of[i], b.of[i]));
      store32(place + 3 * stride, _mm256_sub_epi16(b.of[i], d.of[i]));
    }
    a = c;
    b = d;
  }
}

void transform_inputs(const WinogradS8Args& args, const Layout& layout, size_t t0, size_t t1) {
  const Picture picture = {args.in,       args.in_h,    args.in_w,
                           args.channels, args.pad_top, args.pad_left};
  alignas(16) int8_t padding[16];
  memset(padding, args.a_zero_point, sizeof padding);
  const size_t across = (args.out_w + 1) / 2;
  auto* to = static_cast<uint8_t*>(args.scratch);
  for (size_t t = t0; t < t1;) {
    const size_t y = t / across, x = t % across, end = (y + 1) * across;
    const size_t tiles = (end < t1 ? end : t1) - t;
    for (size_t c = 0; c < args.channels; c += 16) {
      // The last 16 end with the last channel.
      const size_t c0 = c + 16 <= args.channels ? c : args.channels - 16;
      const ColumnReader<4> columns(picture, c0, {2 * y, 1}, {2 * x, 1}, padding);
      transform_tiles(columns, tiles, args.channels, layout.input_stride,
                      to + ((t - t0) * args.channels + c0) * sizeof(int16_t));
    }
    t += tiles;
  }
}

template <int kRows>
void multiply_tiles(const int16_t* inputs, size_t channels, const int16_t* weights, size_t tiles,
                    __m256i* sums) {
  size_t t = 0;
  for (; t + kRows <= tiles; t += kRows, sums += 2 * kRows) {
    __m256i acc[kRows][2];
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
    multiply<kRows, 2>(inputs + t * channels, channels, weights, channels / 2, acc);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      store32(sums + 2 * r, acc[r][0]);
      store32(sums + 2 * r + 1, acc[r][1]);
    }
  }
  if constexpr (kRows > 1) {
    if (t < tiles) {
      multiply_tiles<kRows / 2>(inputs + t * channels, channels, weights, tiles - t, sums);
    }
  }
}

// Four outputs of a tile from its 16 products, for 8 channels: m[i] of the matrix i.
QRT_AVX2 void transform_sums(const uint8_t* m, size_t stride, __m256i bias, __m256i out[4]) {
  __m256i rows[2][4];
#pragma GCC unroll 4
  for (size_t x = 0; x < 4; ++x) {
    const __m256i top = load32(m + x * stride), upper = load32(m + (4 + x) * stride),
                  lower = load32(m + (8 + x) * stride), bottom = load32(m + (12 + x) * stride);
    rows[0][x] = _mm256_add_epi32(_mm256_add_epi32(top, upper), lower);
    rows[1][x] = _mm256_sub_epi32(_mm256_sub_epi32(upper, lower), bottom);
  }
#pragma GCC unroll 2
  for (size_t y = 0; y < 2; ++y) {
    const __m256i* r = rows[y];
    const __m256i left = _mm256_add_epi32(_mm256_add_epi32(r[0], r[1]), r[2]);
    const __m256i right = _mm256_sub_epi32(_mm256_sub_epi32(r[1], r[2]), r[3]);
    out[2 * y] = _mm256_add_epi32(_mm256_srai_epi32(left, 2), bias);
    out[2 * y + 1] = _mm256_add_epi32(_mm256_srai_epi32(right, 2), bias);
  }
}

// The outputs of tiles [t0, t1), `columns` channels from n on.
void store_tiles(const WinogradS8Args& args, const Panel& panel, const Layout& layout, size_t t0,
                 size_t t1, size_t n, size_t columns, int8_t* out) {
  const Quantizer quantizer = make_quantizer(args.out);
  const size_t across = (args.out_w + 1) / 2, out_w = args.out_w, out_h = args.out_h;
  const size_t stride = args.n, matrix = layout.sum_stride;
  const auto* m = static_cast<const uint8_t*>(args.scratch) + layout.sums_at;
  size_t y = t0 / across * 2, x = t0 % across * 2;
  for (size_t t = t0; t < t1; ++t, m += kNr * sizeof(int32_t)) {
    __m256i low[4], high[4], words[4];
    transform_sums(m, matrix, load32(panel.bias), low);
    transform_sums(m + 32, matrix, load32(panel.bias + 8), high);
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; ++i) {
      words[i] = quantize_words(
          quantizer, _mm256_mul_ps(_mm256_cvtepi32_ps(low[i]), _mm256_loadu_ps(panel.multipliers)),
          _mm256_mul_ps(_mm256_cvtepi32_ps(high[i]), _mm256_loadu_ps(panel.multipliers + 8)));
    }
#pragma GCC unroll 2
    for (size_t row = 0; row < 2; ++row) {
      if (y + row >= out_h) break;
      __m256i bytes = _mm256_packs_epi16(words[2 * row], words[2 * row + 1]);
      bytes = _mm256_max_epi8(_mm256_permute4x64_epi64(bytes, 0xD8), quantizer.min);
      int8_t* to = out + ((y + row) * out_w + x) * stride + n;
      if (columns == kNr) {
        store16(to, low_half(bytes));
        if (x + 1 < out_w) store16(to + stride, high_half(bytes));
      } else {
        store_partial(to, low_half(bytes), columns);
        if (x + 1 < out_w) store_partial(to + stride, high_half(bytes), columns);
      }
    }
    x += 2;
    if (x >= out_w) {
      x = 0;
      y += 2;
    }
  }
}

void run(const WinogradS8Args& args, size_t t0, size_t t1, size_t n0, size_t n1, int8_t* out) {
  const size_t channels = args.channels, at_once = block(channels);
  for (size_t t = t0; t < t1; t += at_once) {
    const size_t tiles = t1 - t < at_once ? t1 - t : at_once;
    const Layout layout = layout_of(channels, tiles);
    transform_inputs(args, layout, t, t + tiles);
    auto* scratch = static_cast<uint8_t*>(args.scratch);
    const auto* panels = static_cast<const uint8_t*>(args.packed);
    for (size_t n = n0; n < n1; n += kNr) {
      const auto& panel = *reinterpret_cast<const Panel*>(panels + n / kNr * panel_bytes(channels));
      const auto* weights = reinterpret_cast<const int16_t*>(&panel + 1);
      for (size_t place = 0; place < kPlaces; ++place) {
        multiply_tiles<4>(
            reinterpret_cast<const int16_t*>(scratch + place * layout.input_stride), channels,
            weights + place * channels * kNr, tiles,
            reinterpret_cast<__m256i*>(scratch + layout.sums_at + place * layout.sum_stride));
      }
      store_tiles(args, panel, layout, t, t + tiles, n, n1 - n < kNr ? n1 - n : kNr, out);
    }
  }
}

}  // namespace

extern const WinogradS8Kernel kWinogradS8Avx2;
const WinogradS8Kernel kWinogradS8Avx2 = {"qs8_winograd_f2x16__avx2",
                                          QRT_ISA_AVX2,
                                          kNr,
                                          170,
                                          accepts,
                                          block,
                                          packed_bytes,
                                          pack,
                                          scratch_bytes,
                                          run};

}  // namespace qrt::kernels
