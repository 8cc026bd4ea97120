// Quantized convolutions as operators: whatever kernels, blocks and threads compute them, the bits
// are those of the scalar kernels on one thread.
#include <cmath>

#include "tests/support/instruction_sets.h"
#include "tests/support/kernel_rows.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

struct Conv {
  int32_t batch, height, width, inputs, outputs, kernel, stride = 1, dilation = 1, groups = 1;
  fb::Padding padding = fb::Padding::Same;  // Explicit: none
  int weight_range = 127;
  bool weight_zeros = false;
};

graph::Graph graph_of(const Conv& c) {
  const int32_t depth = c.kernel * c.kernel * c.inputs / c.groups;
  std::vector<float> scales;
  std::vector<int32_t> zeros, bias;
  for (int32_t i = 0; i < c.outputs; ++i) {
    scales.push_back(0.01f + 0.0001f * static_cast<float>(i % 50));
    zeros.push_back(c.weight_zeros ? i % 31 - 15 : 0);
    bias.push_back(i * 37 % 1000 - 500);
  }
  graph::Graph g;
  const int in = g.add_tensor("in", rt::DType::S8, {c.batch, c.height, c.width, c.inputs},
                              {{0.02f}, {-7}, -1, 0});
  const int weights = g.add_constant(
      "weights", {c.outputs, c.kernel, c.kernel, c.inputs / c.groups},
      random_s8(static_cast<size_t>(c.outputs * depth), 5, -c.weight_range, c.weight_range),
      {scales, zeros, 0, 0});
  const int biases = g.add_constant("bias", {c.outputs}, bias);
  const auto side = [&](int32_t size) {
    const int32_t covered = (c.kernel - 1) * c.dilation + 1;
    return c.padding == fb::Padding::Same ? (size + c.stride - 1) / c.stride
                                          : (size - covered) / c.stride + 1;
  };
  const float out_scale =
      0.0002f * static_cast<float>(c.weight_range) * std::sqrt(static_cast<float>(depth));
  const int out =
      g.add_tensor("out", rt::DType::S8, {c.batch, side(c.height), side(c.width), c.outputs},
                   {{out_scale}, {5}, -1, 0});
  fb::Conv2DT options;
  options.groups = c.groups;
  options.window = std::make_unique<fb::Window2DT>();
  options.window->stride_h = options.window->stride_w = c.stride;
  options.window->dilation_h = options.window->dilation_w = c.dilation;
  options.window->padding = c.padding;
  g.add_node("convolution", std::move(options), {in, weights, biases}, {out});
  g.inputs = {in};
  g.outputs = {out};
  return g;
}

std::vector<int8_t> run(const graph::Graph& graph, const std::string& isa, size_t threads) {
  rt::SessionOptions options;
  options.threads = threads;
  Loaded loaded = must_load(graph, options, isa.c_str());
  if (loaded.session == nullptr) return {};
  loaded.set(0, random_s8(loaded.session->input_bytes(0), 6));
  loaded.run();
  return loaded.get<int8_t>();
}

void check(const Conv& c) {
  SCOPED_TRACE(testing::Message() << c.batch << "x" << c.height << "x" << c.width << "x" << c.inputs
                                  << " to " << c.outputs << ", kernel " << c.kernel << ", stride "
                                  << c.stride << ", dilation " << c.dilation << ", groups "
                                  << c.groups << ", weights to " << c.weight_range);
  const graph::Graph graph = graph_of(c);
  const auto expected = run(graph, "scalar", 1);
  for (const std::string& isa : runnable_instruction_sets()) {
    for (size_t threads = 1; threads <= 3; ++threads) {
      ASSERT_EQ(run(graph, isa, threads), expected) << isa << ", " << threads << " thread(s)";
    }
  }
}

TEST(Conv2DS8, WindowsOf3x3) {
  for (int32_t size : {1, 2, 3, 4, 5, 7, 12, 21}) {
    for (bool zeros : {false, true}) {
      check({2, size, size + 3, 16, 24, 3, 1, 1, 1, fb::Padding::Same, 127, zeros});
    }
  }
  check({3, 9, 14, 64, 70, 3});
  check({1, 8, 8, 300, 48, 3});                                      // sums too large for 4x4
  check({1, 8, 8, 300, 48, 3, 1, 1, 1, fb::Padding::Explicit, 20});  // and not
  check({1, 15, 33, 34, 17, 3, 1, 1, 1, fb::Padding::Explicit});
  check({1, 6, 40, 19, 33, 3});
  check({2, 12, 12, 32, 32, 3, 2});
  check({1, 12, 12, 32, 32, 3, 1, 2});
  check({1, 12, 12, 32, 32, 3, 1, 1, 4});
}

TEST(Conv2DS8, OtherWindows) {
  for (int32_t kernel : {1, 2, 5}) {
    for (int32_t stride : {1, 2}) {
      check({2, 13, 11, 24, 40, kernel, stride});
    }
  }
  check({1, 1, 1, 500, 200, 1});
  check({1, 14, 14, 96, 576, 1});
  check({1, 7, 7, 160, 960, 1});
}

// Windows of 3x3 that go by steps or have holes in one direction only.
TEST(Conv2DS8, WindowsThatDifferByDirection) {
  for (int which = 0; which < 4; ++which) {
    graph::Graph g = graph_of({1, 15, 15, 32, 32, 3});
    fb::Window2DT& window = *g.nodes[0].options.AsConv2D()->window;
    (which == 0   ? window.stride_h
     : which == 1 ? window.stride_w
     : which == 2 ? window.dilation_h
                  : window.dilation_w) = 2;
    if (which < 2) g.value(g.outputs[0]).shape[static_cast<size_t>(which) + 1] = 8;
    const auto expected = run(g, "scalar", 1);
    for (const std::string& isa : runnable_instruction_sets()) {
      EXPECT_EQ(run(g, isa, 1), expected) << isa << ", " << which;
    }
  }
}

// Two layers that share their weights pack them differently.
TEST(Conv2DS8, DepthwiseLayersOfOneTensorOfWeights) {
  const graph::Graph dense = graph_of({1, 21, 21, 32, 32, 5, 1, 1, 32});
  const graph::Graph sparse = graph_of({1, 21, 21, 32, 32, 5, 3, 1, 32});
  graph::Graph both = dense;
  graph::Node second = sparse.nodes[0];
  const int out = both.add_tensor("sparse", rt::DType::S8, sparse.value(sparse.outputs[0]).shape,
                                  sparse.value(sparse.outputs[0]).quantization);
  second.inputs = both.nodes[0].inputs;
  second.outputs = {out};
  both.nodes.push_back(std::move(second));
  both.outputs.push_back(out);
  for (const std::string& isa : runnable_instruction_sets()) {
    Loaded loaded = must_load(both, {}, isa.c_str());
    loaded.set(0, random_s8(loaded.session->input_bytes(0), 6));
    loaded.run();
    EXPECT_EQ(loaded.get<int8_t>(0), run(dense, isa, 1)) << isa;
    EXPECT_EQ(loaded.get<int8_t>(1), run(sparse, isa, 1)) << isa;
  }
}

TEST(Conv2DS8, Depthwise) {
  for (int32_t kernel : {3, 5}) {
    for (int32_t stride : {1, 2}) {
      for (int32_t size : {3, 7, 16}) {
        check({2, size, size, 72, 72, kernel, stride, 1, 72});
      }
    }
    check({1, 20, 17, 40, 40, kernel, 1, 2, 40});
  }
  check({1, 30, 9, 16, 16, 3, 1, 1, 16});
}

}  // namespace
}  // namespace qrt::test
