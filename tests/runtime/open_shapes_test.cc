// Models whose inputs are open in batch, height and width, on every instruction set: each gives
// what the same model gives that was made for that size, and an item alone what it gives in a
// batch.
#include <gtest/gtest.h>

#include "tests/support/instruction_sets.h"
#include "tests/support/kernel_rows.h"
#include "tests/support/open_model.h"

namespace qrt::test {
namespace {

using graph::DType;
using graph::Graph;
using graph::Quantization;
using Shape = std::vector<int32_t>;

const Quantization kIn = {{0.05f}, {-7}}, kOut = {{0.06f}, {5}};

struct Conv {
  const char* name;
  int32_t in, out, kernel, groups, stride, dilation;
};
// By what the kernels are chosen by: 1x1 and deep ones are multiplied directly, 3x3 of many
// channels by Winograd's algorithm, one channel a group by the depthwise kernels.
constexpr Conv kConvs[] = {
    {"gemm", 5, 9, 3, 1, 1, 1},          {"pointwise", 16, 8, 1, 1, 1, 1},
    {"winograd", 32, 32, 3, 1, 1, 1},    {"strided", 8, 8, 3, 1, 2, 1},
    {"dilated", 8, 8, 3, 1, 1, 2},       {"depthwise", 16, 16, 3, 16, 1, 1},
    {"depthwise5", 16, 16, 5, 16, 2, 1}, {"grouped", 8, 12, 3, 4, 1, 1},
};

std::unique_ptr<fb::Window2DT> window(int stride, int dilation, fb::Padding padding) {
  auto w = std::make_unique<fb::Window2DT>();
  w->stride_h = w->stride_w = stride;
  w->dilation_h = w->dilation_w = dilation;
  w->padding = padding;
  return w;
}

int add_conv(Graph& g, int input, bool quantized, const Conv& conv, fb::Padding padding) {
  const Shape shape = {conv.out, conv.kernel, conv.kernel, conv.in / conv.groups};
  size_t count = 1;
  for (int32_t dim : shape) count *= static_cast<size_t>(dim);
  const std::vector<int8_t> codes = random_s8(count, 7);
  int weights;
  if (quantized) {
    Quantization q;
    q.axis = 0;
    for (int32_t o = 0; o < conv.out; ++o) q.scales.push_back(0.001f * static_cast<float>(o + 1));
    weights = g.add_constant("w", shape, codes, q);
  } else {
    weights = g.add_constant("w", shape, std::vector<float>(codes.begin(), codes.end()));
  }
  fb::Conv2DT options;
  options.groups = conv.groups;
  options.window = window(conv.stride, conv.dilation, padding);
  const int out = quantized ? g.add_tensor("y", DType::S8, {-1, -1, -1, conv.out}, kOut)
                            : g.add_tensor("y", DType::F32, {-1, -1, -1, conv.out});
  g.add_node("conv", std::move(options), {input, weights}, {out});
  return out;
}

int add_pool(Graph& g, int input, bool quantized, fb::PoolKind kind, fb::Padding padding,
             int32_t channels) {
  fb::Pool2DT options;
  options.kind = kind;
  options.kernel_h = 3;
  options.kernel_w = 2;
  options.window = window(2, 1, padding);
  const int out = quantized ? g.add_tensor("y", DType::S8, {-1, -1, -1, channels}, kIn)
                            : g.add_tensor("y", DType::F32, {-1, -1, -1, channels});
  g.add_node("pool", std::move(options), {input}, {out});
  return out;
}

int add_resize(Graph& g, int input, bool quantized, fb::ResizeMode mode, int32_t channels) {
  fb::ResizeT options;
  options.mode = mode;
  options.out_h = 6;
  options.out_w = 11;
  const int out = quantized ? g.add_tensor("y", DType::S8, {-1, 6, 11, channels}, kIn)
                            : g.add_tensor("y", DType::F32, {-1, 6, 11, channels});
  g.add_node("resize", std::move(options), {input}, {out});
  return out;
}

struct Case {
  std::string name;
  int32_t channels;
  std::function<int(Graph&, int input, bool quantized)> add;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (fb::Padding padding : fb::EnumValuesPadding()) {
    const std::string suffix = std::string("_") + fb::EnumNamePadding(padding);
    for (const Conv& conv : kConvs) {
      all.push_back({conv.name + suffix, conv.in, [=](Graph& g, int input, bool quantized) {
                       return add_conv(g, input, quantized, conv, padding);
                     }});
    }
    for (fb::PoolKind kind : fb::EnumValuesPoolKind()) {
      all.push_back({fb::EnumNamePoolKind(kind) + suffix, 19, [=](Graph& g, int input, bool q) {
                       return add_pool(g, input, q, kind, padding, 19);
                     }});
    }
  }
  for (fb::ResizeMode mode : fb::EnumValuesResizeMode()) {
    all.push_back({std::string("resize_") + fb::EnumNameResizeMode(mode), 9,
                   [=](Graph& g, int input, bool q) { return add_resize(g, input, q, mode, 9); }});
  }
  return all;
}

// -1 in `size` is open.
Graph make(const Case& c, bool quantized, const Shape& size) {
  Graph g;
  const Shape shape = {size[0], size[1], size[2], c.channels};
  const int input =
      quantized ? g.add_tensor("x", DType::S8, shape, kIn) : g.add_tensor("x", DType::F32, shape);
  g.inputs = {input};
  g.outputs = {c.add(g, input, quantized)};
  return g;
}

class OpenShapes : public testing::TestWithParam<Case> {};

std::vector<uint8_t> run_at(Loaded& loaded, const Shape& size) {
  rt::Session& session = *loaded.session;
  const std::vector<uint8_t> in = random_elements(session.input(0).type, session.input_bytes(0), 3);
  std::memcpy(session.input_data(0), in.data(), in.size());
  must_run(session);
  EXPECT_EQ(session.input_shape(0)[1], size[1]);
  return loaded.get<uint8_t>();
}

TEST_P(OpenShapes, GiveWhatAModelOfThatSizeGives) {
  const Case& c = GetParam();
  for (const std::string& isa : runnable_instruction_sets()) {
    for (bool quantized : {true, false}) {
      SCOPED_TRACE(isa + (quantized ? " s8" : " f32"));
      Loaded open = must_load(make(c, quantized, {-1, -1, -1}), {}, isa.c_str());
      ASSERT_NE(open.session, nullptr);
      // The first size again at the end: nothing of the others is left.
      for (const Shape& size :
           {Shape{1, 9, 12}, Shape{2, 14, 9}, Shape{1, 23, 10}, Shape{1, 9, 12}}) {
        const rt::Status resized =
            open.session->resize_input(0, {size[0], size[1], size[2], c.channels});
        ASSERT_TRUE(resized.ok()) << resized.message();
        const auto got = run_at(open, size);
        Loaded fixed = must_load(make(c, quantized, size), {}, isa.c_str());
        ASSERT_NE(fixed.session, nullptr);
        EXPECT_EQ(open.session->output_shape(0), fixed.session->output_shape(0));
        EXPECT_EQ(got, run_at(fixed, size)) << size[1] << "x" << size[2];
      }
    }
  }
}

TEST_P(OpenShapes, FiveInABatchGiveWhatEachGivesAlone) {
  for (const std::string& isa : runnable_instruction_sets()) {
    for (bool quantized : {true, false}) {
      SCOPED_TRACE(isa + (quantized ? " s8" : " f32"));
      expect_same_alone_and_in_a_batch(make(GetParam(), quantized, {-1, -1, -1}), 5, {10, 13},
                                       isa.c_str());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, OpenShapes, testing::ValuesIn(cases()),
                         [](const auto& tested) { return tested.param.name; });

// Sizes too small for a VALID window are refused, and the session stays as it was.
TEST(OpenShapesErrors, AWindowThatDoesNotFit) {
  Graph g;
  const int input = g.add_tensor("x", DType::S8, {1, -1, -1, 5}, kIn);
  g.inputs = {input};
  g.outputs = {add_conv(g, input, true, kConvs[0], fb::Padding::Explicit)};
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  EXPECT_EQ(loaded.session->input_shape(0), (rt::Shape{1, 4, 4, 5}))
      << "the least power of two that fits";
  const rt::Status status = loaded.session->resize_input(0, {1, 2, 8, 5});
  EXPECT_EQ(status.code(), rt::Code::InvalidArgument);
  EXPECT_NE(status.message().find("kernel of 3x3 does not fit its input, 1x2x8x5"),
            std::string::npos)
      << status.message();
  EXPECT_EQ(loaded.session->input_shape(0), (rt::Shape{1, 4, 4, 5}));
  loaded.run();
}

// Open channels are the weights' affair: what they do not take is refused when it comes.
template <class Options>
void expect_channels_are_checked(const char* words) {
  Graph g;
  const int x = g.add_tensor("x", DType::F32, {1, -1, -1, -1});
  const int weights = g.add_constant("w", {4, 1, 1, 8}, std::vector<float>(32, 0.5f));
  const int y = g.add_tensor("y", DType::F32, {1, -1, -1, 4});
  Options options;
  options.groups = 2;
  options.window = window(1, 1, fb::Padding::Explicit);
  g.add_node("conv", std::move(options), {x, weights}, {y});
  g.inputs = {x};
  g.outputs = {y};
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  ASSERT_TRUE(loaded.session->resize_input(0, {1, 2, 3, 16}).ok());
  for (int32_t channels : {8, 15, 32}) {
    const rt::Status status = loaded.session->resize_input(0, {1, 2, 3, channels});
    EXPECT_EQ(status.code(), rt::Code::InvalidArgument);
    EXPECT_NE(status.message().find(words + std::to_string(channels)), std::string::npos)
        << status.message();
  }
  EXPECT_EQ(loaded.session->input_shape(0), (rt::Shape{1, 2, 3, 16}));
  loaded.run();
}

TEST(OpenShapesErrors, ChannelsThatDoNotFitTheWeights) {
  const char* words = "its weights 4x1x1x8 and 2 groups do not fit its input, 1x2x3x";
  expect_channels_are_checked<fb::Conv2DT>(words);
  expect_channels_are_checked<fb::TransposedConv2DT>(words);
}

// A Resize whose size is an input, or what its scale gives.
Graph resize_by(const fb::ResizeT& options, const std::function<int(Graph&, int)>& size) {
  Graph g;
  const int x = g.add_tensor("x", DType::F32, {1, -1, -1, 2});
  const int y = g.add_tensor("y", DType::F32, {1, -1, -1, 2});
  std::vector<int> inputs = {x};
  g.inputs = {x};
  if (size) inputs.push_back(size(g, x));
  g.add_node("resize", fb::ResizeT(options), inputs, {y});
  g.outputs = {y};
  return g;
}

TEST(OpenShapesResize, SizesAreReadOrScaled) {
  fb::ResizeT scaled;
  scaled.coordinates = fb::ResizeCoordinates::Asymmetric;
  scaled.scale_h = 2;
  scaled.scale_w = 1.3f;
  Loaded by_scale = must_load(resize_by(scaled, nullptr));
  ASSERT_NE(by_scale.session, nullptr);
  ASSERT_TRUE(by_scale.session->resize_input(0, {1, 3, 20, 2}).ok());
  EXPECT_EQ(by_scale.session->output_shape(0), (rt::Shape{1, 6, 26, 2}));
  by_scale.run();

  Loaded by_shape = must_load(resize_by({}, [](Graph& g, int x) {
    const int all = g.add_tensor("all", DType::S32, {4}),
              plane = g.add_tensor("p", DType::S32, {2});
    g.add_node("shape", fb::ShapeOfT(), {x}, {all});
    fb::SliceT slice;
    slice.begins = {1};
    slice.ends = {3};
    slice.strides = {1};
    g.add_node("slice", std::move(slice), {all}, {plane});
    return plane;
  }));
  ASSERT_NE(by_shape.session, nullptr);
  ASSERT_TRUE(by_shape.session->resize_input(0, {1, 3, 5, 2}).ok());
  EXPECT_EQ(by_shape.session->output_shape(0), (rt::Shape{1, 3, 5, 2}));
  const std::vector<float> elements(30, 0.5f);
  by_shape.set(0, elements);
  by_shape.run();
  EXPECT_EQ(by_shape.get<float>(), elements);
}

TEST(OpenShapesResize, SizesThatAreNone) {
  const auto error_of = [](const fb::ResizeT& options,
                           const std::function<int(Graph&, int)>& size) {
    return load(resize_by(options, size)).status().message();
  };
  const auto constant = [](std::vector<int32_t> sizes) {
    return [sizes](Graph& g, int) {
      return g.add_constant("size", {static_cast<int32_t>(sizes.size())}, sizes);
    };
  };
  EXPECT_NE(error_of({}, constant({1, 2, 3})).find("its size 'size' has 3 elements, not 2"),
            std::string::npos);
  EXPECT_NE(error_of({}, constant({0, 2})).find("to 0x2"), std::string::npos);
  EXPECT_NE(error_of({}, constant({-1, 2})).find("cannot resize"), std::string::npos);
  const std::string unknown = error_of({}, [](Graph& g, int) {
    const int size = g.add_tensor("size", DType::S32, {2});
    g.inputs.push_back(size);
    return size;
  });
  EXPECT_NE(unknown.find("its size 'size' depends on values that are known only in a run"),
            std::string::npos)
      << unknown;
  fb::ResizeT huge;
  huge.coordinates = fb::ResizeCoordinates::Asymmetric;
  huge.scale_h = huge.scale_w = 1e30f;
  EXPECT_NE(load(resize_by(huge, nullptr)).ok(), true);
  EXPECT_NE(error_of({}, nullptr).find("cannot resize"), std::string::npos) << "neither";
}

// Two inputs of one name, and two of which only the operator says that they must agree.
TEST(OpenShapesTogether, InputsAreResizedTogether) {
  for (bool named : {true, false}) {
    Graph g;
    const int a = g.add_tensor("a", DType::F32, {-1, 3}),
              b = g.add_tensor("b", DType::F32, {-1, 3});
    if (named) g.value(a).dim_names = g.value(b).dim_names = {"n", ""};
    const int y = g.add_tensor("y", DType::F32, {-1, 3});
    fb::ConcatT concat;
    concat.axis = 1;
    g.value(y).shape = {-1, 6};
    g.add_node("join", std::move(concat), {a, b}, {y});
    g.inputs = {a, b};
    g.outputs = {y};
    Loaded loaded = must_load(g);
    ASSERT_NE(loaded.session, nullptr);
    EXPECT_FALSE(loaded.session->resize_input(0, {4, 3}).ok());
    const rt::InputShape both[] = {{0, {4, 3}}, {1, {4, 3}}};
    const rt::Status status = loaded.session->resize_inputs({both, 2});
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(loaded.session->output_shape(0), (rt::Shape{4, 6}));
    loaded.run();
  }
}

TEST(OpenShapesTogether, DimensionsOfOneNameHaveOneSize) {
  Graph g;
  const int a = g.add_tensor("a", DType::F32, {-1, 3}), b = g.add_tensor("b", DType::F32, {-1, 3});
  g.value(a).dim_names = g.value(b).dim_names = {"n", ""};
  const int y = g.add_tensor("y", DType::F32, {-1, 3});
  fb::BinaryT add;
  g.add_node("add", std::move(add), {a, b}, {y});
  g.inputs = {a, b};
  g.outputs = {y};
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  // Broadcasting would do, but the model says that they are equal.
  const rt::InputShape both[] = {{0, {4, 3}}, {1, {1, 3}}};
  EXPECT_EQ(
      loaded.session->resize_inputs({both, 2}).message(),
      "dimension 'n' is 4 in input 'a' and 1 in input 'b'; inputs of one dimension are resized "
      "together");
}

TEST(OpenShapesZero, NoItemsGiveNoResults) {
  for (const Case& c : cases()) {
    for (bool quantized : {true, false}) {
      SCOPED_TRACE(c.name + (quantized ? " s8" : " f32"));
      Loaded loaded = must_load(make(c, quantized, {-1, -1, -1}));
      ASSERT_NE(loaded.session, nullptr);
      const rt::Status status = loaded.session->resize_input(0, {0, 10, 13, c.channels});
      ASSERT_TRUE(status.ok()) << status.message();
      EXPECT_EQ(loaded.session->output_shape(0)[0], 0);
      EXPECT_EQ(loaded.session->output_bytes(0), 0u);
      loaded.run();
    }
  }
}

}  // namespace
}  // namespace qrt::test
