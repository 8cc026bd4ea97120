#include "bench/model_convolutions.h"

namespace qrt::bench {
namespace {

ConvShape fully_connected_shape(const rt::Node& node, const rt::Shapes& shapes) {
  const rt::Shape& weights = node.shape_in(shapes, 1);
  ConvShape shape = square_convolution(1, static_cast<size_t>(weights[1]),
                                       static_cast<size_t>(weights[0]), 1, 1, 1, 1);
  for (int32_t d : node.shape_out(shapes, 0)) shape.window.batch *= static_cast<size_t>(d);
  shape.window.batch /= shape.out_channels;
  return shape;
}

}  // namespace

std::vector<ConvShape> quantized_convolutions(const rt::Program& program) {
  std::vector<ConvShape> found;
  const rt::Shapes& shapes = *program.default_shapes();
  for (const rt::Node& node : program.nodes()) {
    const bool convolution = node.type() == fb::OpOptions::Conv2D;
    if (!convolution && node.type() != fb::OpOptions::FullyConnected) continue;
    if (node.input(0).type != rt::DType::S8 || node.input(1).type != rt::DType::S8) continue;
    found.push_back(convolution ? rt::conv_shape(node, shapes)
                                : fully_connected_shape(node, shapes));
  }
  return found;
}

}  // namespace qrt::bench
