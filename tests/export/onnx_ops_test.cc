// Every operator that ONNX has, exported and imported again: the same bytes for random inputs. What
// several ONNX operators make up is in onnx_composed_test.cc.
#include <algorithm>
#include <cmath>

#include "tests/export/onnx_round_trip.h"

namespace qrt::test {
namespace {

using graph::Graph;
using rt::DType;
using Dims = std::vector<int32_t>;

const graph::Quantization kIn = {{0.05f}, {-7}, -1, 0}, kOut = {{0.081f}, {11}, -1, 0};

size_t elements_of(const Dims& dims) {
  size_t count = 1;
  for (int32_t dim : dims) count *= static_cast<size_t>(dim);
  return count;
}

// A chain of nodes from one input, s8 or f32.
class Chain {
 public:
  Chain(DType type, const Dims& dims) {
    last_ = graph_.add_tensor("in", type, dims, type == DType::S8 ? kIn : graph::Quantization{});
    graph_.inputs = {last_};
  }

  template <class Options>
  Chain& then(Options options, const Dims& dims, const graph::Quantization& q,
              const std::vector<int>& more = {}) {
    return typed(std::move(options), graph_.value(last_).type, dims,
                 graph_.value(last_).type == DType::S8 ? q : graph::Quantization{}, more);
  }
  template <class Options>
  Chain& typed(Options options, DType type, const Dims& dims, const graph::Quantization& q,
               const std::vector<int>& more = {}) {
    std::vector<int> inputs = {last_};
    inputs.insert(inputs.end(), more.begin(), more.end());
    const std::string name = "v" + std::to_string(graph_.values.size());
    last_ = graph_.add_tensor(name, type, dims, q);
    graph_.add_node(name, std::move(options), std::move(inputs), {last_});
    return *this;
  }
  // A feature map that lies as NCHW in the exported model.
  Chain& convolved() {
    const Dims dims = graph_.value(last_).shape;
    fb::Conv2DT conv;
    conv.window = std::make_unique<fb::Window2DT>();
    conv.window->padding = fb::Padding::Same;
    return then(std::move(conv), dims, kIn, {weights({dims[3], 3, 3, dims[3]})});
  }

  int weights(const Dims& dims, graph::Quantization q = {{0.02f}, {}, -1, 0}) {
    if (graph_.value(last_).type == DType::F32) {
      std::vector<float> floats(elements_of(dims));
      for (float& f : floats) f = static_cast<float>(random_() % 64) / 32.0f - 1.0f;
      return graph_.add_constant("w", dims, floats);
    }
    std::vector<int8_t> bytes(elements_of(dims));
    for (int8_t& byte : bytes) byte = static_cast<int8_t>(random_());
    return graph_.add_constant("w", dims, bytes, std::move(q));
  }
  int bias(int32_t count) {
    if (graph_.value(last_).type == DType::F32) return weights({count});
    std::vector<int32_t> numbers(static_cast<size_t>(count));
    for (int32_t& n : numbers) n = static_cast<int32_t>(random_() % 20000) - 10000;
    return graph_.add_constant("b", {count}, numbers);
  }
  int last() const { return last_; }
  Graph& graph() { return graph_; }
  Graph finish() {
    graph_.outputs = {last_};
    return std::move(graph_);
  }

 private:
  Graph graph_;
  int last_ = -1;
  std::mt19937 random_{3};
};

fb::Conv2DT convolution(int32_t stride, fb::Padding padding, int32_t groups = 1) {
  fb::Conv2DT conv;
  conv.window = std::make_unique<fb::Window2DT>();
  conv.window->stride_h = conv.window->stride_w = stride;
  conv.window->padding = padding;
  conv.groups = groups;
  return conv;
}

class ExportOps : public testing::TestWithParam<DType> {
 protected:
  Chain chain(const Dims& dims) const { return {GetParam(), dims}; }
};

INSTANTIATE_TEST_SUITE_P(Export, ExportOps, testing::Values(DType::S8, DType::F32),
                         [](const auto& test) { return rt::dtype_name(test.param); });

TEST_P(ExportOps, Convolutions) {
  for (fb::Padding padding : {fb::Padding::Same, fb::Padding::SameLower, fb::Padding::Explicit}) {
    Chain c = chain({2, 8, 6, 4});
    const bool same = padding != fb::Padding::Explicit;
    const Dims halved = same ? Dims{2, 4, 3, 6} : Dims{2, 3, 2, 6};
    c.then(convolution(2, padding), halved, kOut, {c.weights({6, 3, 3, 4}), c.bias(6)});
    c.then(convolution(1, fb::Padding::Explicit, 2), {halved[0], halved[1], halved[2], 8}, kIn,
           {c.weights({8, 1, 1, 3})});
    expect_round_trip(c.finish());
  }
}

TEST_P(ExportOps, DepthwiseAndDilated) {
  Chain c = chain({1, 9, 9, 3});
  fb::Conv2DT dilated = convolution(1, fb::Padding::Explicit, 3);
  dilated.window->dilation_h = 2;
  dilated.window->pad_top = 2;
  dilated.window->pad_left = 1;
  c.then(std::move(dilated), {1, 7, 8, 6}, kOut, {c.weights({6, 3, 3, 1}), c.bias(6)});
  expect_round_trip(c.finish());
}

TEST_P(ExportOps, ScalesAnOutputAndZeroPointsOfWeights) {
  Chain c = chain({1, 5, 5, 2});
  const graph::Quantization per_output = {{0.01f, 0.02f, 0.04f}, {}, 0, 0};
  c.then(convolution(1, fb::Padding::Same), {1, 5, 5, 3}, kOut,
         {c.weights({3, 3, 3, 2}, per_output), c.bias(3)});
  c.then(convolution(1, fb::Padding::Same), {1, 5, 5, 3}, kIn,
         {c.weights({3, 3, 3, 3}, {{0.01f}, {-101}, -1, 0})});
  expect_round_trip(c.finish());
}

TEST_P(ExportOps, FusedClamps) {
  for (const auto& [low, high] : {std::pair{0.0f, INFINITY}, {0.0f, 6.0f}, {-1.0f, 1.0f}}) {
    Chain c = chain({1, 4, 4, 2});
    fb::Conv2DT conv = convolution(1, fb::Padding::Same);
    conv.clamp = graph::make_clamp(low, high);
    c.then(std::move(conv), {1, 4, 4, 3}, kOut, {c.weights({3, 3, 3, 2})});
    fb::BinaryT twice;
    twice.clamp = graph::make_clamp(low, high);
    c.then(std::move(twice), {1, 4, 4, 3}, kIn, {c.last()});
    expect_round_trip(c.finish());
  }
}

TEST_P(ExportOps, FullyConnectedOfAnyRank) {
  for (const Dims& dims : {Dims{3, 8}, Dims{2, 3, 8}, Dims{8}}) {
    Chain c = chain(dims);
    Dims out = dims;
    out.back() = 5;
    fb::FullyConnectedT options;
    options.clamp = graph::make_clamp(0, INFINITY);
    c.then(std::move(options), out, kOut, {c.weights({5, 8}), c.bias(5)});
    expect_round_trip(c.finish());
  }
}

TEST_P(ExportOps, MatrixProducts) {
  Chain c = chain({2, 3, 4});
  fb::MatMulT options;
  options.transpose_b = true;
  const int a = c.last();
  c.then(options, {2, 3, 3}, kOut, {a});
  expect_round_trip(c.finish());
}

TEST_P(ExportOps, FeatureMapsFlattened) {
  Chain c = chain({1, 3, 4, 2});
  c.convolved();
  fb::ReshapeT flat;
  flat.shape = {1, -1};
  c.then(flat, {1, 24}, kIn);
  c.then(fb::FullyConnectedT(), {1, 3}, kOut, {c.weights({3, 24})});
  expect_round_trip(c.finish());
}

TEST_P(ExportOps, Pools) {
  for (fb::PoolKind kind : {fb::PoolKind::Max, fb::PoolKind::Average}) {
    for (bool count_padding : {false, true}) {
      Chain c = chain({1, 7, 6, 3});
      fb::Pool2DT pool;
      pool.kind = kind;
      pool.kernel_h = 3;
      pool.kernel_w = 2;
      pool.count_include_pad = count_padding && kind == fb::PoolKind::Average;
      pool.window = std::make_unique<fb::Window2DT>();
      pool.window->stride_h = 2;
      pool.window->padding = fb::Padding::Same;
      c.then(std::move(pool), {1, 4, 6, 3}, kIn);
      expect_round_trip(c.finish());
    }
  }
}

TEST_P(ExportOps, BinaryWithBroadcasting) {
  using fb::BinaryKind;
  for (BinaryKind kind : {BinaryKind::Add, BinaryKind::Sub, BinaryKind::Mul, BinaryKind::Min,
                          BinaryKind::Max, BinaryKind::Div}) {
    for (const Dims& dims : {Dims{1, 1, 1, 3}, Dims{3}, Dims{4, 1}, Dims{1}, Dims{2, 3, 4, 3}}) {
      SCOPED_TRACE(fb::EnumNameBinaryKind(kind));
      Chain c = chain({2, 3, 4, 3});
      c.convolved();
      fb::BinaryT options;
      options.kind = kind;
      c.then(std::move(options), {2, 3, 4, 3}, kOut, {c.weights(dims, {{0.02f}, {3}, -1, 0})});
      // Fused, a constant for each channel would move into the weights.
      expect_round_trip(c.finish(), 1, {}, {}, {false});
    }
  }
}

TEST_P(ExportOps, Unary) {
  using fb::UnaryKind;
  for (UnaryKind kind :
       {UnaryKind::Logistic,  UnaryKind::Tanh,        UnaryKind::Sqrt,      UnaryKind::Exp,
        UnaryKind::Log,       UnaryKind::Neg,         UnaryKind::Abs,       UnaryKind::Floor,
        UnaryKind::Ceil,      UnaryKind::Round,       UnaryKind::Sin,       UnaryKind::Cos,
        UnaryKind::HardSwish, UnaryKind::Elu,         UnaryKind::LeakyRelu, UnaryKind::Erf,
        UnaryKind::Sign,      UnaryKind::HardSigmoid, UnaryKind::Softplus,  UnaryKind::Reciprocal,
        UnaryKind::Clip}) {
    SCOPED_TRACE(fb::EnumNameUnaryKind(kind));
    Chain c = chain({1, 4, 4, 2});
    c.convolved();
    // What is no number has no code in ONNX.
    if (kind == UnaryKind::Sqrt || kind == UnaryKind::Log) {
      fb::UnaryT sizes;
      sizes.kind = UnaryKind::Abs;
      c.then(std::move(sizes), {1, 4, 4, 2}, kIn);
    }
    fb::UnaryT options;
    options.kind = kind;
    options.alpha = 0.3f;
    options.beta = 0.4f;
    if (kind == UnaryKind::Clip) options.clamp = graph::make_clamp(-0.5f, 1.5f);
    c.then(std::move(options), {1, 4, 4, 2}, kOut);
    expect_round_trip(c.finish(), 1);
  }
}

TEST_P(ExportOps, Reductions) {
  using fb::ReduceKind;
  for (ReduceKind kind : {ReduceKind::Mean, ReduceKind::Sum, ReduceKind::Max, ReduceKind::Min}) {
    for (bool keep : {false, true}) {
      for (const Dims& axes : {Dims{1, 2}, Dims{-1}, Dims{1}, Dims{0, 3}}) {
        SCOPED_TRACE(std::string(fb::EnumNameReduceKind(kind)) + testing::PrintToString(axes));
        Chain c = chain({2, 3, 4, 3});
        c.convolved();
        fb::ReduceT options;
        options.kind = kind;
        options.axes = axes;
        options.keep_dims = keep;
        Dims dims = {2, 3, 4, 3};
        for (int32_t axis : axes) dims[static_cast<size_t>(axis < 0 ? axis + 4 : axis)] = 1;
        if (!keep) {
          Dims left;
          for (size_t i = 0; i < 4; ++i) {
            const auto is = [&](int32_t axis) { return static_cast<size_t>((axis + 4) % 4) == i; };
            if (std::none_of(axes.begin(), axes.end(), is)) left.push_back(dims[i]);
          }
          dims = left;
        }
        const bool selects = kind == ReduceKind::Max || kind == ReduceKind::Min;
        c.then(std::move(options), dims, selects ? kIn : kOut);
        expect_round_trip(c.finish(), 1);
      }
    }
  }
}

TEST_P(ExportOps, SoftmaxAndTheBestClass) {
  const auto softmax = [&] {
    Chain c = chain({1, 3, 4, 5});
    c.convolved();
    c.then(fb::SoftmaxT(), {1, 3, 4, 5}, {{1.0f / 256}, {-128}, -1, 0});
    return c;
  };
  expect_round_trip(softmax().finish());
  for (DType type : {DType::S32, DType::S64}) {
    Chain c = softmax();
    fb::ArgReduceT options;
    options.axis = -1;
    c.typed(options, type, {1, 3, 4}, {});
    expect_round_trip(c.finish());
  }
}

TEST_P(ExportOps, Resizing) {
  for (fb::ResizeMode mode : {fb::ResizeMode::Bilinear, fb::ResizeMode::Nearest}) {
    for (int how = 0; how < 3; ++how) {
      Chain c = chain({1, 4, 5, 2});
      c.convolved();
      fb::ResizeT options;
      options.mode = mode;
      options.out_h = 8;
      options.out_w = 10;
      options.align_corners = how == 1 && mode == fb::ResizeMode::Bilinear;
      options.half_pixel_centers = how == 2;
      c.then(options, {1, 8, 10, 2}, kIn);
      expect_round_trip(c.finish(), 1);
    }
  }
  // ONNX's own ways, with sizes and with scales that are not their quotients.
  using Coordinates = fb::ResizeCoordinates;
  for (Coordinates coordinates : {Coordinates::Asymmetric, Coordinates::HalfPixel,
                                  Coordinates::PytorchHalfPixel, Coordinates::AlignCorners}) {
    for (int rounding = 0; rounding <= 4; ++rounding) {
      for (bool scales : {false, true}) {
        Chain c = chain({1, 4, 5, 2});
        c.convolved();
        fb::ResizeT options;
        options.coordinates = coordinates;
        options.mode = rounding < 4 ? fb::ResizeMode::Nearest : fb::ResizeMode::Bilinear;
        if (rounding < 4) options.rounding = static_cast<fb::ResizeRounding>(rounding);
        options.out_h = 7;
        options.out_w = 3;
        if (scales) {
          options.scale_h = 1.9f;
          options.scale_w = 0.7f;
        }
        c.then(options, {1, 7, 3, 2}, kIn);
        expect_round_trip(c.finish(), 1);
      }
    }
  }
}

TEST_P(ExportOps, MovingElements) {
  Chain c = chain({1, 4, 4, 2});
  c.convolved();
  fb::PadT pad;
  pad.before = {0, 1, 0, 0};
  pad.after = {0, 1, 2, 0};
  c.then(pad, {1, 6, 6, 2}, kIn);
  pad.mode = fb::PadMode::Reflect;
  c.then(pad, {1, 8, 8, 2}, kIn);
  fb::SpaceToDepthT to_depth;
  to_depth.block = 2;
  c.then(to_depth, {1, 4, 4, 8}, kIn);
  fb::DepthToSpaceT to_space;
  to_space.block = 2;
  c.then(to_space, {1, 8, 8, 2}, kIn);
  fb::TransposeT transpose;
  transpose.perm = {0, 3, 1, 2};
  c.then(transpose, {1, 2, 8, 8}, kIn);
  fb::SliceT slice;
  slice.begins = {0, 1, 7, -4};
  slice.ends = {1, 0, 0, 100};
  slice.strides = {1, -1, -2, 1};
  slice.end_mask = 4;
  slice.shrink_mask = 3;
  c.then(slice, {4, 4}, kIn);
  fb::TileT tile;
  tile.multiples = {1, 2};
  c.then(tile, {4, 8}, kIn);
  fb::BroadcastToT to;
  to.shape = {3, 4, 8};
  c.then(to, {3, 4, 8}, kIn);
  fb::ConcatT concat;
  concat.axis = -1;
  c.then(concat, {3, 4, 16}, kIn, {c.last()});
  expect_round_trip(c.finish());
}

TEST_P(ExportOps, Parts) {
  Chain c = chain({1, 2, 2, 8});
  c.convolved();
  fb::SplitT split;
  split.axis = -1;
  split.sizes = {3, 5};
  c.then(split, {1, 2, 2, 3}, kIn);
  const graph::Value& first = c.graph().value(c.last());
  const int rest = c.graph().add_tensor("rest", first.type, {1, 2, 2, 5}, first.quantization);
  c.graph().nodes.back().outputs.push_back(rest);
  fb::ConcatT concat;
  concat.axis = 3;
  c.then(concat, {1, 2, 2, 8}, kIn, {rest});
  expect_round_trip(c.finish());
}

TEST_P(ExportOps, Picking) {
  Chain c = chain({1, 3, 2, 4});
  c.convolved();
  fb::GatherT gather;
  gather.axis = 3;
  c.then(gather, {1, 3, 2, 3}, kIn, {c.graph().add_constant<int32_t>("i", {3}, {2, 0, 3})});
  const int tuples = c.graph().add_constant<int32_t>("t", {2, 3}, {0, 2, 1, 0, 1, 0});
  c.then(fb::GatherNdT(), {2, 3}, kIn, {tuples});
  expect_round_trip(c.finish());
}

TEST_P(ExportOps, PickingElements) {
  Chain c = chain({1, 3, 2, 4});
  c.convolved();
  fb::GatherElementsT gather;
  gather.axis = -1;
  const int at =
      c.graph().add_constant<int32_t>("i", {1, 3, 2, 2}, {3, 0, 2, 1, 0, 0, 1, 2, 3, 3, 0, 1});
  c.then(gather, {1, 3, 2, 2}, kIn, {at});
  const int parts = c.last();
  fb::ScatterElementsT scatter;
  scatter.axis = 2;
  const int rows = c.graph().add_constant<int32_t>("r", {1, 3, 1, 2}, {1, 0, 0, 1, 1, 1});
  c.then(scatter, {1, 3, 2, 2}, kIn, {rows, c.weights({1, 3, 1, 2}, kIn)});
  const int tuples = c.graph().add_constant<int32_t>("t", {1, 2}, {0, 2});
  c.then(fb::ScatterNdT(), {1, 3, 2, 2}, kIn, {tuples, c.weights({1, 2, 2}, kIn)});
  fb::TopKT top;
  top.axis = 1;
  top.k = 2;
  c.then(top, {1, 2, 2, 2}, kIn);
  c.graph().nodes.back().outputs.push_back(c.graph().add_tensor("where", DType::S32, {1, 2, 2, 2}));
  const int where = c.graph().nodes.back().outputs[1];
  Graph g = c.finish();
  g.outputs.push_back(parts);
  g.outputs.push_back(where);
  expect_round_trip(g);
}

TEST_P(ExportOps, Choosing) {
  Chain c = chain({1, 2, 2, 3});
  c.convolved();
  const int x = c.last();
  const int other = c.weights({1, 1, 1, 3}, kIn);
  fb::BinaryT greater;
  greater.kind = fb::BinaryKind::Greater;
  c.typed(std::move(greater), DType::Bool, {1, 2, 2, 3}, {}, {other});
  const graph::Quantization q = GetParam() == DType::S8 ? kIn : graph::Quantization{};
  c.typed(fb::SelectT(), GetParam(), {1, 2, 2, 3}, q, {x, other});
  expect_round_trip(c.finish());
}

TEST(ExportPlainOps, ChangesOfType) {
  Chain c(DType::F32, {2, 5});
  c.typed(fb::QuantizeT(), DType::S8, {2, 5}, kIn);
  c.typed(fb::QuantizeT(), DType::U8, {2, 5}, kOut);
  c.typed(fb::QuantizeT(), DType::S8, {2, 5}, kIn);
  const int codes = c.last();
  c.typed(fb::DequantizeT(), DType::F32, {2, 5}, {});
  Graph g = c.finish();
  g.outputs.push_back(codes);
  expect_round_trip(g);
}

TEST(ExportPlainOps, Integers) {
  using fb::BinaryKind;
  for (BinaryKind kind : {BinaryKind::Add, BinaryKind::Mul, BinaryKind::FloorMod, BinaryKind::Equal,
                          BinaryKind::Less}) {
    SCOPED_TRACE(fb::EnumNameBinaryKind(kind));
    Chain c(DType::S32, {2, 6});
    const int other = c.graph().add_constant<int32_t>("k", {6}, {1, -2, 3, -40000, 5, 7});
    fb::BinaryT options;
    options.kind = kind;
    const bool compares = kind == BinaryKind::Equal || kind == BinaryKind::Less;
    c.typed(std::move(options), compares ? DType::Bool : DType::S32, {2, 6}, {}, {other});
    expect_round_trip(c.finish());
  }
}

TEST(ExportOps, TransposedConv2D) {
  for (DType type : {DType::S8, DType::F32}) {
    for (int32_t more : {0, 1}) {
      Chain chain(type, {1, 5, 6, 4});
      fb::TransposedConv2DT conv;
      conv.window = std::make_unique<fb::Window2DT>();
      conv.window->stride_h = 2;
      conv.window->stride_w = 3;
      conv.window->dilation_w = 2;
      conv.window->pad_top = 1;
      conv.window->pad_right = 2;
      conv.output_padding_h = more;
      const int w = chain.weights({7, 3, 2, 4});
      const int b = chain.bias(7);
      chain.convolved().then(std::move(conv), {1, 10 + more, 16, 7}, kOut, {w, b});
      expect_round_trip(chain.finish());
    }
  }
}

}  // namespace
}  // namespace qrt::test
