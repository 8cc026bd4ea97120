// The usual 3x3 window, straight from the picture: what is joined of a column stays in registers
// while the window slides over it, so that nothing is copied. The weights are those that columns.h
// packs. What differs between instruction sets is a Unit's slide().
#pragma once

#include "kernels/dwconv_s8/columns.h"

namespace qrt::kernels {
namespace {

// The three rows under a row of outputs, column by column. What lies outside the picture is read
// from `padding`.
class ColumnReader {
 public:
  ColumnReader(const DwconvS8Args& args, const int8_t* padding, size_t c0, size_t y, size_t x0)
      : padding_(padding),
        x_(x0 * args.shape.stride_w - args.pad_left),
        in_w_(args.in_w),
        dilation_(args.shape.dilation_w) {
    const DwconvS8Shape& s = args.shape;
    for (size_t ky = 0; ky < 3; ++ky) {
      const size_t row = y * s.stride_h + ky * s.dilation_h - args.pad_top;
      const bool inside = row < args.in_h;  // size_t wraps around: so is what lies above
      rows_[ky] = reinterpret_cast<uintptr_t>(padding);
      if (inside) {
        rows_[ky] = reinterpret_cast<uintptr_t>(args.in) + (row * args.in_w + x_) * s.channels + c0;
      }
      steps_[ky] = inside ? s.dilation_w * s.channels : 0;
    }
  }

  // Calls use(row 0, row 1, row 2) with the channels of the next column.
  template <class Use>
  inline __attribute__((always_inline)) void next(Use use) {
    if (__builtin_expect(x_ < in_w_, 1)) {
      use(reinterpret_cast<const int8_t*>(rows_[0]), reinterpret_cast<const int8_t*>(rows_[1]),
          reinterpret_cast<const int8_t*>(rows_[2]));
    } else {
      use(padding_, padding_, padding_);
    }
    for (size_t ky = 0; ky < 3; ++ky) rows_[ky] += steps_[ky];
    x_ += dilation_;
  }

 private:
  uintptr_t rows_[3];  // addresses: before the first column they may lie before the picture
  size_t steps_[3];    // 0 for a row outside the picture
  const int8_t* padding_;
  size_t x_, in_w_, dilation_;
};

// Where the outputs of a slide go.
struct SlideOut {
  int8_t* at;
  size_t pixels, stride;
};

inline bool slides(const DwconvS8Shape& s) {
  return s.kernel_h == 3 && s.kernel_w == 3 && s.multiplier == 1 &&
         (s.stride_w == 1 || (s.stride_w == 2 && s.dilation_w == 1));
}

// For a row of outputs, where a unit's channels are not all to be written.
template <class Unit>
size_t slide_bytes(size_t out_w) {
  return out_w * Unit::kChannels;
}

// With dilation, every `dilation_w`th output has columns in common: they are one slide.
template <class Unit>
void slide_unit(const DwconvS8Args& args, const uint8_t* packed, UnitChannels part, size_t y0,
                size_t y1, int8_t* out) {
  const DwconvS8Shape& s = args.shape;
  alignas(64) int8_t padding[Unit::kChannels];
  memset(padding, args.a_zero_point, sizeof padding);
  const auto* constants = reinterpret_cast<const typename Unit::Constants*>(packed);
  const typename Unit::Scale scale(*constants, args.out, part);
  auto* row = static_cast<int8_t*>(args.scratch);
  for (size_t x0 = 0; x0 < min_of(s.dilation_w, args.out_w); ++x0) {
    const size_t pixels = (args.out_w - x0 + s.dilation_w - 1) / s.dilation_w;
    const size_t stride = s.dilation_w * s.channels;
    for (size_t y = y0; y < y1; ++y) {
      const ColumnReader columns(args, padding, part.first, y, x0);
      int8_t* to = out + (y * args.out_w + x0) * s.channels + part.first;
      const SlideOut slide_out =
          part.skip == 0 ? SlideOut{to, pixels, stride} : SlideOut{row, pixels, Unit::kChannels};
      if (s.stride_w == 1) {
        Unit::template slide<1>(columns, *constants, scale, slide_out);
      } else {
        Unit::template slide<2>(columns, *constants, scale, slide_out);
      }
      if (part.skip > 0) Unit::store_row(row, pixels, part, stride, to);
    }
  }
}

}  // namespace
}  // namespace qrt::kernels
