// What libqrt's own importer does not read back, or reads as something else: ONNX Runtime alone
// says whether it was exported rightly (tests/export/onnxruntime.sh). Here it only has to be
// written.
#include <cmath>
#include <filesystem>

#include "tests/export/onnx_round_trip.h"
#include "tests/support/npy_file.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;
using fb::BinaryKind;
using fb::ReduceKind;
using fb::UnaryKind;
using graph::Graph;
using rt::DType;
using Dims = std::vector<int32_t>;

template <class T>
std::vector<T> some(size_t count, double step, std::mt19937& random) {
  std::vector<T> numbers(count);
  for (T& n : numbers) n = static_cast<T>((static_cast<int>(random() % 201) - 100) * step);
  return numbers;
}

// A sequence of 5 steps, 3 features, 4 units.
Graph lstm(bool time_major, bool quantized, bool per_row) {
  std::mt19937 random(5);
  Graph g;
  const Dims sequence = time_major ? Dims{5, 2, 3} : Dims{2, 5, 3};
  const Dims results = time_major ? Dims{5, 2, 4} : Dims{2, 5, 4};
  int x, w, r, b, h, cell, y;
  if (quantized) {
    const graph::Quantization in = {{0.02f}, {-5}, -1, 0}, out = {{1.0f / 128}, {0}, -1, 0};
    graph::Quantization weights = {{0.004f}, {}, -1, 0};
    if (per_row) {
      weights = {{}, {}, 0, 0};
      for (int i = 0; i < 16; ++i) weights.scales.push_back(0.001f * static_cast<float>(1 + i % 5));
    }
    x = g.add_tensor("x", DType::S8, sequence, in);
    w = g.add_constant("w", {16, 3}, some<int8_t>(48, 1, random), weights);
    r = g.add_constant("r", {16, 4}, some<int8_t>(64, 1, random), weights);
    b = g.add_constant("b", {16}, some<int32_t>(16, 60, random));
    h = g.add_tensor("h", DType::S8, {2, 4}, out);
    cell = g.add_tensor("c", DType::S16, {2, 4}, {{1.0f / 4096}, {0}, -1, 0});
    y = g.add_tensor("y", DType::S8, results, out);
  } else {
    x = g.add_tensor("x", DType::F32, sequence);
    w = g.add_constant("w", {16, 3}, some<float>(48, 0.01, random));
    r = g.add_constant("r", {16, 4}, some<float>(64, 0.01, random));
    b = g.add_constant("b", {16}, some<float>(16, 0.01, random));
    h = g.add_tensor("h", DType::F32, {2, 4});
    cell = g.add_tensor("c", DType::F32, {2, 4});
    y = g.add_tensor("y", DType::F32, results);
  }
  g.value(h).variable = g.value(cell).variable = true;
  fb::LstmT options;
  options.time_major = time_major;
  g.add_node("lstm", std::move(options), {x, w, r, b, h, cell}, {y});
  g.inputs = {x};
  g.outputs = {y};
  return g;
}

TEST(ExportJudged, Lstm) {
  for (bool time_major : {false, true}) must_export(lstm(time_major, false, false));
}

// In libqrt gates and states have 16 bits, in ONNX they are floats.
TEST(ExportJudged, LstmOfIntegers) {
  for (bool time_major : {false, true}) {
    for (bool per_row : {false, true}) must_export(lstm(time_major, true, per_row), {1, 0.5, 0});
  }
}

// From a constant and an input of this type to one of `out`.
template <class T>
Graph binary(BinaryKind kind, const std::vector<T>& constant, DType out) {
  Graph g;
  const DType type = rt::DTypeOf<T>::value;
  const int x = g.add_tensor("x", type, {3, 4}), y = g.add_tensor("y", out, {3, 4});
  const int k = g.add_constant<T>("k", {4}, constant);
  fb::BinaryT options;
  options.kind = kind;
  g.add_node("binary", std::move(options), {x, k}, {y});
  g.inputs = {x};
  g.outputs = {y};
  return g;
}

TEST(ExportJudged, BinaryOfIntegers) {
  for (BinaryKind kind :
       {BinaryKind::Add, BinaryKind::Sub, BinaryKind::Mul, BinaryKind::Div, BinaryKind::FloorDiv,
        BinaryKind::FloorMod, BinaryKind::Min, BinaryKind::Max, BinaryKind::SquaredDifference}) {
    SCOPED_TRACE(fb::EnumNameBinaryKind(kind));
    must_export(binary<int32_t>(kind, {7, -3, 1000, -70000}, DType::S32));
    must_export(binary<int64_t>(kind, {7, -3, 1000, -70000}, DType::S64));
  }
}

TEST(ExportJudged, Comparisons) {
  for (BinaryKind kind : {BinaryKind::Equal, BinaryKind::NotEqual, BinaryKind::Less,
                          BinaryKind::LessEqual, BinaryKind::Greater, BinaryKind::GreaterEqual}) {
    SCOPED_TRACE(fb::EnumNameBinaryKind(kind));
    must_export(binary<int32_t>(kind, {7, -3, 1 << 30, -70000}, DType::Bool));
    must_export(binary<int64_t>(kind, {7, -3, 1 << 30, -70000}, DType::Bool));
    must_export(binary<float>(kind, {0.5f, -1, 2.25f, 3}, DType::Bool));
  }
}

TEST(ExportJudged, Logic) {
  for (BinaryKind kind : {BinaryKind::And, BinaryKind::Or}) {
    Graph g;
    const int x = g.add_tensor("x", DType::F32, {3, 4});
    const int zero = g.add_constant<float>("zero", {}, {0}),
              one = g.add_constant<float>("one", {}, {1});
    const int above = g.add_tensor("above", DType::Bool, {3, 4});
    const int below = g.add_tensor("below", DType::Bool, {3, 4});
    const int both = g.add_tensor("both", DType::Bool, {3, 4});
    const int neither = g.add_tensor("neither", DType::Bool, {3, 4});
    fb::BinaryT options;
    options.kind = BinaryKind::Greater;
    g.add_node("above", options, {x, zero}, {above});
    options.kind = BinaryKind::Less;
    g.add_node("below", options, {x, one}, {below});
    options.kind = kind;
    g.add_node("both", options, {above, below}, {both});
    fb::UnaryT negation;
    negation.kind = UnaryKind::Not;
    g.add_node("neither", negation, {both}, {neither});
    g.inputs = {x};
    g.outputs = {both, neither};
    must_export(g);
  }
}

TEST(ExportJudged, PowerOfFloats) {
  must_export(binary<float>(BinaryKind::Pow, {2, 3, -1, 0}, DType::F32));
}

template <class Options>
Graph one_node(Options options, DType from, const Dims& in, DType to, const Dims& out,
               const std::vector<int>& more = {}, Graph g = {}) {
  const int x = g.add_tensor("x", from, in), y = g.add_tensor("y", to, out);
  std::vector<int> inputs = {x};
  inputs.insert(inputs.end(), more.begin(), more.end());
  g.add_node("node", std::move(options), std::move(inputs), {y});
  g.inputs = {x};
  g.outputs = {y};
  return g;
}

TEST(ExportJudged, UnaryOfIntegers) {
  for (UnaryKind kind : {UnaryKind::Neg, UnaryKind::Abs, UnaryKind::Sign, UnaryKind::Square}) {
    for (DType type : {DType::S32, DType::S64}) {
      SCOPED_TRACE(fb::EnumNameUnaryKind(kind));
      fb::UnaryT options;
      options.kind = kind;
      must_export(one_node(std::move(options), type, {3, 4}, type, {3, 4}));
    }
  }
}

TEST(ExportJudged, ReductionsOfOtherElements) {
  for (ReduceKind kind :
       {ReduceKind::Sum, ReduceKind::Max, ReduceKind::Min, ReduceKind::Prod, ReduceKind::Mean}) {
    for (DType type : {DType::S32, DType::S64, DType::F32}) {
      for (bool keep : {false, true}) {
        SCOPED_TRACE(fb::EnumNameReduceKind(kind));
        fb::ReduceT options;
        options.kind = kind;
        options.axes = {1};
        options.keep_dims = keep;
        must_export(
            one_node(std::move(options), type, {3, 4, 2}, type, keep ? Dims{3, 1, 2} : Dims{3, 2}));
      }
    }
  }
}

TEST(ExportJudged, TheSmallestAndTheLargest) {
  for (bool smallest : {false, true}) {
    for (DType type : {DType::F32, DType::S8, DType::U8, DType::S32}) {
      fb::ArgReduceT options;
      options.axis = 1;
      options.min = smallest;
      options.keep_dims = smallest;
      Graph g = one_node(options, type, {3, 7}, DType::S64, smallest ? Dims{3, 1} : Dims{3});
      if (type == DType::S8 || type == DType::U8) {
        g.value(g.inputs[0]).quantization = {{0.5f}, {2}, -1, 0};
      }
      must_export(g);
    }
  }
}

const DType kMoved[] = {DType::F32, DType::S32, DType::S64, DType::Bool};

TEST(ExportJudged, MovingOtherElements) {
  for (DType type : kMoved) {
    SCOPED_TRACE(rt::dtype_name(type));
    fb::TransposeT transpose;
    transpose.perm = {2, 0, 1};
    must_export(one_node(transpose, type, {2, 3, 4}, type, {4, 2, 3}));
    fb::SliceT slice;
    slice.begins = {0, 2, -1};
    slice.ends = {2, 0, 0};
    slice.strides = {1, -1, -2};
    must_export(one_node(slice, type, {2, 3, 4}, type, {2, 2, 2}));
    fb::TileT tile;
    tile.multiples = {2, 1, 3};
    must_export(one_node(tile, type, {2, 3, 4}, type, {4, 3, 12}));
    fb::BroadcastToT to;
    to.shape = {2, 3, 4};
    must_export(one_node(to, type, {3, 1}, type, {2, 3, 4}));
    fb::ReshapeT reshape;
    reshape.shape = {4, -1};
    must_export(one_node(reshape, type, {2, 3, 4}, type, {4, 6}));
    Graph g;
    const int indices = g.add_constant<int32_t>("i", {3}, {2, 0, 2});
    fb::GatherT gather;
    gather.axis = 1;
    must_export(one_node(gather, type, {2, 3, 4}, type, {2, 3, 4}, {indices}, std::move(g)));
    Graph pairs;
    const int at = pairs.add_constant<int32_t>("i", {2, 2}, {0, 2, 1, 1});
    must_export(one_node(fb::GatherNdT(), type, {2, 3, 4}, type, {2, 4}, {at}, std::move(pairs)));
    fb::PadT pad;
    pad.before = {0, 1, 0};
    pad.after = {1, 0, 2};
    if (type == DType::F32) pad.value = -1.5f;
    must_export(one_node(pad, type, {2, 3, 4}, type, {3, 4, 6}));
  }
}

TEST(ExportJudged, GatheringAndScattering) {
  for (DType type : kMoved) {
    SCOPED_TRACE(rt::dtype_name(type));
    const auto with = [&](auto options, const std::vector<int32_t>& indices, const Dims& shape,
                          const Dims& updates, const Dims& out) {
      Graph g;
      std::vector<int> more = {g.add_constant<int32_t>("i", shape, indices)};
      if (!updates.empty()) {
        size_t bytes = rt::dtype_bytes(type);
        for (int32_t dim : updates) bytes *= static_cast<size_t>(dim);
        more.push_back(g.add_constant_bytes("u", type, updates, graph::Bytes(bytes, 1), {}));
      }
      must_export(one_node(options, type, {2, 3, 4}, type, out, more, std::move(g)));
    };
    fb::GatherElementsT gather;
    gather.axis = 1;
    with(gather, {2, 0, 1, 1}, {1, 2, 2}, {}, {1, 2, 2});
    fb::ScatterElementsT elements;
    elements.axis = -2;
    with(elements, {2, 0, 1, 1}, {1, 2, 2}, {1, 2, 2}, {2, 3, 4});
    with(fb::ScatterNdT(), {1, 0, 0, 2}, {2, 2}, {2, 4}, {2, 3, 4});
    fb::DynamicSliceT slice;
    slice.sizes = {1, 2, -1};
    with(slice, {-5, 2, 1}, {3}, {}, {1, 2, 4});
  }
  for (DType type : {DType::F32, DType::S32, DType::S64}) {
    SCOPED_TRACE(rt::dtype_name(type));
    fb::CumSumT sum;
    sum.axis = -1;
    for (bool reverse : {false, true}) {
      sum.reverse = reverse;
      sum.exclusive = !reverse;
      must_export(one_node(sum, type, {2, 3, 4}, type, {2, 3, 4}));
    }
    for (bool smallest : {false, true}) {
      fb::TopKT top;
      top.k = 2;
      top.axis = 1;
      top.smallest = smallest;
      Graph g = one_node(top, type, {2, 3, 4}, type, {2, 2, 4});
      for (DType index : {DType::S32, DType::S64}) {
        Graph both = g;
        both.outputs.push_back(both.add_tensor("where", index, {2, 2, 4}));
        both.nodes.back().outputs.push_back(both.outputs.back());
        must_export(both);
      }
    }
  }
}

TEST(ExportJudged, DepthAndSpace) {
  for (fb::DepthOrder order : {fb::DepthOrder::DepthFirst, fb::DepthOrder::ColumnFirst}) {
    fb::DepthToSpaceT options;
    options.block = 2;
    options.order = order;
    must_export(one_node(options, DType::F32, {1, 2, 3, 8}, DType::F32, {1, 4, 6, 2}));
  }
}

TEST(ExportJudged, Casts) {
  const DType types[] = {DType::F32, DType::S32, DType::S64, DType::Bool};
  for (DType from : types) {
    for (DType to : types) {
      if (from == to) continue;
      SCOPED_TRACE(std::string(rt::dtype_name(from)) + " to " + rt::dtype_name(to));
      must_export(one_node(fb::CastT(), from, {3, 4}, to, {3, 4}));
    }
  }
}

TEST(ExportJudged, ChoosingOtherElements) {
  for (DType type : {DType::F32, DType::S32, DType::S64}) {
    Graph g;
    const int x = g.add_tensor("x", type, {3, 4});
    const int condition = g.add_constant<float>("numbers", {3, 1}, {1, -1, 2});
    const int zero = g.add_constant<float>("zero", {}, {0});
    const int other = g.add_tensor("other", type, {4});
    const int chosen = g.add_tensor("chosen", DType::Bool, {3, 1});
    const int y = g.add_tensor("y", type, {3, 4});
    fb::BinaryT greater;
    greater.kind = BinaryKind::Greater;
    g.add_node("greater", std::move(greater), {condition, zero}, {chosen});
    g.add_node("select", fb::SelectT(), {chosen, x, other}, {y});
    g.inputs = {x, other};
    g.outputs = {y};
    must_export(g);
  }
}

// Weights of integers for inputs of floats: libqrt quantizes the inputs, ONNX computes in float.
TEST(ExportJudged, DynamicQuantization) {
  std::mt19937 random(9);
  Graph g;
  const graph::Quantization scales = {{0.01f, 0.02f, 0.03f}, {}, 0, 0};
  const int w = g.add_constant("w", {3, 8}, some<int8_t>(24, 1, random), scales);
  must_export(
      one_node(fb::FullyConnectedT(), DType::F32, {4, 8}, DType::F32, {4, 3}, {w}, std::move(g)),
      {1, 1, 0.02});
}

// Batch, height and width are open, as far as an operator lets them be.
TEST(ExportJudged, OpenFeatureMaps) {
  std::mt19937 random(9);
  const Dims open = {-1, -1, -1, 4};
  for (fb::Padding padding : {fb::Padding::Same, fb::Padding::SameLower, fb::Padding::Explicit}) {
    fb::Conv2DT conv;
    conv.window = std::make_unique<fb::Window2DT>();
    conv.window->stride_h = 2;
    conv.window->padding = padding;
    const bool padded = padding == fb::Padding::Explicit;
    conv.window->pad_top = conv.window->pad_bottom = padded ? 2 : 0;
    conv.window->pad_left = conv.window->pad_right = padded ? 1 : 0;
    Graph g;
    const int w = g.add_constant("w", {4, 3, 3, 4}, some<float>(144, 0.01, random));
    must_export(one_node(std::move(conv), DType::F32, open, DType::F32, open, {w}, std::move(g)));
    for (fb::PoolKind kind : {fb::PoolKind::Max, fb::PoolKind::Average}) {
      fb::Pool2DT pool;
      pool.kind = kind;
      pool.kernel_h = 3;
      pool.kernel_w = 2;
      pool.window = std::make_unique<fb::Window2DT>();
      pool.window->stride_w = 2;
      pool.window->padding = padding;
      pool.window->pad_top = padded ? 2 : 0;
      pool.window->pad_left = padded ? 1 : 0;
      must_export(one_node(std::move(pool), DType::F32, open, DType::F32, open));
    }
  }
  fb::TransposedConv2DT larger;
  larger.window = std::make_unique<fb::Window2DT>();
  larger.window->stride_h = larger.window->stride_w = 2;
  Graph g;
  const int w = g.add_constant("w", {4, 3, 2, 4}, some<float>(96, 0.01, random));
  must_export(one_node(std::move(larger), DType::F32, open, DType::F32, open, {w}, std::move(g)));
  fb::ReduceT mean;
  mean.kind = ReduceKind::Mean;
  mean.axes = {1, 2};
  must_export(one_node(std::move(mean), DType::F32, open, DType::F32, {-1, 4}));
  fb::ConcatT concat;
  concat.axis = 1;
  Graph twice = one_node(concat, DType::F32, open, DType::F32, open);
  twice.nodes[0].inputs.push_back(twice.inputs[0]);
  must_export(twice);
  fb::PadT pad;
  pad.before = {0, 1, 2, 0};
  pad.after = {0, 0, 1, 0};
  must_export(one_node(pad, DType::F32, open, DType::F32, open));
  fb::ResizeT resize;
  resize.mode = fb::ResizeMode::Bilinear;
  resize.coordinates = fb::ResizeCoordinates::HalfPixel;
  resize.out_h = 6;
  resize.out_w = 5;
  must_export(one_node(resize, DType::F32, {-1, 4, 7, 4}, DType::F32, {-1, 6, 5, 4}));
  resize.out_h = resize.out_w = 0;
  resize.scale_h = resize.scale_w = 2;
  must_export(one_node(resize, DType::F32, open, DType::F32, open));
}

TEST(ExportJudged, OpenBatch) {
  std::mt19937 random(9);
  Graph g;
  const int w = g.add_constant("w", {5, 6}, some<float>(30, 0.01, random));
  must_export(
      one_node(fb::FullyConnectedT(), DType::F32, {-1, 6}, DType::F32, {-1, 5}, {w}, std::move(g)));
  must_export(one_node(fb::SoftmaxT(), DType::F32, {-1, 6}, DType::F32, {-1, 6}));
  fb::ReshapeT flat;
  flat.shape = {-1, 12};
  must_export(one_node(flat, DType::F32, {-1, 3, 4}, DType::F32, {-1, 12}));
  fb::SliceT slice;
  slice.begins = {0, 1};
  slice.ends = {0, 5};
  slice.strides = {1, 2};
  slice.end_mask = 1;
  must_export(one_node(slice, DType::F32, {-1, 6}, DType::F32, {-1, 2}));
  fb::TileT tile;
  tile.multiples = {2, 3};
  must_export(one_node(tile, DType::F32, {-1, 6}, DType::F32, {-1, 18}));
  fb::TransposeT transpose;
  transpose.perm = {1, 0};
  must_export(one_node(transpose, DType::F32, {-1, 6}, DType::F32, {6, -1}));
  fb::SplitT split;
  split.axis = 1;
  split.sizes = {2, 4};
  Graph parts = one_node(split, DType::F32, {-1, 6}, DType::F32, {-1, 2});
  parts.nodes[0].outputs.push_back(parts.add_tensor("rest", DType::F32, {-1, 4}));
  parts.outputs.push_back(parts.nodes[0].outputs[1]);
  must_export(parts);
}

class JudgedModels : public testing::TestWithParam<const char*> {};

// Both are computed in another way than libqrt's: see onnx_models_test.cc.
TEST_P(JudgedModels, Exported) {
  const std::string name = GetParam();
  const fs::path models = kTestModels, path = models / "tflite" / (name + ".tflite");
  if (!fs::exists(path)) {
    GTEST_SKIP() << "no models at " << kTestModels << " (set QRT_TEST_MODELS)";
  }
  auto graph = import::import_file(path.string());
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  must_export(*graph, {4, 1, 0.02},
              {read_npy(models / "golden" / (name + ".random0.in0.npy")).data});
}

INSTANTIATE_TEST_SUITE_P(Export, JudgedModels,
                         testing::Values("keras_lstm_mnist_ptq", "kws_ref_model_float32"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace qrt::test
