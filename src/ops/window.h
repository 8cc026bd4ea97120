// Sliding windows over [N,H,W,C]: geometry, and the indirection pointers by which kernels read a
// window.
#pragma once

#include "src/ops/common.h"

namespace qrt::rt {

struct WindowGeometry {
  size_t batch = 0, in_h = 0, in_w = 0, channels = 0;
  size_t out_h = 0, out_w = 0;
  size_t kernel_h = 0, kernel_w = 0;
  size_t stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  size_t pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;  // "same" padding resolved

  size_t taps() const { return kernel_h * kernel_w; }
  size_t pixels() const { return batch * out_h * out_w; }
  // Every output pixel reads exactly the input pixel of the same index.
  bool is_pointwise() const {
    return taps() == 1 && stride_h == 1 && stride_w == 1 && out_h == in_h && out_w == in_w;
  }
};

// Of a window that has been checked, over `in`, with the result `out`; both [N,H,W,C] in numbers.
WindowGeometry window_geometry(const fb::Window2D& window, const Shape& in, const Shape& out,
                               int32_t kernel_h, int32_t kernel_w);

// For output pixels [first, last), counted over batch, rows and columns: indirection[p -
// first][tap] is the address of the input pixel under that tap, or `padding` outside the feature
// map.
void fill_indirection(const WindowGeometry& g, const void* in, size_t element_bytes,
                      const void* padding, size_t first, size_t last, const void** indirection);

// The same by whole rows of the window, for dilation_w == 1: indirection[p - first][ky] is the
// address of kernel_w * channels bytes. They lie in the feature map, or in `padding` (as many
// bytes), or, where a window leaves the feature map at a side, in `patches`, [last -
// first][kernel_h][kernel_w * channels].
void fill_row_indirection(const WindowGeometry& g, const int8_t* in, const int8_t* padding,
                          size_t first, size_t last, int8_t* patches, const int8_t** indirection);

}  // namespace qrt::rt
