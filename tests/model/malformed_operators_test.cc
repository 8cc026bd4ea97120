// Attributes and shapes of operators that compute, each broken in one place. The operators that
// move elements have their refusals beside their own tests, in tests/ops.
#include <cmath>
#include <limits>

#include "tests/model/one_node.h"

namespace qrt::test {
namespace {

using fb::DType;
using rt::Code;

constexpr int32_t kMax = INT32_MAX, kMin = INT32_MIN;

template <class Options>
std::vector<Break<Options>> broken_windows() {
  using O = Options;
  const char* positive = "all must be positive";
  return {
      {"stride 0", [](auto&, O& o) { o.window->stride_h = 0; }, positive},
      {"stride -1", [](auto&, O& o) { o.window->stride_w = -1; }, positive},
      {"stride min", [](auto&, O& o) { o.window->stride_w = kMin; }, positive},
      {"dilation 0", [](auto&, O& o) { o.window->dilation_h = 0; }, positive},
      {"dilation -2", [](auto&, O& o) { o.window->dilation_w = -2; }, positive},
      {"dilation max", [](auto&, O& o) { o.window->dilation_w = kMax; }, "does not fit its input"},
      {"negative padding", [](auto&, O& o) { o.window->pad_left = -1; }, "a negative padding"},
      {"most negative padding", [](auto&, O& o) { o.window->pad_top = kMin; },
       "a negative padding"},
      {"huge padding",
       [](auto&, O& o) {
         o.window->pad_top = kMax;
         o.window->pad_bottom = kMax;
       },
       "does not fit its input"},
      {"unknown padding", [](auto&, O& o) { o.window->padding = static_cast<fb::Padding>(3); },
       "unknown kind of padding, 3"},
      {"input too small",
       [](ModelFile& f, O&) {
         f.tensor(0).shape = {1, 2, 6, 4};
       },
       "does not fit its input"},
      {"input of another rank",
       [](ModelFile& f, O&) {
         f.tensor(0).shape = {6, 6, 4};
       },
       "takes an input [N,H,W,C]"},
      {"clamp upside down",
       [](auto&, O& o) {
         o.clamp = std::make_unique<fb::ClampT>();
         o.clamp->min = 1;
         o.clamp->max = -1;
       },
       "clamps to [1, -1]"},
      {"clamp to nothing known",
       [](auto&, O& o) {
         o.clamp = std::make_unique<fb::ClampT>();
         o.clamp->min = std::nanf("");
       },
       "clamps to [nan"},
  };
}

TEST(MalformedOperator, Conv2D) {
  using O = fb::Conv2DT;
  O options;
  options.window = std::make_unique<fb::Window2DT>();
  options.groups = 2;
  const graph::Graph sound = one_node(
      std::move(options), {s8({1, 6, 6, 4}), weights({6, 3, 3, 2}), bias(6)}, s8({1, 4, 4, 6}));
  const char* groups = "groups do not fit its input";
  std::vector<Break<O>> breaks = broken_windows<O>();
  for (const Break<O>&b : std::vector<Break<O>>{
           {"groups 0", [](auto&, O&o) { o.groups = 0; }, groups},
           {"groups -1", [](auto&, O&o) { o.groups = -1; }, groups},
           {"groups 3", [](auto&, O&o) { o.groups = 3; }, groups},
           {"groups max", [](auto&, O&o) { o.groups = kMax; }, groups},
           {"groups 1", [](auto&, O&o) { o.groups = 1; }, groups},
           {"more channels than the input",
            [](ModelFile&f, O&) {
              f.tensor(1).shape = {3, 3, 3, 4};
            },
            groups},
           {"outputs not in groups",
            [](ModelFile&f, O&) {
              f.tensor(1).shape = {5, 3, 3, 2};
              f.tensor(1).data_bytes = 90;
            },
            groups},
           {"weights of rank 3",
            [](ModelFile&f, O&) {
              f.tensor(1).shape = {6, 9, 2};
            },
            "takes weights [O,KH,KW,I]"},
           {"weights of floats",
            [](ModelFile&f, O&) {
              f.tensor(1).type = DType::F32;
              f.tensor(1).quantization.reset();
              f.tensor(1).data_bytes *= 4;
              f.weights.resize(1024);
            },
            "cannot run on s8, f32, s32 -> s8", Code::Unsupported},
           {"weights without scale", [](ModelFile&f, O&) { f.tensor(1).quantization.reset(); },
            "cannot run on s8, s8 without scale, s32 -> s8", Code::Unsupported},
           {"weights with scales along another axis",
            [](ModelFile&f, O&) {
              f.tensor(1).quantization->scales = {1, 1, 1};
              f.tensor(1).quantization->axis = 1;
            },
            "cannot run on s8, s8 with scales along axis 1, s32 -> s8", Code::Unsupported},
           {"input without scale", [](ModelFile&f, O&) { f.tensor(0).quantization.reset(); },
            "cannot run on s8 without scale, s8, s32 -> s8", Code::Unsupported},
           {"output without scale", [](ModelFile&f, O&) { f.tensor(3).quantization.reset(); },
            "cannot run on s8, s8, s32 -> s8 without scale", Code::Unsupported},
           {"short bias",
            [](ModelFile&f, O&) {
              f.tensor(2).shape = {5};
              f.tensor(2).data_bytes = 20;
            },
            "is 5 of s32, needs 6 of s32"},
           {"bias of bytes",
            [](ModelFile&f, O&) {
              f.tensor(2).type = DType::S8;
              f.tensor(2).data_bytes = 6;
            },
            "cannot run on s8, s8, s8 without scale -> s8", Code::Unsupported},
           {"bias not constant",
            [](ModelFile&f, O&) {
              f.tensor(2).is_constant = false;
              f.tensor(2).data_bytes = 0;
              f.main().inputs.push_back(2);
            },
            "must be a constant", Code::Unsupported},
           {"one input", [](ModelFile&f, O&) { f.op(0).inputs.resize(1); }, "has 1 inputs"},
           {"four inputs", [](ModelFile&f, O&) { f.op(0).inputs.push_back(0); }, "has 4 inputs"},
       }) {
    breaks.push_back(b);
  }
  expect_all_refused(sound, &fb::OpOptionsUnion::AsConv2D, breaks);
}

TEST(MalformedOperator, TransposedConv2D) {
  using O = fb::TransposedConv2DT;
  O options;
  options.window = std::make_unique<fb::Window2DT>();
  options.groups = 2;
  const graph::Graph sound = one_node(
      std::move(options), {s8({1, 4, 4, 4}), weights({6, 3, 3, 2}), bias(6)}, s8({1, 6, 6, 6}));
  expect_all_refused<O>(
      sound, &fb::OpOptionsUnion::AsTransposedConv2D,
      {
          {"padding of its own", [](auto&, O& o) { o.window->padding = fb::Padding::Same; },
           "must have explicit padding"},
          {"negative output padding", [](auto&, O& o) { o.output_padding_w = -1; },
           "has a negative padding of its output"},
          {"padding that leaves nothing", [](auto&, O& o) { o.window->pad_top = 6; },
           "its kernel of 3x3 does not fit its input, 1x4x4x4"},
          {"huge padding", [](auto&, O& o) { o.window->pad_left = o.window->pad_right = kMax; },
           "its kernel of 3x3 does not fit its input, 1x4x4x4"},
          {"groups 3", [](auto&, O& o) { o.groups = 3; }, "3 groups do not fit its input"},
          {"stride 0", [](auto&, O& o) { o.window->stride_h = 0; }, "all must be positive"},
          {"clamp upside down", [](auto&, O& o) { o.clamp = graph::make_clamp(1, -1); },
           "clamps to [1, -1]"},
          {"input of another rank",
           [](ModelFile& f, O&) {
             f.tensor(0).shape = {4, 4, 4};
           },
           "takes an input [N,H,W,C], not 4x4x4"},
      });
}

TEST(MalformedOperator, Pool2D) {
  using O = fb::Pool2DT;
  for (fb::PoolKind kind : {fb::PoolKind::Max, fb::PoolKind::Average}) {
    O options;
    options.kind = kind;
    options.kernel_h = options.kernel_w = 3;
    options.window = std::make_unique<fb::Window2DT>();
    const graph::Graph sound = one_node(std::move(options), {s8({1, 6, 6, 4})}, s8({1, 4, 4, 4}));
    std::vector<Break<O>> breaks = broken_windows<O>();
    for (const Break<O>&b : std::vector<Break<O>>{
             {"kernel 0", [](auto&, O&o) { o.kernel_h = 0; }, "has a kernel of 0x3"},
             {"kernel -1", [](auto&, O&o) { o.kernel_w = -1; }, "has a kernel of 3x-1"},
             {"kernel max", [](auto&, O&o) { o.kernel_w = kMax; }, "does not fit its input"},
             {"kernel max, padded alike",
              [](auto&, O&o) {
                o.kernel_h = o.kernel_w = kMax;
                o.window->padding = fb::Padding::Same;
              },
              "has a window of 4611686014132420609 elements", Code::Unsupported},
             {"kind", [](auto&, O&o) { o.kind = static_cast<fb::PoolKind>(2); }, "unknown kind, 2"},
             {"types", [](ModelFile&f, O&) { f.tensor(1).type = DType::U8; },
              "cannot run on s8 -> u8; it takes f32 -> f32; q8", Code::Unsupported},
         }) {
      breaks.push_back(b);
    }
    expect_all_refused(sound, &fb::OpOptionsUnion::AsPool2D, breaks);
  }
}

TEST(MalformedOperator, FullyConnected) {
  using O = fb::FullyConnectedT;
  expect_all_refused<O>(
      one_node(O(), {s8({2, 8}), weights({6, 8}), bias(6)}, s8({2, 6})),
      &fb::OpOptionsUnion::AsFullyConnected,
      {
          {"depths differ",
           [](ModelFile& f, O&) {
             f.tensor(0).shape = {2, 7};
           },
           "do not fit"},
          {"scalar input", [](ModelFile& f, O&) { f.tensor(0).shape = {}; }, "do not fit"},
          {"weights of rank 3",
           [](ModelFile& f, O&) {
             f.tensor(1).shape = {6, 2, 4};
           },
           "do not fit its input"},
          {"short bias",
           [](ModelFile& f, O&) {
             f.tensor(2).shape = {5};
             f.tensor(2).data_bytes = 20;
           },
           "is 5 of s32, needs 6 of s32"},
          {"weights by block",
           [](ModelFile& f, O&) {
             f.tensor(1).quantization->scales.assign(12, 1.0f);
             f.tensor(1).quantization->axis = 1;
             f.tensor(1).quantization->block = 4;
           },
           "cannot run on s8, s8 quantized by block, s32 -> s8", Code::Unsupported},
          {"weights of another type", [](ModelFile& f, O&) { f.tensor(1).type = DType::U8; },
           "cannot run on s8, u8, s32 -> s8", Code::Unsupported},
          {"weights absent", [](ModelFile& f, O&) { f.op(0).inputs[1] = -1; }, "input 1 is absent"},
      });
}

TEST(MalformedOperator, MatMul) {
  using O = fb::MatMulT;
  expect_all_refused<O>(
      one_node(O(), {s8({2, 3, 4}), s8({4, 5})}, s8({2, 3, 5})), &fb::OpOptionsUnion::AsMatMul,
      {
          {"depths differ", [](auto&, O& o) { o.transpose_a = true; }, "cannot multiply 2x3x4 and"},
          {"vector", [](ModelFile& f, O&) { f.tensor(1).shape = {4}; },
           "cannot multiply 2x3x4 and 4"},
          {"batches differ",
           [](ModelFile& f, O&) {
             f.tensor(1).shape = {3, 4, 5};
           },
           "cannot multiply"},
          {"no scale", [](ModelFile& f, O&) { f.tensor(1).quantization.reset(); },
           "cannot run on s8, s8 without scale -> s8", Code::Unsupported},
      });
}

TEST(MalformedOperator, Binary) {
  using O = fb::BinaryT;
  expect_all_refused<O>(
      one_node(O(), {s8({2, 3}), s8({3})}, s8({2, 3})), &fb::OpOptionsUnion::AsBinary,
      {
          {"shapes", [](ModelFile& f, O&) { f.tensor(1).shape = {2}; },
           "cannot broadcast 2x3 with 2"},
          {"kind", [](auto&, O& o) { o.kind = static_cast<fb::BinaryKind>(18); },
           "unknown kind, 18"},
          {"types", [](ModelFile& f, O&) { f.tensor(1).type = DType::U8; },
           "cannot run on s8, u8 -> s8", Code::Unsupported},
          {"comparison to bytes", [](auto&, O& o) { o.kind = fb::BinaryKind::Less; },
           "(Binary.Less): cannot run on s8, s8 -> s8", Code::Unsupported},
          {"no scale", [](ModelFile& f, O&) { f.tensor(0).quantization.reset(); },
           "cannot run on s8 without scale, s8 -> s8", Code::Unsupported},
          {"clamp upside down", [](auto&, O& o) { o.clamp = graph::make_clamp(1, -1); },
           "clamps to [1, -1]"},
      });
}

TEST(MalformedOperator, Unary) {
  using O = fb::UnaryT;
  expect_all_refused<O>(
      one_node(O(), {s8({2, 3})}, s8({2, 3})), &fb::OpOptionsUnion::AsUnary,
      {
          {"kind", [](auto&, O& o) { o.kind = static_cast<fb::UnaryKind>(42); },
           "unknown kind, 42"},
          {"types",
           [](ModelFile& f, O&) {
             f.tensor(1).type = DType::F32;
             f.tensor(1).quantization.reset();
           },
           "cannot run on s8 -> f32", Code::Unsupported},
          {"no scale", [](ModelFile& f, O&) { f.tensor(0).quantization.reset(); },
           "cannot run on s8 without scale -> s8", Code::Unsupported},
          {"clamp upside down", [](auto&, O& o) { o.clamp = graph::make_clamp(1, -1); },
           "clamps to [1, -1]"},
      });
}

TEST(MalformedOperator, Reduce) {
  using O = fb::ReduceT;
  O options;
  options.axes = {1};
  expect_all_refused<O>(
      one_node(options, {s8({2, 3, 4})}, s8({2, 4})), &fb::OpOptionsUnion::AsReduce,
      {
          {"axis 3", [](auto&, O& o) { o.axes = {3}; }, "has an axis that 2x3x4 lacks"},
          {"axis -4", [](auto&, O& o) { o.axes = {-4}; }, "has an axis that 2x3x4 lacks"},
          {"axis max", [](auto&, O& o) { o.axes = {kMax}; }, "has an axis that 2x3x4 lacks"},
          {"axis min", [](auto&, O& o) { o.axes = {kMin}; }, "has an axis that 2x3x4 lacks"},
          {"twice",
           [](auto&, O& o) {
             o.axes = {1, -2};
           },
           "or one twice"},
          {"kind", [](auto&, O& o) { o.kind = static_cast<fb::ReduceKind>(5); }, "unknown kind, 5"},
          {"product", [](auto&, O& o) { o.kind = fb::ReduceKind::Prod; },
           "(Reduce.Prod): cannot run on s8", Code::Unsupported},
      });
}

TEST(MalformedOperator, Softmax) {
  using O = fb::SoftmaxT;
  const auto beta = [](float value) { return [value](auto&, O& o) { o.beta = value; }; };
  expect_all_refused<O>(
      one_node(O(), {s8({2, 3})}, s8({2, 3})), &fb::OpOptionsUnion::AsSoftmax,
      {
          {"beta 0", beta(0), "has a beta of 0"},
          {"beta -1", beta(-1), "has a beta of -1"},
          {"beta nan", beta(std::nanf("")), "has a beta of nan"},
          {"beta inf", beta(std::numeric_limits<float>::infinity()), "has a beta of inf"},
          {"scalar", [](ModelFile& f, O&) { f.tensor(0).shape = {}; }, "needs at least one axis"},
      });
}

TEST(MalformedOperator, Resize) {
  using O = fb::ResizeT;
  O options;
  options.out_h = options.out_w = 4;
  const char* cannot = "cannot resize 1x2x2x3 to";
  expect_all_refused<O>(
      one_node(options, {s8({1, 2, 2, 3})}, s8({1, 4, 4, 3})), &fb::OpOptionsUnion::AsResize,
      {
          {"size 0", [](auto&, O& o) { o.out_h = 0; }, cannot},
          {"size -1", [](auto&, O& o) { o.out_w = -1; }, cannot},
          {"size min", [](auto&, O& o) { o.out_w = kMin; }, cannot},
          {"size max", [](auto&, O& o) { o.out_w = kMax; }, "to 4x2147483647, sides over 4194304",
           Code::Unsupported},
          {"from a long side",
           [](ModelFile& f, O&) {
             f.tensor(0).shape = {1, 1 << 24, 1, 1};
           },
           "cannot resize 1x16777216x1x1 to 4x4", Code::Unsupported},
          {"rank 3",
           [](ModelFile& f, O&) {
             f.tensor(0).shape = {2, 2, 3};
           },
           "cannot resize"},
          {"mode", [](auto&, O& o) { o.mode = static_cast<fb::ResizeMode>(2); }, "unknown mode, 2"},
          {"both grids",
           [](auto&, O& o) {
             o.align_corners = true;
             o.half_pixel_centers = true;
           },
           "both aligns corners and centres pixels"},
          {"coordinates",
           [](auto&, O& o) { o.coordinates = static_cast<fb::ResizeCoordinates>(5); },
           "unknown coordinates, 5 and 0"},
          {"rounding", [](auto&, O& o) { o.rounding = static_cast<fb::ResizeRounding>(4); },
           "unknown coordinates, 0 and 4"},
          {"scale",
           [](auto&, O& o) {
             o.coordinates = fb::ResizeCoordinates::Asymmetric;
             o.scale_w = -2;
           },
           "a scale of -2"},
          {"infinite scale",
           [](auto&, O& o) {
             o.coordinates = fb::ResizeCoordinates::Asymmetric;
             o.scale_h = std::numeric_limits<float>::infinity();
           },
           "a scale of inf"},
          {"two coordinates",
           [](auto&, O& o) {
             o.coordinates = fb::ResizeCoordinates::Asymmetric;
             o.half_pixel_centers = true;
           },
           "says twice where pixels lie"},
          {"scale of flags", [](auto&, O& o) { o.scale_h = 2; }, "says twice where pixels lie"},
          {"larger than memory",
           [](ModelFile& f, O& o) {
             o.out_h = 1 << 22;
             f.tensor(1).shape = {1, 1 << 22, 4, 3};
           },
           "the limit is 16777216", Code::OutOfMemory},
      });
}

TEST(MalformedOperator, QuantizeAndDequantize) {
  using Q = fb::QuantizeT;
  using D = fb::DequantizeT;
  const graph::Value floats = tensor(rt::DType::F32, {2, 3});
  expect_all_refused<Q>(one_node(Q(), {floats}, s8({2, 3})), &fb::OpOptionsUnion::AsQuantize,
                        {{"no scale", [](ModelFile& f, Q&) { f.tensor(1).quantization.reset(); },
                          "cannot run on f32 -> s8 without scale", Code::Unsupported},
                         {"to floats",
                          [](ModelFile& f, Q&) {
                            f.tensor(1).quantization.reset();
                            f.tensor(1).type = DType::F32;
                          },
                          "cannot run on f32 -> f32", Code::Unsupported}});
  expect_all_refused<D>(one_node(D(), {s8({2, 3})}, floats), &fb::OpOptionsUnion::AsDequantize,
                        {{"no scale", [](ModelFile& f, D&) { f.tensor(0).quantization.reset(); },
                          "cannot run on s8 without scale -> f32", Code::Unsupported},
                         {"to bytes", [](ModelFile& f, D&) { f.tensor(1).type = DType::U8; },
                          "cannot run on s8 -> u8 without scale", Code::Unsupported}});
}

TEST(MalformedOperator, Lstm) {
  using O = fb::LstmT;
  const auto f32 = [](Dims shape) { return tensor(rt::DType::F32, std::move(shape)); };
  const char* shapes = "its shapes do not fit";
  expect_all_refused<O>(
      one_node(O(),
               {f32({1, 5, 3}), constant(f32({8, 3})), constant(f32({8, 2})), constant(f32({8})),
                variable(f32({1, 2})), variable(f32({1, 2}))},
               f32({1, 5, 2})),
      &fb::OpOptionsUnion::AsLstm,
      {
          {"input depth",
           [](ModelFile& f, O&) {
             f.tensor(0).shape = {1, 5, 4};
           },
           shapes},
          {"batch",
           [](ModelFile& f, O&) {
             f.tensor(0).shape = {2, 5, 3};
           },
           shapes},
          {"rank",
           [](ModelFile& f, O&) {
             f.tensor(0).shape = {5, 3};
           },
           shapes},
          {"time first", [](auto&, O& o) { o.time_major = true; }, shapes},
          {"state",
           [](ModelFile& f, O&) {
             f.tensor(5).shape = {1, 3};
           },
           shapes},
          {"scalar state", [](ModelFile& f, O&) { f.tensor(4).shape = {}; }, shapes},
          {"one state twice", [](ModelFile& f, O&) { f.op(0).inputs[5] = 4; },
           "its two states must be variables"},
          {"state is a constant", [](ModelFile& f, O&) { f.op(0).inputs[4] = 2; },
           "input 4 '' must be a variable"},
          {"negative clip", [](auto&, O& o) { o.cell_clip = -1; }, "has a negative clip or scale"},
          {"clip nan", [](auto&, O& o) { o.cell_clip = std::nanf(""); }, "has a negative clip"},
          {"five inputs", [](ModelFile& f, O&) { f.op(0).inputs.pop_back(); }, "has 5 inputs"},
          {"weights of bytes",
           [](ModelFile& f, O&) {
             f.tensor(1).type = DType::S8;
             f.tensor(1).data_bytes = 24;
           },
           "cannot run on f32, s8 without scale, f32", Code::Unsupported},
      });
  const graph::Value cell = tensor(rt::DType::S16, {1, 2}, {{0.01f}, {}, -1, 0});
  expect_all_refused<O>(
      one_node(O(),
               {s8({1, 5, 3}), weights({8, 3}), weights({8, 2}), bias(8), variable(s8({1, 2})),
                variable(cell)},
               s8({1, 5, 2})),
      &fb::OpOptionsUnion::AsLstm,
      {
          {"another scale of the output",
           [](ModelFile& f, O&) { f.tensor(6).quantization->scales = {7.0f}; },
           "its output and hidden state differ in quantization", Code::Unsupported},
          {"another zero point of the state",
           [](ModelFile& f, O&) { f.tensor(4).quantization->zero_points = {99}; },
           "its output and hidden state differ in quantization", Code::Unsupported},
          {"a zero point of the cell",
           [](ModelFile& f, O&) { f.tensor(5).quantization->zero_points = {1}; }, "cannot run on",
           Code::Unsupported},
      });
}

}  // namespace
}  // namespace qrt::test
