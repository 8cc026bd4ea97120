// How the SIMD rows of dwconv_s8 go over a feature map. A row gives the vectors of its instruction
// set and their operations, for so many channels, as the template argument Unit.
//
// For a unit of channels and a stretch of output columns ("tile"), row by row of the output:
//   1. the input rows under the window are copied to where they stay in the first-level cache:
//      widened or made unsigned, with the padding in place; the next output row finds most of them;
//   2. the taps that one product instruction sums, kTaps of them, are put side by side, for every
//      input column once: neighbouring output pixels share this work, whatever stride and dilation;
//   3. each output pixel multiplies and sums its columns by steps, and is requantized.
// kTaps rows of a window go together first; the rows that are left over are joined with their
// neighbours in the same row. Taps that do not exist have zero weights.
//
// Everything here has internal linkage: files are compiled with different flags.
#pragma once

#include "kernels/column_reader.h"
#include "kernels/dwconv_s8.h"

namespace qrt::kernels {
namespace {

inline size_t min_of(size_t a, size_t b) { return a < b ? a : b; }
inline size_t max_of(size_t a, size_t b) { return a > b ? a : b; }
inline uint64_t larger_of(uint64_t a, uint64_t b) { return a > b ? a : b; }
inline uint64_t round_up_bytes(uint64_t x, uint64_t multiple) {
  return (x + multiple - 1) / multiple * multiple;
}
inline size_t round_up(size_t x, size_t multiple) {
  return (x + multiple - 1) / multiple * multiple;
}

// n / d for d of 1 to 4, as many taps as there may be: divisions by variables, of which every row
// of outputs needs some, would take as long as the sums of small feature maps.
inline size_t divide(size_t n, size_t d) {
  return d == 1 ? n : d == 2 ? n / 2 : d == 3 ? n / 3 : n / 4;
}

inline FeatureMap feature_map_of(const DwconvS8Args& args) {
  return {args.in, args.in_h, args.in_w, args.shape.channels, args.pad_top, args.pad_left};
}

// Taps that are multiplied together: `rows` rows from `row` on, `columns` neighbours of each.
struct TapGroup {
  size_t row, rows, columns, steps;
};

inline size_t group_count(const DwconvS8Shape& s, size_t taps) {
  return (s.kernel_h + taps - 1) / taps;
}

inline TapGroup group_at(const DwconvS8Shape& s, size_t taps, size_t g) {
  const size_t row = g * taps, rows = min_of(taps, s.kernel_h - row), columns = divide(taps, rows);
  return {row, rows, columns, divide(s.kernel_w + columns - 1, columns)};
}

inline size_t step_count(const DwconvS8Shape& s, size_t taps) {
  size_t steps = 0;
  for (size_t g = 0; g < group_count(s, taps); ++g) steps += group_at(s, taps, g).steps;
  return steps;
}

// The column of the window at which a step begins. The last step ends with the window, and passes
// over columns that the one before it has multiplied.
inline size_t step_column(const DwconvS8Shape& s, const TapGroup& group, size_t step) {
  return min_of(step * group.columns, s.kernel_w - min_of(group.columns, s.kernel_w));
}

// Which tap of the window a slot of a step holds. The weight of none is 0.
enum : size_t { kNoTap = SIZE_MAX };

struct GroupedTaps {
  const DwconvS8Shape& shape;
  size_t taps;

  size_t steps() const { return step_count(shape, taps); }

  size_t at(size_t step, size_t slot) const {
    size_t g = 0;
    for (; step >= group_at(shape, taps, g).steps; ++g) step -= group_at(shape, taps, g).steps;
    const TapGroup group = group_at(shape, taps, g);
    const size_t kx = step_column(shape, group, step) + divide(slot, group.rows);
    if (slot >= group.rows * group.columns || kx < step * group.columns || kx >= shape.kernel_w) {
      return kNoTap;
    }
    return (group.row + slot % group.rows) * shape.kernel_w + kx;
  }
};

inline int32_t tap_weight(const DwconvS8Weights& weights, size_t c, size_t tap) {
  const int32_t zero = weights.w_zero_points != nullptr ? weights.w_zero_points[c] : 0;
  return weights.w[c * weights.shape.taps() + tap] - zero;
}

// How a unit's scratch memory is laid out. Sizes in columns are those of a whole tile; in 64 bits,
// for nobody has asked yet whether there is so much memory.
struct Layout {
  size_t tile;  // output columns
  uint64_t row_bytes, columns_bytes, offsets, rows, columns, bytes;
};

inline uint64_t group_columns(const DwconvS8Shape& s, const TapGroup& group, uint64_t tile) {
  return (tile - 1) * s.stride_w + uint64_t{step_column(s, group, group.steps - 1)} * s.dilation_w +
         1;
}

inline uint64_t row_columns(const DwconvS8Shape& s, size_t taps, size_t tile) {
  uint64_t columns = 0;
  for (size_t g = 0; g < group_count(s, taps); ++g) {
    const TapGroup group = group_at(s, taps, g);
    columns = larger_of(columns,
                        group_columns(s, group, tile) + uint64_t{group.columns - 1} * s.dilation_w);
  }
  return columns;
}

template <class Unit>
Layout layout_of(const DwconvS8Shape& s, size_t tile) {
  Layout layout;
  const uint64_t groups = group_count(s, Unit::kTaps), columns = row_columns(s, Unit::kTaps, tile);
  layout.tile = tile;
  layout.row_bytes = columns * Unit::kRowBytes;
  layout.columns_bytes = columns * Unit::kColumnBytes;
  // First which row each slot holds and where each step reads, then the rows, then the columns.
  layout.offsets = s.kernel_h * sizeof(size_t);
  layout.rows = round_up_bytes(layout.offsets + step_count(s, Unit::kTaps) * sizeof(size_t), 64);
  layout.columns = round_up_bytes(layout.rows + s.kernel_h * layout.row_bytes, 64);
  layout.bytes = layout.columns + groups * layout.columns_bytes;
  return layout;
}

// The channels of a unit that are to be written are [first + skip, first + skip + count); it reads
// those before them, too.
struct UnitChannels {
  size_t first, skip, count;
};

// The unit that computes channels from c on. A row of the table whose partial loads are slow lets
// its last unit end with the last channel (kEndsWithLast).
template <class Unit>
UnitChannels unit_channels(const DwconvS8Shape& s, size_t c) {
  const size_t outputs = s.outputs(), count = min_of(outputs - c, Unit::kChannels);
  const size_t skip =
      Unit::kEndsWithLast && outputs >= Unit::kChannels ? Unit::kChannels - count : 0;
  return {c - skip, skip, count};
}

// What the sums of a stretch of output pixels need. The columns of pixel p and step i begin at
// p * pixel_bytes + offsets[i].
template <class Constants>
struct Stretch {
  const Constants* constants;  // the weights follow
  size_t passes, steps;
  const size_t* offsets;
  size_t pixel_bytes;
  UnitChannels part;
  size_t out_stride;
  Output out;
};

// Tiles as equal as possible whose memory stays in a first-level cache of 32 KiB beside the
// output; multiples of 4 columns.
template <class Unit>
Layout best_layout(const DwconvS8Shape& s, size_t out_w) {
  const size_t kBudget = 24 * 1024;
  size_t tile = round_up(out_w, 4);
  for (size_t tiles = 2; tile > 8 && layout_of<Unit>(s, tile).bytes > kBudget; ++tiles) {
    tile = max_of(round_up((out_w + tiles - 1) / tiles, 4), 8);
  }
  return layout_of<Unit>(s, tile);
}

// At the beginning of the packed weights.
struct Header {
  size_t passes;   // of the columns, each with its own weights
  size_t bounded;  // 1: see bounded()
  size_t unused[6];
};

// Whether is_bounded holds for every channel and any input.
inline bool bounded(const DwconvS8Weights& weights) {
  const DwconvS8Shape& s = weights.shape;
  const int32_t input = largest_input(weights.a_zero_point);
  for (size_t c = 0; c < s.outputs(); ++c) {
    double most = weights.bias != nullptr ? weights.bias[c] : 0;
    most = most < 0 ? -most : most;
    for (size_t tap = 0; tap < s.taps(); ++tap) {
      const int32_t w = tap_weight(weights, c, tap);
      most += static_cast<double>(input) * (w < 0 ? -w : w);
    }
    if (!is_bounded(most, weights.multipliers[c])) return false;
  }
  return true;
}

template <class Unit>
size_t unit_bytes(size_t passes, size_t steps) {
  return sizeof(typename Unit::Constants) + passes * steps * Unit::kColumnBytes;
}

// Weights by pass, step, channel and slot. A weight that does not fit Unit::Weight (one less its
// zero point may need 9 bits) is the sum of those of several passes.
template <class Unit, class Taps>
void pack_unit(const DwconvS8Weights& weights, size_t c0, size_t passes, const Taps& taps,
               uint8_t* memory) {
  const DwconvS8Shape& s = weights.shape;
  auto* constants = reinterpret_cast<typename Unit::Constants*>(memory);
  auto* packed = reinterpret_cast<typename Unit::Weight*>(constants + 1);
  for (size_t i = 0; i < Unit::kChannels; ++i) {
    const size_t c = c0 + Unit::channel_at(i);
    const bool inside = c < s.outputs();
    uint32_t sum = 0;
    for (size_t tap = 0; inside && tap < s.taps(); ++tap) {
      sum += static_cast<uint32_t>(tap_weight(weights, c, tap));
    }
    const int32_t zero = weights.a_zero_point + Unit::kOffset;
    const int32_t bias = inside && weights.bias != nullptr ? weights.bias[c] : 0;
    constants->bias[i] =
        static_cast<int32_t>(static_cast<uint32_t>(bias) - static_cast<uint32_t>(zero) * sum);
    constants->multipliers[i] = inside ? weights.multipliers[c] : 0.0f;
    for (size_t step = 0; step < taps.steps(); ++step) {
      for (size_t slot = 0; slot < Unit::kTaps; ++slot) {
        const size_t tap = taps.at(step, slot);
        int32_t w = inside && tap != kNoTap ? tap_weight(weights, c, tap) : 0;
        for (size_t pass = 0; pass < passes; ++pass) {
          const int32_t part = w < Unit::kMin ? Unit::kMin : w > Unit::kMax ? Unit::kMax : w;
          packed[((pass * taps.steps() + step) * Unit::kChannels + i) * Unit::kTaps + slot] =
              static_cast<typename Unit::Weight>(part);
          w -= part;
        }
      }
    }
  }
}

// Input row `y` (counted from the top of the padding) under output columns from x0 on.
template <class Unit>
void copy_row(const DwconvS8Args& args, size_t c0, size_t y, size_t x0, size_t columns,
              uint8_t* to) {
  const DwconvS8Shape& s = args.shape;
  const size_t first = x0 * s.stride_w;  // of the padded feature map
  size_t left = first < args.pad_left ? min_of(args.pad_left - first, columns) : 0;
  size_t right =
      first < args.pad_left + args.in_w ? min_of(args.pad_left + args.in_w - first, columns) : left;
  if (y < args.pad_top || y - args.pad_top >= args.in_h || right < left) left = right = columns;
  Unit::fill(static_cast<int8_t>(args.a_zero_point), left, to);
  Unit::fill(static_cast<int8_t>(args.a_zero_point), columns - right, to + right * Unit::kRowBytes);
  if (left == right) return;
  const int8_t* in =
      args.in + ((y - args.pad_top) * args.in_w + first + left - args.pad_left) * s.channels;
  to += left * Unit::kRowBytes;
  const size_t count = min_of(s.outputs() - c0, Unit::kChannels);
  if (s.multiplier == 1) return Unit::copy(in + c0, s.channels, count, right - left, to);
  for (size_t j = left; j < right; ++j, in += s.channels, to += Unit::kRowBytes) {
    int8_t repeated[Unit::kChannels];
    for (size_t i = 0; i < count; ++i) repeated[i] = in[(c0 + i) / s.multiplier];
    Unit::copy(repeated, 0, count, 1, to);
  }
}

// Columns of one output row, for all groups; `slots` are the rows' copies by kernel row.
template <class Unit>
void join_columns(const DwconvS8Shape& s, const Layout& layout, uint8_t* scratch, size_t first_slot,
                  size_t tile) {
  uint8_t* to = scratch + layout.columns;
  for (size_t g = 0; g < group_count(s, Unit::kTaps); ++g, to += layout.columns_bytes) {
    const TapGroup group = group_at(s, Unit::kTaps, g);
    const uint8_t* from[Unit::kTaps];
    for (size_t slot = 0; slot < Unit::kTaps; ++slot) {
      const size_t real = slot < group.rows * group.columns ? slot : 0;
      const size_t column = divide(real, group.rows);
      const size_t held = first_slot + group.row + real - column * group.rows;
      from[slot] = scratch + layout.rows +
                   (held < s.kernel_h ? held : held - s.kernel_h) * layout.row_bytes +
                   column * s.dilation_w * Unit::kRowBytes;
    }
    Unit::join(from, group.rows * group.columns, group_columns(s, group, tile), to);
  }
}

template <class Unit>
void run_unit(const DwconvS8Args& args, const uint8_t* packed, size_t passes, UnitChannels part,
              size_t y0, size_t y1, int8_t* out) {
  const DwconvS8Shape& s = args.shape;
  const Layout layout = best_layout<Unit>(s, args.out_w);
  auto* scratch = static_cast<uint8_t*>(args.scratch);
  auto* held = reinterpret_cast<size_t*>(scratch);
  auto* offsets = reinterpret_cast<size_t*>(scratch + layout.offsets);
  size_t steps = 0;
  for (size_t g = 0; g < group_count(s, Unit::kTaps); ++g) {
    const TapGroup group = group_at(s, Unit::kTaps, g);
    for (size_t step = 0; step < group.steps; ++step) {
      offsets[steps++] = g * layout.columns_bytes +
                         step_column(s, group, step) * s.dilation_w * Unit::kColumnBytes;
    }
  }
  const Stretch<typename Unit::Constants> stretch = {
      reinterpret_cast<const typename Unit::Constants*>(packed),
      passes,
      steps,
      offsets,
      s.stride_w * Unit::kColumnBytes,
      part,
      s.outputs(),
      args.out};
  for (size_t x0 = 0; x0 < args.out_w; x0 += layout.tile) {
    const size_t tile = min_of(args.out_w - x0, layout.tile);
    const size_t columns = row_columns(s, Unit::kTaps, tile);
    for (size_t ky = 0; ky < s.kernel_h; ++ky) held[ky] = SIZE_MAX;
    for (size_t y = y0; y < y1; ++y) {
      const size_t first_slot = y * s.stride_h / s.dilation_h % s.kernel_h;
      for (size_t ky = 0; ky < s.kernel_h; ++ky) {
        const size_t row = y * s.stride_h + ky * s.dilation_h;
        const size_t next = first_slot + ky;
        const size_t slot = next < s.kernel_h ? next : next - s.kernel_h;
        if (held[slot] == row) continue;
        held[slot] = row;
        copy_row<Unit>(args, part.first, row, x0, columns,
                       scratch + layout.rows + slot * layout.row_bytes);
      }
      join_columns<Unit>(s, layout, scratch, first_slot, tile);
      Unit::sums(stretch, scratch + layout.columns, tile,
                 out + (y * args.out_w + x0) * s.outputs() + part.first);
    }
  }
}

}  // namespace
}  // namespace qrt::kernels
