// The ways to run a transposed 2-D convolution.
#pragma once

#include "src/runtime/op_kernel.h"

namespace qrt::rt {

// f32 by XNNPACK, where it takes the layer; else null.
Choice choose_transposed_conv2d_xnnpack(const Node& node, const ChooseContext& context);

}  // namespace qrt::rt
