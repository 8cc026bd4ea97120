#include "src/export/onnx/window_attributes.h"

#include <algorithm>

namespace qrt::onnx_export {
namespace {

struct Pads {
  int64_t before, after;
};

// What Same means for an axis of this size.
Pads same_pads(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, bool lower) {
  const int64_t out = (in + stride - 1) / stride;
  const int64_t total = std::max<int64_t>((out - 1) * stride + (kernel - 1) * dilation + 1 - in, 0);
  const Pads upper{total / 2, total - total / 2};
  return lower ? Pads{upper.after, upper.before} : upper;
}

}  // namespace

Attributes window_attributes(const fb::Window2DT& w, const Shape& input, int32_t kernel_h,
                             int32_t kernel_w) {
  using Integers = std::vector<int64_t>;
  Attributes attributes = {{"kernel_shape", Integers{kernel_h, kernel_w}},
                           {"strides", Integers{w.stride_h, w.stride_w}}};
  if (w.dilation_h != 1 || w.dilation_w != 1) {
    attributes.push_back({"dilations", Integers{w.dilation_h, w.dilation_w}});
  }
  Pads rows{w.pad_top, w.pad_bottom}, columns{w.pad_left, w.pad_right};
  if (w.padding != fb::Padding::Explicit) {
    const bool lower = w.padding == fb::Padding::SameLower;
    if (input[1] < 0 || input[2] < 0) {
      attributes.push_back({"auto_pad", std::string(lower ? "SAME_LOWER" : "SAME_UPPER")});
      return attributes;
    }
    rows = same_pads(input[1], kernel_h, w.stride_h, w.dilation_h, lower);
    columns = same_pads(input[2], kernel_w, w.stride_w, w.dilation_w, lower);
  }
  attributes.push_back({"pads", Integers{rows.before, columns.before, rows.after, columns.after}});
  return attributes;
}

}  // namespace qrt::onnx_export
