// Float layers through XNNPACK: whichever version it is, the numbers are those of plain loops, and
// weights are packed once a program, or with an old XNNPACK once a session, and counted.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <thread>

#include "src/runtime/xnn.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

struct Layer {
  int32_t batch, height, width, inputs, outputs;
  int32_t kernel_h = 1, kernel_w = 1, stride = 1, dilation = 1, groups = 1;
  fb::Padding padding = fb::Padding::Same;
  int32_t pad = 0;  // on all sides, with explicit padding
  bool transposed = false;
  int32_t more = 0;  // padding of a transposed convolution's output
};

std::vector<float> numbers(size_t count, unsigned seed) {
  std::vector<float> values(count);
  for (float& v : values) {
    seed = seed * 1664525u + 1013904223u;
    v = static_cast<float>(seed >> 8) / static_cast<float>(1 << 23) - 1.0f;
  }
  return values;
}

int32_t out_size(const Layer& l, int32_t in, int32_t kernel) {
  const int32_t window = (kernel - 1) * l.dilation + 1;
  if (l.transposed) return (in - 1) * l.stride + window + l.more - 2 * l.pad;
  return l.padding == fb::Padding::Same ? (in + l.stride - 1) / l.stride
                                        : (in + 2 * l.pad - window) / l.stride + 1;
}

std::unique_ptr<fb::Window2DT> window_of(const Layer& l) {
  auto window = std::make_unique<fb::Window2DT>();
  window->stride_h = window->stride_w = l.stride;
  window->dilation_h = window->dilation_w = l.dilation;
  window->padding = l.padding;
  window->pad_top = window->pad_bottom = l.pad;
  window->pad_left = window->pad_right = l.pad;
  return window;
}

graph::Graph convolution(const Layer& l) {
  graph::Graph g;
  const int32_t depth = l.inputs / l.groups;
  const int in = g.add_tensor("in", rt::DType::F32, {l.batch, l.height, l.width, l.inputs});
  const int weights =
      g.add_constant("weights", {l.outputs, l.kernel_h, l.kernel_w, depth},
                     numbers(static_cast<size_t>(l.outputs * l.kernel_h * l.kernel_w * depth), 1));
  const int bias = g.add_constant("bias", {l.outputs}, numbers(static_cast<size_t>(l.outputs), 2));
  const int out = g.add_tensor(
      "out", rt::DType::F32,
      {l.batch, out_size(l, l.height, l.kernel_h), out_size(l, l.width, l.kernel_w), l.outputs});
  const auto add = [&](auto options) {
    options.groups = l.groups;
    options.window = window_of(l);
    options.clamp = graph::make_clamp(-1.5f, 6.0f);
    g.add_node("layer", std::move(options), {in, weights, bias}, {out});
  };
  if (l.transposed) {
    fb::TransposedConv2DT options;
    options.output_padding_h = options.output_padding_w = l.more;
    add(std::move(options));
  } else {
    add(fb::Conv2DT());
  }
  g.inputs = {in};
  g.outputs = {out};
  return g;
}

// The same layer, of any batch, height and width, at the layer's first.
Loaded load_open(const Layer& l, const rt::SessionOptions& options = {}) {
  graph::Graph g = convolution(l);
  for (int i : {g.inputs[0], g.outputs[0]}) {
    std::vector<int32_t>& shape = g.value(i).shape;
    shape[0] = shape[1] = shape[2] = -1;
  }
  Loaded loaded = must_load(g, options);
  const rt::Status status = loaded.session->resize_input(0, {l.batch, l.height, l.width, l.inputs});
  EXPECT_TRUE(status.ok()) << status.message();
  return loaded;
}

graph::Graph fully_connected(const Layer& l) {
  graph::Graph g;
  const int in = g.add_tensor("in", rt::DType::F32, {l.batch, l.inputs});
  const int weights = g.add_constant("weights", {l.outputs, l.inputs},
                                     numbers(static_cast<size_t>(l.outputs * l.inputs), 3));
  const int out = g.add_tensor("out", rt::DType::F32, {l.batch, l.outputs});
  g.add_node("layer", fb::FullyConnectedT(), {in, weights}, {out});
  g.inputs = {in};
  g.outputs = {out};
  return g;
}

std::vector<float> run(rt::Session& session) {
  const std::vector<float> in = numbers(session.input_bytes(0) / sizeof(float), 4);
  std::copy(in.begin(), in.end(), static_cast<float*>(session.input_data(0)));
  EXPECT_TRUE(session.run().ok());
  const auto* out = static_cast<const float*>(session.output_data(0));
  return {out, out + session.output_bytes(0) / sizeof(float)};
}

void expect_near(const std::vector<float>& actual, const std::vector<float>& expected,
                 size_t depth) {
  ASSERT_EQ(actual.size(), expected.size());
  const float bar = 1e-6f * static_cast<float>(depth) + 1e-5f;
  for (size_t i = 0; i < actual.size(); ++i) ASSERT_NEAR(actual[i], expected[i], bar) << i;
}

const Layer kLayers[] = {
    {1, 9, 11, 3, 17, 3, 3},
    {2, 9, 10, 4, 8, 3, 3, 2},
    {1, 12, 7, 5, 19, 1, 1},
    {1, 12, 7, 5, 19, 1, 1, 2},
    {1, 6, 6, 5, 7, 1, 1, 1, 1, 1, fb::Padding::Explicit, 2},
    {1, 10, 13, 24, 24, 3, 3, 1, 1, 24},
    {3, 10, 13, 20, 20, 3, 3, 2, 1, 20},
    {1, 14, 9, 16, 16, 5, 5, 1, 1, 16},
    {1, 14, 9, 8, 16, 3, 3, 1, 1, 8},
    {1, 14, 15, 6, 9, 3, 3, 1, 2, 3},
    {1, 14, 15, 16, 16, 3, 3, 1, 2, 16},
    {1, 9, 9, 4, 6, 3, 2, 2, 1, 1, fb::Padding::Explicit, 1},
    {1, 5, 5, 33, 33, 1, 1, 1, 1, 33},
    // Transposed, by phases and not.
    {1, 9, 11, 3, 17, 3, 3, 2, 1, 1, fb::Padding::Explicit, 1, true},
    {2, 7, 5, 5, 8, 4, 4, 2, 1, 1, fb::Padding::Explicit, 1, true},
    {1, 6, 9, 8, 12, 5, 3, 3, 1, 2, fb::Padding::Explicit, 0, true, 2},
    {1, 9, 8, 4, 18, 2, 2, 3, 1, 1, fb::Padding::Explicit, 0, true},
    {1, 7, 7, 6, 9, 3, 3, 2, 2, 3, fb::Padding::Explicit, 1, true, 1},
    {2, 8, 7, 16, 16, 3, 3, 1, 1, 1, fb::Padding::Explicit, 2, true},
    // More of its output than a stride, less what it loses.
    {1, 5, 6, 4, 8, 3, 3, 2, 1, 1, fb::Padding::Explicit, 2, true, 3},
};

class Xnn : public testing::Test {
 protected:
  void SetUp() override {
    if (!rt::xnn_available()) GTEST_SKIP() << "this build has no XNNPACK";
  }
};

const char* kernel_name(const Loaded& loaded) {
  return loaded.session->program().kernel(0)->name();
}

TEST_F(Xnn, NumbersAreThoseOfPlainLoops) {
  for (const Layer& l : kLayers) {
    const auto depth = static_cast<size_t>(l.kernel_h * l.kernel_w * l.inputs / l.groups);
    Loaded plain = must_load(convolution(l), {}, "scalar");
    for (size_t threads : {1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << &l - kLayers << " with " << threads << " threads");
      rt::SessionOptions options;
      options.threads = threads;
      Loaded library = must_load(convolution(l), options);
      EXPECT_STREQ(kernel_name(library),
                   l.transposed ? "f32_transposed_conv__xnnpack" : "f32_conv__xnnpack");
      expect_near(run(*library.session), run(*plain.session), depth);
    }
  }
  for (int32_t batch : {1, 5, 64}) {
    const Layer l = {batch, 1, 1, 37, 21};
    Loaded library = must_load(fully_connected(l)),
           plain = must_load(fully_connected(l), {}, "scalar");
    expect_near(run(*library.session), run(*plain.session), 37);
  }
}

TEST_F(Xnn, DoesNotTakeAnOutputPaddedByAStrideOrMore) {
  const Layer l = {1, 5, 6, 4, 8, 3, 3, 2, 1, 1, fb::Padding::Explicit, 1, true, 3};
  EXPECT_STREQ(kernel_name(must_load(convolution(l))), "f32_transposed_conv__scalar");
}

// Of an output smaller than a stride, a phase has no element, and XNNPACK crashes.
TEST_F(Xnn, DoesNotTakeAnOutputSmallerThanAStride) {
  const Layer small = {1, 4, 1, 2, 3, 3, 3, 3, 1, 1, fb::Padding::Explicit, 1, true};
  EXPECT_STREQ(kernel_name(must_load(convolution(small))), "f32_transposed_conv__scalar");

  graph::Graph open = convolution(small);
  open.value(open.inputs[0]).shape = {1, -1, -1, 2};
  open.value(open.outputs[0]).shape = {1, -1, -1, 3};
  EXPECT_STREQ(kernel_name(must_load(open)), "f32_transposed_conv__scalar");

  const Layer large = {1, 4, 4, 2, 3, 3, 3, 3, 1, 1, fb::Padding::Explicit, 1, true};
  Loaded loaded = must_load(convolution(large));
  EXPECT_STREQ(kernel_name(loaded), "f32_transposed_conv__xnnpack");
  EXPECT_EQ(loaded.session->resize_input(0, {1, 4, 1, 2}).code(), rt::Code::InvalidArgument);
}

TEST_F(Xnn, AnEmptyInputGivesTheBias) {
  for (const Layer& l : {Layer{1, 0, 4, 3, 17, 3, 3, 1, 1, 1, fb::Padding::Explicit, 2},
                         Layer{2, 0, 4, 3, 17, 5, 5, 2, 1, 1, fb::Padding::Explicit, 0, true}}) {
    Loaded library = must_load(convolution(l)), plain = must_load(convolution(l), {}, "scalar");
    const std::vector<float> result = run(*library.session);
    EXPECT_FALSE(result.empty());
    EXPECT_EQ(result, run(*plain.session));
  }
}

TEST_F(Xnn, WeightsArePackedOnceAndCounted) {
  for (const Layer& l : kLayers) {
    SCOPED_TRACE(&l - kLayers);
    Loaded loaded = load_open(l);
    if (std::strstr(kernel_name(loaded), "xnnpack") == nullptr) {
      EXPECT_TRUE(l.transposed) << "whose smallest outputs XNNPACK cannot compute";
      continue;
    }
    const rt::Program& program = loaded.session->program();
    // XNNPACK's kernels work on blocks of columns: there is never less than what was packed.
    const size_t weight_bytes = program.tensors()[1].shape.elements() * sizeof(float);
    const size_t packed = loaded.session->packed_bytes();
    EXPECT_GE(packed, weight_bytes);
    EXPECT_LE(packed, 40 * weight_bytes + 4096);
    EXPECT_EQ(program.packed_bytes(), rt::kXnnSharesWeights ? packed : 0);

    const rt::Shape old = loaded.session->input_shape(0);
    for (int32_t more : {1, 6, 1, 0, 3, 6, 0}) {
      rt::Shape shape = old;
      shape[1] += more, shape[2] += 2 * more;
      ASSERT_TRUE(loaded.session->resize_input(0, shape).ok());
      EXPECT_EQ(loaded.session->packed_bytes(), packed);
    }
  }
}

TEST_F(Xnn, ResizedSessionsComputeWhatNewOnesDo) {
  for (const Layer& l : kLayers) {
    SCOPED_TRACE(&l - kLayers);
    for (size_t threads : {1, 2}) {
      rt::SessionOptions options;
      options.threads = threads;
      Loaded loaded = load_open(l, options);
      const rt::Shape old = loaded.session->input_shape(0);
      for (int32_t more : {2, 5, 2, 0, 5, 1, 0, 2}) {
        Layer changed = l;
        changed.batch += more % 2, changed.height += more, changed.width += 2 * more;
        rt::Shape shape = old;
        shape[0] = changed.batch, shape[1] = changed.height, shape[2] = changed.width;
        ASSERT_TRUE(loaded.session->resize_input(0, shape).ok());
        Loaded fresh = load_open(changed, options);
        EXPECT_EQ(run(*loaded.session), run(*fresh.session));
      }
    }
  }
}

TEST_F(Xnn, AFailedResizeLeavesTheSessionAsItWas) {
  for (const Layer& l : kLayers) {
    SCOPED_TRACE(&l - kLayers);
    rt::SessionOptions options;
    options.max_arena_bytes = size_t{1} << 20;
    Loaded loaded = load_open(l, options);
    const std::vector<float> before = run(*loaded.session);
    rt::Shape shape = loaded.session->input_shape(0);
    shape[1] = shape[2] = 500;
    const rt::Status status = loaded.session->resize_input(0, shape);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.message().find("the model fixes"), std::string::npos) << status.message();
    EXPECT_EQ(run(*loaded.session), before);
  }
}

TEST_F(Xnn, IndirectionPointersCountAsWorkingMemory) {
  // 25 pointers for each output pixel of one channel.
  const Layer l = {1, 64, 64, 1, 1, 5, 5, 2};
  Loaded loaded = must_load(convolution(l));
  EXPECT_GE(loaded.session->arena_bytes(), 64 * 64 * sizeof(float) + 32 * 32 * 10 * sizeof(void*));
  rt::SessionOptions options;
  options.max_arena_bytes = 64 * 64 * 2 * sizeof(float);
  const auto refused = load(convolution(l), options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), rt::Code::OutOfMemory);
}

TEST_F(Xnn, SessionsOfOneProgramMayBeMadeAtOnce) {
  const Layer l = {1, 12, 12, 32, 48, 3, 3};
  Loaded loaded = must_load(convolution(l));
  const std::vector<float> expected = run(*loaded.session);
  const size_t packed = loaded.session->packed_bytes();
  std::shared_ptr<const rt::Model> model(&loaded.session->program().model(), [](auto*) {});
  const auto program = rt::Program::build(model);
  ASSERT_TRUE(program.ok());
  std::vector<std::thread> threads;
  std::vector<std::vector<float>> results(4);
  for (std::vector<float>& result : results) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        auto session = rt::Session::create(*program);
        if (session.ok()) result = run(**session);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<float>& result : results) EXPECT_EQ(result, expected);
  EXPECT_EQ((*program)->packed_bytes(), rt::kXnnSharesWeights ? packed : 0);
}

// What a program does when sessions race to be the first.
TEST_F(Xnn, OperatorsMadeAtOncePackOnce) {
  const std::vector<float> weights = numbers(48 * 9 * 32, 1), bias = numbers(48, 2);
  rt::XnnLayer layer;
  layer.kernel_h = layer.kernel_w = 3;
  layer.group_inputs = 32;
  layer.group_outputs = 48;
  layer.weights = weights.data();
  layer.bias = bias.data();
  layer.min = -INFINITY;
  layer.max = INFINITY;
  const rt::XnnWeights one;
  ASSERT_TRUE(rt::XnnOperator::create(layer, one).ok());
  for (int i = 0; i < 50; ++i) {
    const rt::XnnWeights shared;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] { EXPECT_TRUE(rt::XnnOperator::create(layer, shared).ok()); });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(shared.bytes(), one.bytes());
  }
  if (rt::kXnnSharesWeights) {
    EXPECT_GE(one.bytes(), weights.size() * sizeof(float));
  }
}

}  // namespace
}  // namespace qrt::test
