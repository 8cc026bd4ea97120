#include "bench/convolution.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "src/graph/graph.h"
#include "src/graph/writer.h"

namespace qrt::bench {
namespace {

std::vector<int8_t> random_bytes(std::mt19937& random, size_t count, int least) {
  std::uniform_int_distribution<int> distribution(least, 127);
  std::vector<int8_t> bytes(count);
  for (int8_t& b : bytes) b = static_cast<int8_t>(distribution(random));
  return bytes;
}

graph::Graph one_node(const ConvShape& shape, const ConvData& data) {
  const rt::WindowGeometry& w = shape.window;
  const auto dims = [](std::initializer_list<size_t> sizes) {
    return std::vector<int32_t>(sizes.begin(), sizes.end());
  };
  graph::Graph g;
  const int in = g.add_tensor("in", rt::DType::S8, dims({w.batch, w.in_h, w.in_w, w.channels}),
                              {{data.in_scale}, {data.in_zero_point}, -1, 0});
  const int weights = g.add_constant(
      "weights", dims({shape.out_channels, w.kernel_h, w.kernel_w, shape.group_inputs()}),
      data.weights, {data.weight_scales, {}, 0, 0});
  const int bias = g.add_constant("bias", dims({shape.out_channels}), data.bias);
  const int out =
      g.add_tensor("out", rt::DType::S8, dims({w.batch, w.out_h, w.out_w, shape.out_channels}),
                   {{data.out_scale}, {data.out_zero_point}, -1, 0});
  fb::Conv2DT options;
  options.groups = static_cast<int32_t>(shape.groups);
  options.window = std::make_unique<fb::Window2DT>();
  fb::Window2DT& window = *options.window;
  window.stride_h = static_cast<int32_t>(w.stride_h);
  window.stride_w = static_cast<int32_t>(w.stride_w);
  window.dilation_h = static_cast<int32_t>(w.dilation_h);
  window.dilation_w = static_cast<int32_t>(w.dilation_w);
  window.padding = fb::Padding::Explicit;
  window.pad_top = static_cast<int32_t>(w.pad_top);
  window.pad_bottom = static_cast<int32_t>(w.pad_bottom);
  window.pad_left = static_cast<int32_t>(w.pad_left);
  window.pad_right = static_cast<int32_t>(w.pad_right);
  g.add_node("convolution", std::move(options), {in, weights, bias}, {out});
  g.inputs = {in};
  g.outputs = {out};
  return g;
}

}  // namespace

ConvShape square_convolution(size_t size, size_t inputs, size_t outputs, size_t kernel,
                             size_t stride, size_t dilation, size_t groups) {
  ConvShape shape;
  rt::WindowGeometry& w = shape.window;
  w.batch = 1;
  w.in_h = w.in_w = size;
  w.channels = inputs;
  w.out_h = w.out_w = (size + stride - 1) / stride;
  w.kernel_h = w.kernel_w = kernel;
  w.stride_h = w.stride_w = stride;
  w.dilation_h = w.dilation_w = dilation;
  const size_t covered = (w.out_h - 1) * stride + (kernel - 1) * dilation + 1;
  const size_t padding = covered > size ? covered - size : 0;
  w.pad_top = w.pad_left = padding / 2;
  w.pad_bottom = w.pad_right = padding - padding / 2;
  shape.groups = groups;
  shape.out_channels = outputs;
  return shape;
}

std::string shape_name(const ConvShape& shape) {
  const rt::WindowGeometry& w = shape.window;
  const auto by = [](size_t a, size_t b) { return std::to_string(a) + "x" + std::to_string(b); };
  std::string name = shape.depthwise() ? "dw " : "";
  name += by(w.kernel_h, w.kernel_w);
  if (w.stride_h > 1 || w.stride_w > 1) name += "/" + std::to_string(w.stride_h);
  if (w.stride_h != w.stride_w) name += "," + std::to_string(w.stride_w);
  if (w.dilation_h > 1) name += " d" + std::to_string(w.dilation_h);
  name += " " + by(w.in_h, w.in_w) + "x" + std::to_string(w.channels);
  if (shape.out_channels != w.channels || !shape.depthwise()) {
    name += "->" + std::to_string(shape.out_channels);
  }
  if (shape.groups > 1 && !shape.depthwise()) name += " g" + std::to_string(shape.groups);
  return name;
}

size_t shape_depth(const ConvShape& shape) { return shape.window.taps() * shape.group_inputs(); }

double shape_macs(const ConvShape& shape) {
  return static_cast<double>(shape.window.pixels() * shape.out_channels * shape_depth(shape));
}

ConvData random_data(const ConvShape& shape) {
  const rt::WindowGeometry& w = shape.window;
  const size_t depth = shape_depth(shape);
  std::mt19937 random(1);
  ConvData data;
  data.input = random_bytes(random, w.batch * w.in_h * w.in_w * w.channels, -128);
  data.weights = random_bytes(random, shape.out_channels * depth, -127);
  for (size_t i = 0; i < shape.out_channels; ++i) {
    data.bias.push_back(static_cast<int32_t>(random() % 2000) - 1000);
    data.weight_scales.push_back(0.01f * (1 + static_cast<float>(random() % 100) / 100));
  }
  data.in_scale = 0.02f;
  data.in_zero_point = -7;
  data.out_zero_point = 5;
  // Bytes of any value deviate by 74 from their mean, so a sum of `depth` products by 74^2 times
  // its root; the outputs then deviate by about 40.
  data.out_scale = data.in_scale * 0.015f * 74 * 74 * std::sqrt(static_cast<float>(depth)) / 40;
  return data;
}

rt::Result<OurConvolution> OurConvolution::create(const ConvShape& shape, const ConvData& data,
                                                  const char* isa, pthreadpool_t pool) {
  QRT_ASSIGN_OR_RETURN(const graph::Bytes file, graph::serialize(one_node(shape, data)));
  OurConvolution ours;
  ours.model_ = rt::allocate_aligned(file.size());
  if (ours.model_ == nullptr) return rt::error(rt::Code::OutOfMemory, "no memory for a model");
  std::memcpy(ours.model_.get(), file.data(), file.size());
  QRT_ASSIGN_OR_RETURN(auto model, rt::Model::from_buffer(ours.model_.get(), file.size()));
  rt::ProgramOptions program_options;
  program_options.isa = isa;
  QRT_ASSIGN_OR_RETURN(auto program, rt::Program::build(model, program_options));
  rt::SessionOptions session_options;
  session_options.pool = pool;
  QRT_ASSIGN_OR_RETURN(ours.session_, rt::Session::create(program, session_options));
  std::memcpy(ours.session_->input_data(0), data.input.data(), data.input.size());
  return ours;
}

}  // namespace qrt::bench
