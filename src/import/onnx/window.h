// The sliding window that convolutions and pools share in ONNX: kernel_shape, strides, dilations,
// pads, auto_pad, ceil_mode. One spatial dimension is treated as two, the first of size 1.
#pragma once

#include <memory>

#include "src/import/onnx/call.h"
#include "src/import/onnx/steps.h"

namespace qrt::import::onnx_import {

struct Window {
  std::unique_ptr<fb::Window2DT> options;
  int32_t kernel_h = 1, kernel_w = 1;
  bool padded = false;
  bool ceil = false;  // that sizes are rounded up changes something
};

// Number i of a list attribute, or `otherwise` where the list is not given; Invalid if it has not
// `count` numbers.
int64_t one_of(const std::vector<int64_t>& numbers, size_t count, size_t i, const char* what,
               int64_t otherwise);
// What auto_pad means; Explicit for NOTSET and VALID.
fb::Padding padding_of(const std::string& auto_pad);
// Any larger size, stride, dilation or padding is a damaged file's.
inline constexpr int64_t kMaxWindow = 1 << 20;

enum class RoundingUp {
  Refuse,  // ceil_mode may not change anything
  Allow,
};

// Reads the attributes for an input of ONNX's shape [N,C,L] or [N,C,H,W]; `kernel` holds the
// spatial sizes that the weights have, or is empty where kernel_shape decides.
Window read_window(Call& c, const Shape& input, Shape kernel, RoundingUp rounding_up);

// The pixels of x [N,H,W,C], which is padded, that tap (row, column) of the window meets.
int pixels_of_tap(Steps& steps, int x, const Window& window, int32_t row, int32_t column);

// The input as [N,H,W,C].
int as_nhwc(Call& c, Tensor& x);
// A new value for output 0 as [N,H,W,C], for an operator to write; `finish_nhwc` then makes it
// output 0 with ONNX's shape [N,C,L] or [N,C,H,W].
int new_nhwc(Call& c, const Tensor& like);
void finish_nhwc(Call& c, const Tensor& like, int value);

}  // namespace qrt::import::onnx_import
