// Windows over feature maps, as ONNX's attributes.
#pragma once

#include "src/export/onnx/call.h"

namespace qrt::onnx_export {

// kernel_shape, strides, dilations and pads for an input of this shape [N,H,W,C].
Attributes window_attributes(const fb::Window2DT& window, const Shape& input, int32_t kernel_h,
                             int32_t kernel_w);

}  // namespace qrt::onnx_export
