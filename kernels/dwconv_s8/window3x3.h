// The usual 3x3 window, straight from the feature map: what is joined of a column stays in
// registers while the window slides over it, so that nothing is copied. The weights are those that
// columns.h packs. What differs between instruction sets is a Unit's slide().
#pragma once

#include "kernels/dwconv_s8/columns.h"

namespace qrt::kernels {
namespace {

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
uint64_t slide_bytes(uint64_t out_w) {
  return out_w * Unit::kChannels;
}

// With dilation, every `dilation_w`th output has columns in common: they are one slide. A function
// by itself, for all else would take registers from the slide.
template <class Unit, size_t kStride, size_t kPasses>
__attribute__((noinline)) void slide_unit(const DwconvS8Args& args, const uint8_t* packed,
                                          UnitChannels part, size_t y0, size_t y1, int8_t* out) {
  const DwconvS8Shape& s = args.shape;
  alignas(64) int8_t padding[Unit::kChannels];
  memset(padding, args.a_zero_point, sizeof padding);
  const auto* constants = reinterpret_cast<const typename Unit::Constants*>(packed);
  const typename Unit::Scale scale(*constants, args.out, part);
  const FeatureMap map = feature_map_of(args);
  auto* row = static_cast<int8_t*>(args.scratch);
  const size_t stride = s.dilation_w * s.channels;
  for (size_t x0 = 0; x0 < min_of(s.dilation_w, args.out_w); ++x0) {
    const size_t pixels = (args.out_w - x0 + s.dilation_w - 1) / s.dilation_w;
    for (size_t y = y0; y < y1; ++y) {
      const ColumnReader<3> columns(map, part.first, {y * s.stride_h, s.dilation_h},
                                    {x0 * kStride, s.dilation_w}, padding);
      int8_t* to = out + (y * args.out_w + x0) * s.channels + part.first;
      const SlideOut slide_out =
          part.skip == 0 ? SlideOut{to, pixels, stride} : SlideOut{row, pixels, Unit::kChannels};
      Unit::template slide<kStride, kPasses>(columns, *constants, scale, slide_out);
      if (part.skip > 0) Unit::store_row(row, pixels, part, stride, to);
    }
  }
}

// kPasses as in columns.h.
template <class Unit, size_t kPasses>
void run_slides(const DwconvS8Args& args, const uint8_t* packed, UnitChannels part, size_t y0,
                size_t y1, int8_t* out) {
  if (args.shape.stride_w == 1) {
    slide_unit<Unit, 1, kPasses>(args, packed, part, y0, y1, out);
  } else {
    slide_unit<Unit, 2, kPasses>(args, packed, part, y0, y1, out);
  }
}

}  // namespace
}  // namespace qrt::kernels
