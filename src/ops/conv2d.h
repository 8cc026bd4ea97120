// The ways to run a 2-D convolution, by the types of input and weights.
#pragma once

#include "src/ops/window.h"

namespace qrt::rt {

struct ConvShape {
  WindowGeometry window;
  size_t groups = 1, out_channels = 0;

  bool depthwise() const { return groups == window.channels && groups > 1; }
  size_t group_inputs() const { return window.channels / groups; }
  size_t group_outputs() const { return out_channels / groups; }
};

// The geometry of a node that infer has accepted.
ConvShape conv_shape(const Node& node, const Shapes& shapes);

// s16 input, s8 weights -> s16.
Choice choose_conv2d_s16(const Node& node, const ChooseContext& context);
// s8 input, s8 weights -> s8.
Choice choose_conv2d_s8(const Node& node, const ChooseContext& context);
// The same by Winograd's method, where this CPU gains by it; else null.
Choice choose_winograd_s8(const Node& node, const ChooseContext& context);
// s8 convolution where each input channel has filters of its own.
Choice choose_depthwise_s8(const Node& node, const ChooseContext& context);
// f32 input, f32 weights -> f32.
Choice choose_conv2d_f32(const Node& node, const ChooseContext& context);
// f32 input, s8 weights -> f32: the input is quantized anew, per image, at every run.
Choice choose_conv2d_dynamic(const Node& node, const ChooseContext& context);

}  // namespace qrt::rt
