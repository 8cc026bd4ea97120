// Conv2D: checks, shapes, and the choice between integer, float and dynamic convolution.
#include "src/ops/conv2d.h"

#include "src/ops/quantized_weights.h"

namespace qrt::rt {
namespace {

Choice choose(const Node& node, const ChooseContext& context) {
  switch (weights_mode(node)) {
    case WeightsMode::Quantized:
      return choose_conv2d_s8(node, context);
    case WeightsMode::Wide:
      return choose_conv2d_s16(node, context);
    case WeightsMode::Float:
      return choose_conv2d_f32(node, context);
    case WeightsMode::Dynamic:
      break;
  }
  return choose_conv2d_dynamic(node, context);
}

}  // namespace

ConvShape conv_shape(const Node& node, const Shapes& shapes) {
  const auto& options = node.options<fb::Conv2D>();
  const Shape& weights = node.input(1).shape;
  ConvShape conv;
  conv.window = window_geometry(*options.window(), node.shape_in(shapes, 0),
                                node.shape_out(shapes, 0), weights[1], weights[2]);
  conv.groups = static_cast<size_t>(options.groups());
  conv.out_channels = static_cast<size_t>(weights[0]);
  return conv;
}

const OpDef kConv2DOp = {choose};

}  // namespace qrt::rt
