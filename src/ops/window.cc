#include "src/ops/window.h"

#include <algorithm>
#include <cstring>

namespace qrt::rt {
namespace {

struct Margins {
  int64_t before, after;
};

// Padding of one axis that makes `out` of `in` elements.
Margins margins(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilation,
                fb::Padding padding, int64_t before, int64_t after) {
  if (padding == fb::Padding::Explicit) return {before, after};
  const int64_t extent = (kernel - 1) * dilation + 1;
  const int64_t total = std::max<int64_t>((out - 1) * stride + extent - in, 0);
  const int64_t smaller = total / 2, larger = total - smaller;
  return padding == fb::Padding::Same ? Margins{smaller, larger} : Margins{larger, smaller};
}

}  // namespace

WindowGeometry window_geometry(const fb::Window2D& w, const Shape& in, const Shape& out,
                               int32_t kernel_h, int32_t kernel_w) {
  const Margins y = margins(in[1], out[1], kernel_h, w.stride_h(), w.dilation_h(), w.padding(),
                            w.pad_top(), w.pad_bottom());
  const Margins x = margins(in[2], out[2], kernel_w, w.stride_w(), w.dilation_w(), w.padding(),
                            w.pad_left(), w.pad_right());
  const auto u = [](int64_t v) { return static_cast<size_t>(v); };
  WindowGeometry g;
  g.batch = u(in[0]), g.in_h = u(in[1]), g.in_w = u(in[2]), g.channels = u(in[3]);
  g.out_h = u(out[1]), g.out_w = u(out[2]);
  g.kernel_h = u(kernel_h), g.kernel_w = u(kernel_w);
  g.stride_h = u(w.stride_h()), g.stride_w = u(w.stride_w());
  g.dilation_h = u(w.dilation_h()), g.dilation_w = u(w.dilation_w());
  g.pad_top = u(y.before), g.pad_bottom = u(y.after);
  g.pad_left = u(x.before), g.pad_right = u(x.after);
  return g;
}

void fill_indirection(const WindowGeometry& g, const void* in, size_t element_bytes,
                      const void* padding, size_t first, size_t last, const void** indirection) {
  const auto* bytes = static_cast<const uint8_t*>(in);
  const size_t pixel_bytes = g.channels * element_bytes;
  size_t ox = first % g.out_w;
  size_t oy = first / g.out_w % g.out_h;
  size_t n = first / (g.out_w * g.out_h);
  for (size_t p = first; p < last; ++p) {
    const uint8_t* image = bytes + n * g.in_h * g.in_w * pixel_bytes;
    for (size_t ky = 0; ky < g.kernel_h; ++ky) {
      // Unsigned: a row above the feature map wraps around to one far below it.
      const size_t y = oy * g.stride_h + ky * g.dilation_h - g.pad_top;
      for (size_t kx = 0; kx < g.kernel_w; ++kx) {
        const size_t x = ox * g.stride_w + kx * g.dilation_w - g.pad_left;
        const bool inside = y < g.in_h && x < g.in_w;
        *indirection++ = inside ? image + (y * g.in_w + x) * pixel_bytes : padding;
      }
    }
    if (++ox == g.out_w) {
      ox = 0;
      if (++oy == g.out_h) {
        oy = 0;
        ++n;
      }
    }
  }
}

// The same for the pixels [first, last) of one output row. The geometry is passed by value, because
// bytes that are written to the patches could alias a reference: its members would be read anew.
static void fill_row_indirection_of_row(WindowGeometry g, const int8_t* image,
                                        const int8_t* padding, size_t oy, size_t first, size_t last,
                                        int8_t* patches, const int8_t** indirection) {
  const size_t c = g.channels, row_bytes = g.kernel_w * c, step = g.stride_w * c;
  // Windows of pixels in [inner, outer) lie between the feature map's sides.
  const size_t inner = std::clamp(ceil_div(g.pad_left, g.stride_w), first, last);
  const size_t room = g.in_w + g.pad_left;
  const size_t whole = room < g.kernel_w ? 0 : (room - g.kernel_w) / g.stride_w + 1;
  const size_t outer = std::clamp(whole, inner, last);
  for (size_t ky = 0; ky < g.kernel_h; ++ky) {
    // Unsigned: a row above the feature map wraps around to one far below it.
    const size_t y = oy * g.stride_h + ky * g.dilation_h - g.pad_top;
    const int8_t** to = indirection + ky;
    if (y >= g.in_h) {
      for (size_t ox = first; ox < last; ++ox, to += g.kernel_h) *to = padding;
      continue;
    }
    const int8_t* row = image + y * g.in_w * c;
    const auto patch = [&](size_t ox) {
      int8_t* bytes = patches + ((ox - first) * g.kernel_h + ky) * row_bytes;
      const size_t x = ox * g.stride_w;  // counted from the edge of the padding
      const size_t left = std::min(g.pad_left > x ? g.pad_left - x : 0, g.kernel_w);
      const size_t right = std::clamp(room > x ? room - x : 0, left, g.kernel_w);
      std::memcpy(bytes, padding, left * c);
      std::memcpy(bytes + left * c, row + (x + left - g.pad_left) * c, (right - left) * c);
      std::memcpy(bytes + right * c, padding, (g.kernel_w - right) * c);
      return bytes;
    };
    for (size_t ox = first; ox < inner; ++ox, to += g.kernel_h) *to = patch(ox);
    const int8_t* at = row + (inner * g.stride_w - g.pad_left) * c;
    for (size_t ox = inner; ox < outer; ++ox, to += g.kernel_h, at += step) *to = at;
    for (size_t ox = outer; ox < last; ++ox, to += g.kernel_h) *to = patch(ox);
  }
}

void fill_row_indirection(const WindowGeometry& g, const int8_t* in, const int8_t* padding,
                          size_t first, size_t last, int8_t* patches, const int8_t** indirection) {
  const size_t image_bytes = g.in_h * g.in_w * g.channels;
  for (size_t p = first; p < last;) {
    const size_t ox = p % g.out_w, oy = p / g.out_w % g.out_h, n = p / (g.out_w * g.out_h);
    const size_t count = std::min(g.out_w - ox, last - p);
    fill_row_indirection_of_row(g, in + n * image_bytes, padding, oy, ox, ox + count, patches,
                                indirection);
    p += count;
    patches += count * g.taps() * g.channels;
    indirection += count * g.kernel_h;
  }
}

}  // namespace qrt::rt
