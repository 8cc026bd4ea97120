// 5x5 windows for AVX2. Rows of the feature map are joined in pairs, each pair once for all rows of
// outputs that it lies under, into a ring that stays in the first-level cache. Seven outputs at a
// time take what a column adds to all of them, while the five weights of a pair of rows stay in
// registers: 16 loads for 35 products instead of 70. Widths of networks are multiples of seven.
#pragma once

#include "kernels/avx2.h"
#include "kernels/dwconv_s8/columns.h"

namespace qrt::kernels {
namespace {

// Columns of rows 0 and 1, of rows 2 and 3, then pairs of columns of row 4.
struct Taps5x5 {
  size_t steps() const { return 13; }
  size_t at(size_t step, size_t slot) const {
    if (step < 5) return step + 5 * slot;
    if (step < 10) return step + 5 + 5 * slot;
    const size_t kx = 2 * (step - 10) + slot;
    return kx < 5 ? 20 + kx : static_cast<size_t>(kNoTap);
  }
};

// The second pair of a window's rows must be the first of a later row of outputs, and soon.
inline bool is_5x5(const DwconvS8Shape& s) {
  return s.kernel_h == 5 && s.kernel_w == 5 && s.multiplier == 1 &&
         (s.stride_w == 1 || (s.stride_w == 2 && s.dilation_w == 1)) &&
         2 * s.dilation_h % s.stride_h == 0 && 2 * s.dilation_h / s.stride_h <= 4;
}

// Scratch memory for a tile of output columns: a row of outputs, the pairs of columns of a row,
// then the ring of pairs of rows.
struct Layout5x5 {
  size_t tile, slots;
  uint64_t columns, column_pairs;
  uint64_t pairs_at, ring_at, bytes;
};

template <class Unit>
Layout5x5 layout_5x5(const DwconvS8Shape& s, size_t tile) {
  Layout5x5 layout;
  layout.tile = tile;
  layout.slots = 2 * s.dilation_h / s.stride_h + 1;
  layout.columns = uint64_t{tile - 1} * s.stride_w + uint64_t{4} * s.dilation_w + 1;
  layout.column_pairs = (layout.columns - 1) / s.stride_w + 1;
  layout.pairs_at = round_up_bytes(uint64_t{tile} * Unit::kChannels, 64);
  layout.ring_at = layout.pairs_at + layout.column_pairs * Unit::kColumnBytes;
  layout.bytes = layout.ring_at + layout.slots * layout.columns * Unit::kColumnBytes;
  return layout;
}

template <class Unit>
Layout5x5 best_layout_5x5(const DwconvS8Shape& s, size_t out_w) {
  const size_t kBudget = 24 * 1024;
  size_t tile = out_w;
  for (size_t tiles = 2; tile > 14 && layout_5x5<Unit>(s, tile).bytes > kBudget; ++tiles) {
    tile = max_of(round_up((out_w + tiles - 1) / tiles, 7), 14);
  }
  return layout_5x5<Unit>(s, tile);
}

// What a block of outputs reads: columns of a window are `pitch` bytes apart.
template <class Unit>
struct Columns5x5 {
  const uint8_t *pair, *second_pair, *column_pairs;
  size_t pitch;
  const typename Unit::Constants* constants;  // the weights follow
};

// Adds to acc[i] the kSteps columns under output i, which begin kStride further for each.
template <size_t kPixels, size_t kStride, size_t kStep, size_t kSteps>
QRT_AVX2 void add_columns(const uint8_t* column, size_t pitch, const uint8_t* packed,
                          size_t step_bytes, __m256i acc[kPixels]) {
  __m256i w[kSteps];
#pragma GCC unroll 5
  for (size_t k = 0; k < kSteps; ++k) w[k] = load32(packed + k * step_bytes);
#pragma GCC unroll 17
  for (size_t j = 0; j < (kPixels - 1) * kStride + (kSteps - 1) * kStep + 1; ++j) {
    const __m256i pairs = load32(column);
    column += pitch;
#pragma GCC unroll 5
    for (size_t k = 0; k < kSteps; ++k) {
      const size_t at = j - k * kStep;  // of the first column of the output
      if (j < k * kStep || at % kStride != 0 || at / kStride >= kPixels) continue;
      add_products(acc[at / kStride], pairs, w[k]);
    }
  }
}

template <class Unit, size_t kPixels, size_t kStride>
QRT_AVX2 void block_5x5(Columns5x5<Unit> in, const typename Unit::Scale& scale, size_t out_stride,
                        int8_t* out) {
  __m256i acc[2][kPixels];
#pragma GCC unroll 2
  for (size_t half = 0; half < 2; ++half) {
    const uint8_t* w = reinterpret_cast<const uint8_t*>(in.constants + 1) + 32 * half;
    const size_t step = Unit::kColumnBytes;
#pragma GCC unroll 7
    for (size_t i = 0; i < kPixels; ++i) acc[half][i] = load32(in.constants->bias + 8 * half);
    add_columns<kPixels, kStride, 1, 5>(in.pair + 32 * half, in.pitch, w, step, acc[half]);
    add_columns<kPixels, kStride, 1, 5>(in.second_pair + 32 * half, in.pitch, w + 5 * step, step,
                                        acc[half]);
    // Every kStride-th column begins a pair.
    add_columns<kPixels, 1, 2 / kStride, 3>(in.column_pairs + 32 * half, in.pitch, w + 10 * step,
                                            step, acc[half]);
  }
#pragma GCC unroll 4
  for (size_t i = 0; i < kPixels; i += 2) {
    const size_t j = i + 1 < kPixels ? i + 1 : i;
    const __m256i a[2] = {acc[0][i], acc[1][i]}, b[2] = {acc[0][j], acc[1][j]};
    const __m256i q = scale.template pack<true>(a, b);
    store16(out + i * out_stride, low_half(q));
    if (j > i) store16(out + j * out_stride, high_half(q));
  }
}

// Outputs in blocks of 7 or 4; the last one ends with the last output, and repeats others. A
// function by itself into which the blocks are inlined: a block that is called finds its arguments
// in memory, just written in other sizes than it reads them in, and waits for a tenth of its time.
template <class Unit, size_t kStride>
__attribute__((noinline)) void blocks_5x5(const Columns5x5<Unit>& columns,
                                          const typename Unit::Scale& scale_of_unit, size_t pixels,
                                          size_t out_stride, int8_t* out) {
  const typename Unit::Scale scale = scale_of_unit;
  const Columns5x5<Unit> first = columns;
  for (size_t p = 0; p < pixels;) {
    const size_t left = pixels - p;
    const size_t size = pixels >= 7 && left > 4 ? 7 : pixels >= 4 ? 4 : 1;
    if (left < size) p = pixels - size;
    Columns5x5<Unit> in = first;
    in.pair += p * kStride * in.pitch;
    in.second_pair += p * kStride * in.pitch;
    in.column_pairs += p * in.pitch;
    int8_t* to = out + p * out_stride;
    if (size == 7) {
      block_5x5<Unit, 7, kStride>(in, scale, out_stride, to);
    } else if (size == 4) {
      block_5x5<Unit, 4, kStride>(in, scale, out_stride, to);
    } else {
      block_5x5<Unit, 1, kStride>(in, scale, out_stride, to);
    }
    p += size;
  }
}

// The channels of two places side by side, in pairs.
template <class Unit>
QRT_AVX2 void join_pair(const int8_t* from_a, const int8_t* from_b, uint8_t* to) {
  const __m256i a = Unit::widen(from_a), b = Unit::widen(from_b);
  store32(to, _mm256_unpacklo_epi16(a, b));
  store32(to + 32, _mm256_unpackhi_epi16(a, b));
}

// One unit of channels over rows [y0, y1) of outputs.
template <class Unit>
class Unit5x5 {
 public:
  Unit5x5(const DwconvS8Args& args, const uint8_t* packed, UnitChannels part)
      : args_(args),
        layout_(best_layout_5x5<Unit>(args.shape, args.out_w)),
        constants_(reinterpret_cast<const typename Unit::Constants*>(packed)),
        scale_(*constants_, args.out, part),
        part_(part),
        scratch_(static_cast<uint8_t*>(args.scratch)) {
    memset(padding_, args.a_zero_point, sizeof padding_);
  }

  void run(size_t y0, size_t y1, int8_t* out) {
    for (size_t x0 = 0; x0 < args_.out_w; x0 += layout_.tile) {
      run_tile(x0, min_of(args_.out_w - x0, layout_.tile), y0, y1, out);
    }
  }

 private:
  // Pair i consists of the row i * stride and that one dilation below it. A row of outputs needs
  // its own and the slots - 1st after it, which stays for a later row.
  void run_tile(size_t x0, size_t tile, size_t y0, size_t y1, int8_t* out) {
    const size_t ahead = layout_.slots - 1;
    size_t slot = 0;
    for (size_t y = y0; y < y1; ++y) {
      const size_t last_slot = slot == 0 ? ahead : slot - 1;
      if (y - y0 < ahead) join_rows(x0, tile, y, slot);
      join_rows(x0, tile, y + ahead, last_slot);
      join_columns_of_last(x0, tile, y);
      sums(x0, tile, y, slot, last_slot, out);
      slot = slot == ahead ? 0 : slot + 1;
    }
  }

  uint8_t* ring(size_t slot) const {
    return scratch_ + layout_.ring_at + slot * layout_.columns * Unit::kColumnBytes;
  }

  __attribute__((noinline)) void join_rows(size_t x0, size_t tile, size_t pair, size_t slot) {
    const DwconvS8Shape& s = args_.shape;
    ColumnReader<2> reader(feature_map_of(args_), part_.first, {pair * s.stride_h, s.dilation_h},
                           {x0 * s.stride_w, 1}, padding_);
    uint8_t* to = ring(slot);
    const size_t columns = (tile - 1) * s.stride_w + 4 * s.dilation_w + 1;
    for (size_t j = 0; j < columns; ++j, to += Unit::kColumnBytes) {
      reader.next([to](const int8_t* const rows[2]) { join_pair<Unit>(rows[0], rows[1], to); });
    }
  }

  __attribute__((noinline)) void join_columns_of_last(size_t x0, size_t tile, size_t y) {
    const DwconvS8Shape& s = args_.shape;
    const Every row = {y * s.stride_h + 4 * s.dilation_h, 1};
    const size_t x = x0 * s.stride_w;
    ColumnReader<1> left(feature_map_of(args_), part_.first, row, {x, s.stride_w}, padding_);
    ColumnReader<1> right(feature_map_of(args_), part_.first, row, {x + s.dilation_w, s.stride_w},
                          padding_);
    uint8_t* to = scratch_ + layout_.pairs_at;
    const size_t pairs = tile + 4 * s.dilation_w / s.stride_w;
    for (size_t j = 0; j < pairs; ++j, to += Unit::kColumnBytes) {
      left.next([&right, to](const int8_t* const a[1]) {
        right.next([a, to](const int8_t* const b[1]) { join_pair<Unit>(a[0], b[0], to); });
      });
    }
  }

  // With dilation, every `dilation_w`th output has columns in common.
  void sums(size_t x0, size_t tile, size_t y, size_t slot, size_t last_slot, int8_t* out) {
    const DwconvS8Shape& s = args_.shape;
    for (size_t x = 0; x < min_of(s.dilation_w, tile); ++x) {
      const size_t pixels = (tile - x + s.dilation_w - 1) / s.dilation_w;
      const size_t at = x * Unit::kColumnBytes, stride = s.dilation_w * s.channels;
      const Columns5x5<Unit> columns = {ring(slot) + at, ring(last_slot) + at,
                                        scratch_ + layout_.pairs_at + at,
                                        s.dilation_w * Unit::kColumnBytes, constants_};
      int8_t* to = out + (y * args_.out_w + x0 + x) * s.channels + part_.first;
      auto* row = reinterpret_cast<int8_t*>(scratch_);
      const bool whole = part_.skip == 0;
      if (s.stride_w == 1) {
        blocks_5x5<Unit, 1>(columns, scale_, pixels, whole ? stride : Unit::kChannels,
                            whole ? to : row);
      } else {
        blocks_5x5<Unit, 2>(columns, scale_, pixels, whole ? stride : Unit::kChannels,
                            whole ? to : row);
      }
      if (!whole) Unit::store_row(row, pixels, part_, stride, to);
    }
  }

  const DwconvS8Args& args_;
  const Layout5x5 layout_;
  const typename Unit::Constants* constants_;
  const typename Unit::Scale scale_;
  const UnitChannels part_;
  uint8_t* scratch_;
  alignas(32) int8_t padding_[Unit::kChannels];
};

}  // namespace
}  // namespace qrt::kernels
