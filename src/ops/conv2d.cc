// Conv2D: checks, shapes, and the choice between integer, float and dynamic convolution.
#include "src/ops/conv2d.h"

#include "src/ops/quantized_weights.h"

namespace qrt::rt {
namespace {

Status infer(const Node& node, Shapes& shapes) {
  QRT_RETURN_IF_ERROR(node.check_arity(2, 3, 1));
  const auto& options = node.options<fb::Conv2D>();
  const Shape& in = node.shape_in(shapes, 0);
  const Shape& weights = node.shape_in(shapes, 1);
  if (weights.rank() != 4) {
    return node.fail(Code::InvalidModel, "takes weights [O,KH,KW,I], not %s",
                     weights.str().c_str());
  }
  WindowGeometry window;
  QRT_RETURN_IF_ERROR(resolve_window(node, *options.window(), in, weights[1], weights[2], &window));
  const int32_t groups = options.groups();
  if (groups < 1 || in[3] % groups != 0 || weights[0] % groups != 0 ||
      weights[3] != in[3] / groups) {
    return node.fail(Code::InvalidModel, "its weights %s and %d groups do not fit its input, %s",
                     weights.str().c_str(), groups, in.str().c_str());
  }
  WeightsMode mode;
  QRT_RETURN_IF_ERROR(check_weights(node, static_cast<size_t>(weights[0]), &mode));
  QRT_RETURN_IF_ERROR(check_clamp(node, options.clamp()));
  set_output(
      node, shapes, 0,
      {in[0], static_cast<int32_t>(window.out_h), static_cast<int32_t>(window.out_w), weights[0]});
  return {};
}

Status prepare(const Node& node, const BuildContext& context, std::unique_ptr<OpKernel>* kernel) {
  WeightsMode mode;
  QRT_RETURN_IF_ERROR(check_weights(node, static_cast<size_t>(node.input(1).shape[0]), &mode));
  switch (mode) {
    case WeightsMode::Quantized:
      return prepare_conv2d_s8(node, context, kernel);
    case WeightsMode::Float:
      return prepare_conv2d_f32(node, context, kernel);
    case WeightsMode::Dynamic:
      return prepare_conv2d_dynamic(node, context, kernel);
  }
  return {};
}

}  // namespace

ConvShape conv_shape(const Node& node, const Shapes& shapes) {
  const auto& options = node.options<fb::Conv2D>();
  const Shape& weights = node.shape_in(shapes, 1);
  ConvShape conv;
  // infer has accepted these very attributes and shapes.
  (void)resolve_window(node, *options.window(), node.shape_in(shapes, 0), weights[1], weights[2],
                       &conv.window);
  conv.groups = static_cast<size_t>(options.groups());
  conv.out_channels = static_cast<size_t>(weights[0]);
  return conv;
}

const OpDef kConv2DOp = {fb::OpOptions::Conv2D, infer, prepare};

}  // namespace qrt::rt
