// What convolution and pooling share: strides, dilations and padding of a window over [N,H,W,C].
#pragma once

#include "src/import/tflite/op_context.h"

namespace qrt::import::tflite {

// From the options of an operator with a window; dilations are 1 where the operator has none.
template <class Options>
Status read_window(const Options& options, int dilation_h, int dilation_w,
                   std::unique_ptr<fb::Window2DT>* out) {
  if (options.stride_h() < 1 || options.stride_w() < 1 || dilation_h < 1 || dilation_w < 1) {
    return error(Code::InvalidModel, "its strides %dx%d or dilations %dx%d are below 1",
                 options.stride_h(), options.stride_w(), dilation_h, dilation_w);
  }
  auto window = std::make_unique<fb::Window2DT>();
  window->stride_h = options.stride_h();
  window->stride_w = options.stride_w();
  window->dilation_h = dilation_h;
  window->dilation_w = dilation_w;
  switch (options.padding()) {
    case tfl::Padding::SAME:
      window->padding = fb::Padding::Same;
      break;
    case tfl::Padding::VALID:
      window->padding = fb::Padding::Explicit;
      break;  // four zeros
    default:
      return error(Code::InvalidModel, "its padding %d is not known",
                   static_cast<int>(options.padding()));
  }
  *out = std::move(window);
  return {};
}

}  // namespace qrt::import::tflite
