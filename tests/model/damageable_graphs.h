// Small sound models that between them have every operator, to be damaged byte by byte.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/model/model_file.h"

namespace qrt::test {

class ChainBuilder {
 public:
  explicit ChainBuilder(const std::vector<int32_t>& shape, rt::DType type = rt::DType::S8) {
    last_ = tensor(type, shape);
    graph.inputs = {last_};
  }

  // A node from the last value (and more inputs after it) to a new one, which becomes the last.
  template <class Options>
  int then(Options options, std::vector<int32_t> shape, rt::DType type = rt::DType::S8,
           const std::vector<int>& more = {}) {
    std::vector<int> inputs = {last_};
    inputs.insert(inputs.end(), more.begin(), more.end());
    const int out = tensor(type, std::move(shape));
    graph.add_node("n", std::move(options), std::move(inputs), {out});
    return last_ = out;
  }

  int tensor(rt::DType type, std::vector<int32_t> shape) {
    const bool quantized = type == rt::DType::S8;
    return graph.add_tensor(
        "t", type, std::move(shape),
        quantized ? graph::Quantization{{0.5f}, {1}, -1, 0} : graph::Quantization{});
  }
  int weights(const std::vector<int32_t>& shape) {
    size_t elements = 1;
    for (int32_t dim : shape) elements *= static_cast<size_t>(dim);
    return graph.add_constant<int8_t>("w", shape, std::vector<int8_t>(elements, 1),
                                      {{0.5f}, {}, -1, 0});
  }
  int variable(rt::DType type, std::vector<int32_t> shape) {
    const int index = graph.add_tensor("v", type, std::move(shape));
    graph.value(index).variable = true;
    return index;
  }

  int last() const { return last_; }
  graph::Graph finish() {
    graph.outputs = {last_};
    return std::move(graph);
  }

  graph::Graph graph;

 private:
  int last_ = -1;
};

// Operators that change places.
inline graph::Graph moving_graph() {
  ChainBuilder c({1, 2, 4, 4});
  fb::TransposeT transpose;
  transpose.perm = {0, 2, 3, 1};
  c.then(transpose, {1, 4, 4, 2});
  fb::PadT pad;
  pad.before = {0, 1, 0, 0};
  pad.after = {0, 1, 2, 0};
  pad.mode = fb::PadMode::Reflect;
  c.then(pad, {1, 6, 6, 2});
  fb::SpaceToDepthT to_depth;
  to_depth.block = 2;
  c.then(to_depth, {1, 3, 3, 8});
  fb::DepthToSpaceT to_space;
  to_space.block = 2;
  c.then(to_space, {1, 6, 6, 2});
  fb::SliceT slice;
  slice.begins = {0, 5, 1, 0};
  slice.ends = {1, 0, 5, 2};
  slice.strides = {1, -2, 1, 1};
  slice.begin_mask = 8;
  slice.shrink_mask = 1;
  c.then(slice, {3, 4, 2});
  fb::TileT tile;
  tile.multiples = {1, 2, 1};
  c.then(tile, {3, 8, 2});
  fb::BroadcastToT to;
  to.shape = {2, 3, 8, 2};
  c.then(to, {2, 3, 8, 2});
  fb::SplitT split;
  split.axis = 2;
  split.sizes = {3, 5};
  const int more = c.tensor(rt::DType::S8, {2, 3, 5, 2});
  c.then(split, {2, 3, 3, 2});
  c.graph.nodes.back().outputs.push_back(more);
  fb::ConcatT concat;
  concat.axis = -2;
  c.then(concat, {2, 3, 8, 2}, rt::DType::S8, {more});
  return c.finish();
}

// Operators that pick: by indices from the model and from the run.
inline graph::Graph picking_graph() {
  ChainBuilder c({3, 4});
  const int indices = c.graph.add_constant<int32_t>("i", {5}, {0, 2, -1, 1, 0});
  c.then(fb::GatherT(), {5, 4}, rt::DType::S8, {indices});
  const int data = c.last();
  fb::ArgReduceT arg;
  arg.axis = 1;
  arg.keep_dims = true;
  c.then(arg, {5, 1}, rt::DType::S32);
  const int found = c.last();
  c.then(fb::CastT(), {5, 1}, rt::DType::Bool);
  c.then(fb::SelectT(), {5, 4}, rt::DType::S8, {data, data});
  c.then(fb::GatherNdT(), {5, 4}, rt::DType::S8, {found});
  return c.finish();
}

inline graph::Graph pooling_graph() {
  ChainBuilder c({1, 5, 5, 2});
  fb::Pool2DT pool;
  pool.kernel_h = pool.kernel_w = 2;
  pool.window = std::make_unique<fb::Window2DT>();
  pool.kind = fb::PoolKind::Average;
  pool.count_include_pad = true;
  c.then(std::move(pool), {1, 4, 4, 2});
  fb::Conv2DT depthwise;
  depthwise.groups = 2;
  depthwise.window = std::make_unique<fb::Window2DT>();
  depthwise.window->stride_h = depthwise.window->stride_w = 2;
  depthwise.window->padding = fb::Padding::Same;
  depthwise.clamp = graph::make_clamp(0, 6);
  c.then(std::move(depthwise), {1, 2, 2, 4}, rt::DType::S8, {c.weights({4, 3, 3, 1})});
  fb::ResizeT resize;
  resize.out_h = resize.out_w = 3;
  resize.half_pixel_centers = true;
  c.then(resize, {1, 3, 3, 4});
  fb::ReduceT mean;
  mean.axes = {1, 2};
  c.then(mean, {1, 4});
  c.then(fb::FullyConnectedT(), {1, 3}, rt::DType::S8,
         {c.weights({3, 4}), c.graph.add_constant<int32_t>("b", {3}, {1, 2, 3})});
  c.then(fb::SoftmaxT(), {1, 3});
  return c.finish();
}

inline graph::Graph arithmetic_graph() {
  ChainBuilder c({2, 3}, rt::DType::F32);
  c.then(fb::QuantizeT(), {2, 3});
  fb::BinaryT add;
  add.clamp = graph::make_clamp(0, 6);
  c.then(std::move(add), {2, 3}, rt::DType::S8, {c.weights({1, 3})});
  fb::UnaryT unary;
  unary.kind = fb::UnaryKind::LeakyRelu;
  unary.alpha = 0.1f;
  c.then(std::move(unary), {2, 3});
  fb::MatMulT product;
  product.transpose_b = true;
  c.then(product, {2, 2}, rt::DType::S8, {c.last()});
  c.then(fb::DequantizeT(), {2, 2}, rt::DType::F32);
  return c.finish();
}

// Floats: convolution and layers with float and with s8 weights, and an LSTM.
inline graph::Graph float_graph() {
  using rt::DType;
  ChainBuilder c({1, 3, 3, 2}, DType::F32);
  const auto conv = [] {
    fb::Conv2DT options;
    options.window = std::make_unique<fb::Window2DT>();
    options.window->padding = fb::Padding::Same;
    return options;
  };
  const auto constant = [&](std::vector<int32_t> shape, size_t elements) {
    return c.graph.add_constant<float>("w", std::move(shape), std::vector<float>(elements, 0.1f));
  };
  c.then(conv(), {1, 3, 3, 2}, DType::F32, {constant({2, 2, 2, 2}, 16)});
  c.then(conv(), {1, 3, 3, 2}, DType::F32, {c.weights({2, 1, 1, 2})});
  fb::ReshapeT reshape;
  reshape.shape = {1, 9, -1};
  c.then(reshape, {1, 9, 2}, DType::F32);
  c.then(fb::FullyConnectedT(), {1, 9, 2}, DType::F32, {constant({2, 2}, 4)});
  c.then(fb::FullyConnectedT(), {1, 9, 2}, DType::F32, {c.weights({2, 2})});
  c.then(fb::LstmT(), {1, 9, 1}, DType::F32,
         {constant({4, 2}, 8), constant({4, 1}, 4), constant({4}, 4),
          c.variable(DType::F32, {1, 1}), c.variable(DType::F32, {1, 1})});
  fb::UnaryT tanh;
  tanh.kind = fb::UnaryKind::Tanh;
  c.then(std::move(tanh), {1, 9, 1}, DType::F32);
  return c.finish();
}

// Variables and other subgraphs. No loop, which damage might make endless.
inline graph::Graph calling_graph() {
  const auto part = [](fb::BinaryKind kind) {
    graph::Graph g;
    g.inputs = {g.add_tensor("a", rt::DType::F32, {2}), g.add_tensor("b", rt::DType::F32, {2})};
    g.outputs = {g.add_tensor("c", rt::DType::F32, {2})};
    fb::BinaryT binary;
    binary.kind = kind;
    g.add_node("n", std::move(binary), g.inputs, g.outputs);
    return g;
  };
  graph::Graph g;
  const auto tensor = [&] { return g.add_tensor("t", rt::DType::F32, {2}); };
  const int in = tensor(), state = tensor(), old = tensor(), sum = tensor(), out = tensor();
  const int condition = g.add_tensor("condition", rt::DType::Bool, {1});
  g.value(state).variable = true;
  g.value(state).data = std::make_shared<const graph::Bytes>(graph::Bytes(8, 0));
  g.value(state).variable_id = 0;
  g.add_node("n", fb::ReadVariableT(), {state}, {old});
  fb::CallT call;
  call.subgraph = 1;
  g.add_node("n", call, {in, old}, {sum});
  g.add_node("n", fb::AssignVariableT(), {state, sum}, {});
  fb::IfT choice;
  choice.then_subgraph = 1;
  choice.else_subgraph = 2;
  g.add_node("n", choice, {condition, sum, old}, {out});
  g.inputs = {in, condition};
  g.outputs = {out};
  g.subgraphs = {part(fb::BinaryKind::Add), part(fb::BinaryKind::Mul)};
  g.subgraphs[1].entry = true;
  return g;
}

// The same model with the shapes of its results left open, so that damage to a shape or an
// attribute is not refused at once for a declaration that it no longer meets, and reaches the
// operators.
inline graph::Graph with_open_shapes(graph::Graph graph) {
  for (const graph::Node& node : graph.nodes) {
    for (int output : node.outputs) {
      for (int32_t& dim : graph.value(output).shape) dim = -1;
    }
  }
  return graph;
}

inline std::vector<std::pair<std::string, graph::Graph>> damageable_graphs() {
  std::vector<std::pair<std::string, graph::Graph>> graphs;
  graphs.emplace_back("small", with_open_shapes(small_graph()));
  graphs.emplace_back("moving", with_open_shapes(moving_graph()));
  graphs.emplace_back("picking", with_open_shapes(picking_graph()));
  graphs.emplace_back("pooling", with_open_shapes(pooling_graph()));
  graphs.emplace_back("arithmetic", with_open_shapes(arithmetic_graph()));
  graphs.emplace_back("floats", with_open_shapes(float_graph()));
  graphs.emplace_back("calling", with_open_shapes(calling_graph()));
  return graphs;
}

}  // namespace qrt::test
