// How the SIMD rows of winograd_s8 go over a feature map. A row gives the vectors of its
// instruction set and their operations as the template argument Simd.
//
// A block of tiles of 2x2 or 4x4 outputs, each under inputs two rows and columns larger:
//   1. inputs are widened and transformed, 16 channels at a time, into a matrix [tile][channel] for
//      each place of the larger tile;
//   2. panel by panel of 16 output channels, each matrix is multiplied by that of its place;
//   3. the products of all places of a tile become its sums, and these bytes.
// Transformed inputs and weights fit 16 bits. Sums wrap around in 32 bits, and so does a result
// times the scale of the transforms; what the tile's `accepts` asks for makes it known all the
// same.
//
// Everything here has internal linkage: files are compiled with different flags.
#pragma once

#include "kernels/column_reader.h"
#include "kernels/winograd_s8.h"
#include "kernels/winograd_s8/tiles.h"

namespace qrt::kernels {
namespace {

constexpr size_t kNr = 16;
// Of transformed inputs: they stay in a second-level cache.
constexpr size_t kInputBytes = 384 * 1024;
// Between matrices, so that the same element of all of them does not fall into one set of a cache.
constexpr size_t kGap = 128;

size_t places_of(size_t tile) { return (tile + 2) * (tile + 2); }

struct Panel {
  int32_t bias[kNr];
  float multipliers[kNr];
};

size_t matrix_bytes(size_t channels) { return channels * kNr * sizeof(int16_t); }
size_t panel_bytes(size_t tile, size_t channels) {
  return sizeof(Panel) + places_of(tile) * matrix_bytes(channels);
}

int32_t weight_at(const WinogradS8Weights& weights, size_t n, size_t tap, size_t c) {
  const int32_t zero = weights.w_zero_points != nullptr ? weights.w_zero_points[n] : 0;
  return weights.w[(n * 9 + tap) * weights.channels + c] - zero;
}

template <class Simd>
bool accepts(size_t tile, const WinogradS8Weights& weights) {
  if (weights.channels < 16 || weights.channels % 2 != 0) return false;
  const int64_t limit = tile == 2 ? int64_t{Tile2<Simd>::kMaxSum} : int64_t{Tile4<Simd>::kMaxSum};
  const int32_t max_weight =
      tile == 2 ? int32_t{Tile2<Simd>::kMaxWeight} : int32_t{Tile4<Simd>::kMaxWeight};
  for (size_t n = 0; n < weights.n; ++n) {
    int64_t most = 0;
    for (size_t tap = 0; tap < 9; ++tap) {
      for (size_t c = 0; c < weights.channels; ++c) {
        const int32_t w = weight_at(weights, n, tap, c), size = w < 0 ? -w : w;
        if (size > max_weight) return false;
        most += 128 * size;
      }
    }
    if (most > limit) return false;
  }
  return true;
}

// Products of so many tiles stay in a first-level cache, more or less.
size_t block(size_t tile, size_t channels) {
  const size_t most = tile == 2 ? 32 : 16;
  const size_t tiles = kInputBytes / (places_of(tile) * channels * sizeof(int16_t)) / 4 * 4;
  return tiles > most ? most : tiles < 4 ? 4 : tiles;
}

uint64_t packed_bytes(size_t tile, size_t n, size_t channels) {
  return (uint64_t{n} + kNr - 1) / kNr * panel_bytes(tile, channels);
}

// Weights by place, pair of channels, output channel and channel of the pair.
template <class Tile>
void pack_panel(const WinogradS8Weights& weights, size_t n0, Panel* panel) {
  using Simd = typename Tile::Simd;
  *panel = {};
  auto* packed = reinterpret_cast<int16_t*>(panel + 1);
  uint32_t sums[kNr] = {};
  for (size_t c = 0; c < weights.channels; c += 2) {
    int32_t transformed[2][Tile::kPlaces][kNr];
    for (size_t second = 0; second < 2; ++second) {
      int32_t filters[9][kNr] = {};
      for (size_t i = 0; i < kNr; ++i) {
        const size_t n = n0 + Simd::column_at(i);
        for (size_t tap = 0; tap < 9 && n < weights.n; ++tap) {
          filters[tap][i] = weight_at(weights, n, tap, c + second);
          sums[i] += static_cast<uint32_t>(filters[tap][i]);
        }
      }
      transform_filters<Tile, kNr>(filters, transformed[second]);
    }
    for (size_t place = 0; place < Tile::kPlaces; ++place) {
      int16_t* to = packed + (place * weights.channels + c) * kNr;
      for (size_t i = 0; i < kNr; ++i) {
        to[2 * i] = static_cast<int16_t>(transformed[0][place][i]);
        to[2 * i + 1] = static_cast<int16_t>(transformed[1][place][i]);
      }
    }
  }
  for (size_t i = 0; i < kNr; ++i) {
    const size_t n = n0 + Simd::column_at(i);
    if (n >= weights.n) continue;
    const uint32_t bias = weights.bias != nullptr ? static_cast<uint32_t>(weights.bias[n]) : 0;
    panel->bias[i] =
        static_cast<int32_t>(bias - static_cast<uint32_t>(weights.a_zero_point) * sums[i]);
    panel->multipliers[i] = weights.multipliers[n];
  }
}

template <class Simd>
void pack(size_t tile, const WinogradS8Weights& weights, void* memory) {
  auto* bytes = static_cast<uint8_t*>(memory);
  for (size_t n0 = 0; n0 < weights.n; n0 += kNr, bytes += panel_bytes(tile, weights.channels)) {
    auto* panel = reinterpret_cast<Panel*>(bytes);
    if (tile == 2) {
      pack_panel<Tile2<Simd>>(weights, n0, panel);
    } else {
      pack_panel<Tile4<Simd>>(weights, n0, panel);
    }
  }
}

// Scratch memory: the matrices of inputs, then those of sums.
struct Layout {
  size_t input_stride, sum_stride;  // bytes from one matrix to the next
  size_t sums_at, bytes;
};

Layout layout_of(size_t tile, size_t channels, size_t tiles) {
  const size_t places = places_of(tile);
  Layout layout;
  layout.input_stride = (tiles * channels * sizeof(int16_t) + 63) / 64 * 64 + kGap;
  layout.sum_stride = tiles * kNr * sizeof(int32_t) + kGap;
  layout.sums_at = places * layout.input_stride;
  layout.bytes = layout.sums_at + places * layout.sum_stride;
  return layout;
}

uint64_t scratch_bytes(size_t tile, size_t channels, size_t tiles) {
  return layout_of(tile, channels, tiles).bytes;
}

template <class Tile>
void transform_inputs(const WinogradS8Args& args, const Layout& layout, size_t t0, size_t t1) {
  const FeatureMap map = {args.in,       args.in_h,    args.in_w,
                          args.channels, args.pad_top, args.pad_left};
  using Simd = typename Tile::Simd;
  int8_t padding[Simd::kChannels];
  memset(padding, args.a_zero_point, sizeof padding);
  constexpr size_t kSize = Tile::kSize;
  const size_t across = (args.out_w + kSize - 1) / kSize;
  auto* to = static_cast<uint8_t*>(args.scratch);
  for (size_t t = t0; t < t1;) {
    const size_t y = t / across, x = t % across, end = (y + 1) * across;
    const size_t tiles = (end < t1 ? end : t1) - t;
    const size_t at_once = args.channels < Simd::kChannels ? args.channels : Simd::kChannels;
    for (size_t c = 0; c < args.channels; c += at_once) {
      // The last ones end with the last channel.
      const size_t c0 = c + at_once <= args.channels ? c : args.channels - at_once;
      const ColumnReader<kSize + 2> columns(map, c0, {kSize * y, 1}, {kSize * x, 1}, padding);
      transform_tiles<Tile>(columns, at_once, tiles, args.channels * sizeof(int16_t),
                            layout.input_stride,
                            to + ((t - t0) * args.channels + c0) * sizeof(int16_t));
    }
    t += tiles;
  }
}

// The outputs of tiles [t0, t1), `columns` channels from n on.
template <class Tile>
void store_tiles(const WinogradS8Args& args, const Panel& panel, const Layout& layout, size_t t0,
                 size_t t1, size_t n, size_t columns, int8_t* out) {
  using Simd = typename Tile::Simd;
  using Vector = typename Simd::Vector;
  constexpr size_t kSize = Tile::kSize, kLanes = kNr / Simd::kParts;
  const typename Simd::Scale scale(panel.multipliers, args.out);
  const size_t out_w = args.out_w, out_h = args.out_h;
  const size_t across = (out_w + kSize - 1) / kSize;
  const auto* m = static_cast<const uint8_t*>(args.scratch) + layout.sums_at;
  size_t y = t0 / across * kSize, x = t0 % across * kSize;
  for (size_t t = t0; t < t1; ++t, m += kNr * sizeof(int32_t)) {
    Vector sums[kSize * kSize][Simd::kParts];
#pragma GCC unroll 2
    for (size_t part = 0; part < Simd::kParts; ++part) {
      transform_products<Tile>(m + part * kLanes * sizeof(int32_t), layout.sum_stride,
                               Simd::load(panel.bias + part * kLanes), part, sums);
    }
#pragma GCC unroll 4
    for (size_t row = 0; row < kSize; ++row) {
      if (y + row >= out_h) break;
      scale.template store<kSize>(sums + row * kSize, out_w - x, columns, args.n,
                                  out + ((y + row) * out_w + x) * args.n + n);
    }
    x += kSize;
    if (x >= out_w) {
      x = 0;
      y += kSize;
    }
  }
}

template <class Tile>
void run_tiles(const WinogradS8Args& args, size_t t0, size_t t1, size_t n0, size_t n1,
               int8_t* out) {
  const size_t channels = args.channels, at_once = block(args.tile, channels);
  for (size_t t = t0; t < t1; t += at_once) {
    const size_t tiles = t1 - t < at_once ? t1 - t : at_once;
    const Layout layout = layout_of(args.tile, channels, tiles);
    transform_inputs<Tile>(args, layout, t, t + tiles);
    auto* scratch = static_cast<uint8_t*>(args.scratch);
    const auto* panels = static_cast<const uint8_t*>(args.packed);
    for (size_t n = n0; n < n1; n += kNr) {
      const auto& panel =
          *reinterpret_cast<const Panel*>(panels + n / kNr * panel_bytes(args.tile, channels));
      const auto* weights = reinterpret_cast<const int16_t*>(&panel + 1);
      for (size_t place = 0; place < Tile::kPlaces; ++place) {
        Tile::Simd::multiply_tiles(
            reinterpret_cast<const int16_t*>(scratch + place * layout.input_stride), channels,
            weights + place * channels * kNr, tiles,
            reinterpret_cast<int32_t*>(scratch + layout.sums_at + place * layout.sum_stride));
      }
      store_tiles<Tile>(args, panel, layout, t, t + tiles, n, n1 - n < kNr ? n1 - n : kNr, out);
    }
  }
}

template <class Simd>
void run(const WinogradS8Args& args, size_t t0, size_t t1, size_t n0, size_t n1, int8_t* out) {
  if (args.tile == 2) {
    run_tiles<Tile2<Simd>>(args, t0, t1, n0, n1, out);
  } else {
    run_tiles<Tile4<Simd>>(args, t0, t1, n0, n1, out);
  }
}

}  // namespace
}  // namespace qrt::kernels
