// Operators with weights: integer, float and dynamic.
#include "tests/data/fixture.h"

namespace qrt::test {
namespace {

const Quantization kIn = per_tensor(0.05f, -7);
const Quantization kOut = per_tensor(0.8f, 5);

std::unique_ptr<fb::Window2DT> window(int32_t stride, int32_t dilation, fb::Padding padding) {
  auto w = std::make_unique<fb::Window2DT>();
  w->stride_h = w->stride_w = stride;
  w->dilation_h = w->dilation_w = dilation;
  w->padding = padding;
  if (padding == fb::Padding::Explicit) {
    w->pad_top = 1;
    w->pad_right = 2;
  }
  return w;
}

// Scales 0.01, 0.012, ... for every output; zero points too, if wanted.
Quantization per_output(int32_t outputs, bool asymmetric = false) {
  Quantization q;
  q.axis = 0;
  for (int32_t i = 0; i < outputs; ++i) {
    q.scales.push_back(0.01f + 0.002f * static_cast<float>(i));
    if (asymmetric) q.zero_points.push_back(i % 7 - 3);
  }
  return q;
}

struct Conv {
  Dims in, weights, out;  // weights [O,KH,KW,I/groups]
  int32_t groups = 1, stride = 1, dilation = 1;
  fb::Padding padding = fb::Padding::Same;
};
const Conv kConvs[] = {
    {{1, 6, 5, 3}, {4, 3, 2, 3}, {1, 6, 5, 4}},
    {{2, 5, 5, 4}, {6, 1, 1, 4}, {2, 5, 5, 6}},
    {{1, 7, 7, 4}, {6, 3, 3, 2}, {1, 4, 4, 6}, 2, 2, 1, fb::Padding::SameLower},
    {{1, 9, 8, 3}, {5, 2, 3, 3}, {1, 8, 6, 5}, 1, 1, 2, fb::Padding::Explicit},
    {{1, 12, 12, 24}, {24, 3, 3, 24}, {1, 12, 12, 24}},
    {{1, 8, 9, 20}, {20, 3, 3, 1}, {1, 8, 9, 20}, 20},
    {{1, 9, 9, 16}, {16, 5, 5, 1}, {1, 5, 5, 16}, 16, 2},
    {{1, 6, 6, 3}, {6, 3, 3, 1}, {1, 6, 6, 6}, 3},
};

fb::Conv2DT options_of(const Conv& c) {
  fb::Conv2DT options;
  options.window = window(c.stride, c.dilation, c.padding);
  options.groups = c.groups;
  return options;
}

Fixture integer_convolutions() {
  Fixture f("conv_s8");
  f.graph.metadata = {{"source", "tests/data/make_fixtures.cc"}, {"empty", ""}};
  for (const Conv& c : kConvs) {
    const int in = f.input(DType::S8, c.in, kIn);
    const int32_t outputs = c.weights[0];
    const int plain = f.constant(DType::S8, c.weights, per_tensor(0.01f, 0));
    const int shifted = f.constant(DType::S8, c.weights, per_tensor(0.01f, 3));
    const int channels = f.constant(DType::S8, c.weights, per_output(outputs));
    const int shifted_channels = f.constant(DType::S8, c.weights, per_output(outputs, true));
    const int bias = f.constant(DType::S32, {outputs});
    f.node(options_of(c), {in, plain}, DType::S8, c.out, kOut);
    f.node(options_of(c), {in, shifted, kAbsent}, DType::S8, c.out, kOut);
    fb::Conv2DT clamped = options_of(c);
    clamped.clamp = graph::make_clamp(-20, 30);
    f.node(std::move(clamped), {in, channels, bias}, DType::S8, c.out, kOut);
    f.node(options_of(c), {in, shifted_channels, bias}, DType::S8, c.out, kOut);
  }
  return f;
}

Fixture float_convolutions() {
  Fixture f("conv_f32");
  for (const Conv& c : kConvs) {
    if (c.in[3] == 24) continue;  // large for the sake of the integer kernels
    const int in = f.input(DType::F32, c.in);
    const int32_t outputs = c.weights[0];
    const int weights = f.constant(DType::F32, c.weights);
    const int bias = f.constant(DType::F32, {outputs});
    f.node(options_of(c), {in, weights}, DType::F32, c.out);
    fb::Conv2DT clamped = options_of(c);
    clamped.clamp = graph::make_clamp(0, 6);
    f.node(std::move(clamped), {in, weights, bias}, DType::F32, c.out);
    const int plain = f.constant(DType::S8, c.weights, per_tensor(0.01f, 0));
    const int channels = f.constant(DType::S8, c.weights, per_output(outputs, true));
    f.node(options_of(c), {in, plain}, DType::F32, c.out);
    fb::Conv2DT symmetric = options_of(c);
    symmetric.symmetric_input = true;
    symmetric.clamp = graph::make_clamp(-3, 50);
    f.node(std::move(symmetric), {in, channels, bias}, DType::F32, c.out);
  }
  return f;
}

Fixture layers() {
  Fixture f("fully_connected");
  for (int32_t rows : {1, 9}) {
    const Dims out = {rows, 19};
    const int s8 = f.input(DType::S8, {rows, 37}, kIn), f32 = f.input(DType::F32, {rows, 37});
    const int plain = f.constant(DType::S8, {19, 37}, per_tensor(0.01f, 0));
    const int shifted = f.constant(DType::S8, {19, 37}, per_tensor(0.01f, -4));
    const int channels = f.constant(DType::S8, {19, 37}, per_output(19));
    const int weights = f.constant(DType::F32, {19, 37});
    const int s32_bias = f.constant(DType::S32, {19}), bias = f.constant(DType::F32, {19});
    f.node(fb::FullyConnectedT(), {s8, plain}, DType::S8, out, kOut);
    f.node(fb::FullyConnectedT(), {s8, shifted, s32_bias}, DType::S8, out, kOut);
    fb::FullyConnectedT clamped;
    clamped.clamp = graph::make_clamp(0, INFINITY);
    f.node(clamped, {s8, channels, s32_bias}, DType::S8, out, kOut);
    f.node(fb::FullyConnectedT(), {f32, weights}, DType::F32, out);
    f.node(clamped, {f32, weights, bias}, DType::F32, out);
    f.node(fb::FullyConnectedT(), {f32, shifted}, DType::F32, out);
    clamped.symmetric_input = true;
    f.node(clamped, {f32, channels, bias}, DType::F32, out);
  }
  return f;
}

Fixture products() {
  Fixture f("mat_mul");
  for (int transposed = 0; transposed < 4; ++transposed) {
    fb::MatMulT options;
    options.transpose_a = (transposed & 1) != 0;
    options.transpose_b = (transposed & 2) != 0;
    const Dims a = options.transpose_a ? Dims{2, 1, 21, 5} : Dims{2, 1, 5, 21};
    const Dims b = options.transpose_b ? Dims{3, 7, 21} : Dims{3, 21, 7};
    f.node(options, {f.input(DType::S8, a, kIn), f.input(DType::S8, b, per_tensor(0.02f, 4))},
           DType::S8, {2, 3, 5, 7}, kOut);
    f.node(options, {f.input(DType::F32, a), f.input(DType::F32, b)}, DType::F32, {2, 3, 5, 7});
  }
  return f;
}

Fixture memories() {
  Fixture f("lstm");
  f.runs = 3;
  constexpr int32_t kBatch = 2, kSteps = 3, kInputs = 10, kUnits = 11;
  for (bool time_major : {false, true}) {
    const Dims in = time_major ? Dims{kSteps, kBatch, kInputs} : Dims{kBatch, kSteps, kInputs};
    const Dims out = {in[0], in[1], kUnits}, state = {kBatch, kUnits};
    fb::LstmT options;
    options.time_major = time_major;
    options.cell_clip = time_major ? 1.5f : 0.0f;
    f.node(options,
           {f.input(DType::F32, in), f.constant(DType::F32, {4 * kUnits, kInputs}),
            f.constant(DType::F32, {4 * kUnits, kUnits}), f.constant(DType::F32, {4 * kUnits}),
            f.variable(DType::F32, state), f.variable(DType::F32, state)},
           DType::F32, out);
    const Quantization hidden = per_tensor(1.0f / 128, -3);
    options.hidden_scale = time_major ? 1.0f / 100 : 0.0f;
    options.hidden_zero_point = time_major ? 6 : 0;
    f.node(options,
           {f.input(DType::S8, in, kIn),
            f.constant(DType::S8, {4 * kUnits, kInputs}, per_tensor(0.004f, 0)),
            f.constant(DType::S8, {4 * kUnits, kUnits}, per_output(4 * kUnits, true)),
            f.constant(DType::S32, {4 * kUnits}), f.variable(DType::S8, state, hidden),
            f.variable(DType::S16, state, per_tensor(1.0f / 8192, 0))},
           DType::S8, out, hidden);
  }
  return f;
}

}  // namespace

std::vector<Fixture> weighted_fixtures() {
  std::vector<Fixture> all;
  all.push_back(integer_convolutions());
  all.push_back(float_convolutions());
  all.push_back(layers());
  all.push_back(products());
  all.push_back(memories());
  return all;
}

}  // namespace qrt::test
