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
        step_(args.shape.dilation_w),
        channels_(args.shape.channels) {
    for (size_t ky = 0; ky < 3; ++ky) {
      const size_t row = y * args.shape.stride_h + ky * args.shape.dilation_h - args.pad_top;
      const bool inside = row < args.in_h;  // size_t wraps around: so is what lies above
      rows_[ky] = inside ? args.in + row * args.in_w * channels_ + c0 : padding;
      keep_[ky] = inside ? SIZE_MAX : 0;
    }
  }

  // Calls use(row 0, row 1, row 2) with the channels of the next column.
  template <class Use>
  __attribute__((always_inline)) auto next(Use use) {
    const size_t x = x_, at = x * channels_;
    x_ += step_;
    if (__builtin_expect(x >= in_w_, 0)) return use(padding_, padding_, padding_);
    return use(rows_[0] + (at & keep_[0]), rows_[1] + (at & keep_[1]), rows_[2] + (at & keep_[2]));
  }

 private:
  const int8_t* rows_[3];
  size_t keep_[3];  // of the offset in a row: none of it in one outside the picture
  const int8_t* padding_;
  size_t x_, in_w_, step_, channels_;
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

// With dilation, every `dilation_w`th output has columns in common: they are one slide.
template <class Unit>
void slide_unit(const DwconvS8Args& args, const uint8_t* packed, UnitChannels part, size_t y0,
                size_t y1, int8_t* out) {
  const DwconvS8Shape& s = args.shape;
  alignas(64) int8_t padding[Unit::kChannels];
  memset(padding, args.a_zero_point, sizeof padding);
  const auto* constants = reinterpret_cast<const typename Unit::Constants*>(packed);
  const typename Unit::Scale scale(*constants, args.out, part);
  for (size_t y = y0; y < y1; ++y) {
    for (size_t x0 = 0; x0 < min_of(s.dilation_w, args.out_w); ++x0) {
      const ColumnReader columns(args, padding, part.first, y, x0);
      const SlideOut to = {out + (y * args.out_w + x0) * s.channels + part.first,
                           (args.out_w - x0 + s.dilation_w - 1) / s.dilation_w,
                           s.dilation_w * s.channels};
      if (s.stride_w == 1) {
        Unit::template slide<1>(columns, *constants, scale, to);
      } else {
        Unit::template slide<2>(columns, *constants, scale, to);
      }
    }
  }
}

}  // namespace
}  // namespace qrt::kernels
