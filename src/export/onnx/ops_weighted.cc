// Operators that sum products: with constants of int8 weights and int32 biases.
#include <algorithm>
#include <limits>

#include "src/export/onnx/ops.h"
#include "src/export/onnx/window_attributes.h"

namespace qrt::onnx_export {
namespace {

using graph::channels_first;
using graph::plain_order;

// The bias's scale is scale_in * scale_w[output], whatever the model says.
std::string bias(Call& c) {
  if (!c.has(2)) return "";
  const Value &x = c.t.value(c.in(0)), &w = c.t.value(c.in(1)), &b = c.t.value(c.in(2));
  if (b.type != DType::S32) return c.t.plain_numbers(c.in(2));
  if (!has_codes(x)) throw Unsupported("an integer bias of a float input");
  std::vector<float> scales;
  for (float scale : w.quantization.scales) {
    const double product = static_cast<double>(x.quantization.scales[0]) * scale;
    scales.push_back(std::max(static_cast<float>(product), std::numeric_limits<float>::min()));
  }
  const std::string integers = c.t.plain_codes(c.in(2));
  return c.t.dequantize(integers, scales, {}, DType::S32, scales.size() == 1 ? -1 : 0, b.name);
}

Names with_bias(std::string x, std::string w, std::string b) {
  Names inputs = {std::move(x), std::move(w)};
  if (!b.empty()) inputs.push_back(std::move(b));
  return inputs;
}

void export_conv(Call& c) {
  const auto& options = *c.node.options.AsConv2D();
  const Order order = channels_first(4);
  const Shape& w = c.t.shape(c.in(1));
  Attributes attributes = window_attributes(*options.window, c.t.shape(c.in(0)), w[1], w[2]);
  attributes.push_back({"group", int64_t{options.groups}});
  Names inputs = with_bias(c.t.numbers(c.in(0), order), c.t.weights(c.in(1), order), bias(c));
  const std::string y = c.m.node("Conv", std::move(inputs), c.wanted(), attributes);
  c.give_numbers(order, y, options.clamp.get());
}

void export_transposed_conv(Call& c) {
  using Integers = std::vector<int64_t>;
  const auto& options = *c.node.options.AsTransposedConv2D();
  const fb::Window2DT& w = *options.window;
  const Order order = channels_first(4);
  const Shape& kernel = c.t.shape(c.in(1));
  if (options.groups != 1) throw Unsupported("a transposed convolution in groups");
  const Attributes attributes = {
      {"kernel_shape", Integers{kernel[1], kernel[2]}},
      {"strides", Integers{w.stride_h, w.stride_w}},
      {"dilations", Integers{w.dilation_h, w.dilation_w}},
      {"pads", Integers{w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}},
      {"output_padding", Integers{options.output_padding_h, options.output_padding_w}}};
  // [O,KH,KW,I] -> [I,O,KH,KW]
  Names inputs =
      with_bias(c.t.numbers(c.in(0), order), c.t.weights(c.in(1), {3, 0, 1, 2}), bias(c));
  c.give_numbers(order, c.m.node("ConvTranspose", std::move(inputs), c.wanted(), attributes),
                 options.clamp.get());
}

// Gemm takes matrices: inputs of other ranks become one on the way.
void export_fully_connected(Call& c) {
  const auto& options = *c.node.options.AsFullyConnected();
  const int x = c.in(0);
  const Value &from = c.t.value(x), &y = c.result();
  const Shape& w = c.t.shape(c.in(1));
  const bool matrix = c.t.rank(x) == 2;
  std::string rows;
  if (matrix) {
    rows = c.t.plain_numbers(x);
  } else {
    rows = c.t.reshaped(c.t.plain_codes(x), {-1, w[1]}, from.name + "/rows");
    if (has_codes(from)) {
      rows = c.t.dequantize(rows, from.quantization.scales, {zero_code(from)}, DType::U8, -1,
                            from.name + "/rows/float");
    }
  }
  Names inputs = with_bias(rows, c.t.weights(c.in(1), plain_order(2)), bias(c));
  std::string result = c.m.node("Gemm", std::move(inputs), c.wanted(), {{"transB", int64_t{1}}});
  const Order order = plain_order(y.shape.size());
  if (matrix) return c.give_numbers(order, result, options.clamp.get());
  if (has_codes(y)) {
    result = c.t.quantize(result, y.quantization.scales[0], zero_code(y), DType::U8,
                          y.name + "/rows/u8");
  }
  c.give_codes(order, c.t.reshaped(result, y.shape, y.name + "/reshaped"), options.clamp.get());
}

void export_matmul(Call& c) {
  const auto& options = *c.node.options.AsMatMul();
  const auto factor = [&](int v, bool transpose) {
    Order order = plain_order(c.t.rank(v));
    if (transpose) std::swap(order[order.size() - 1], order[order.size() - 2]);
    return c.t.value(v).constant() ? c.t.weights(v, order) : c.t.numbers(v, order);
  };
  const std::string a = factor(c.in(0), options.transpose_a);
  const std::string b = factor(c.in(1), options.transpose_b);
  c.give_numbers(plain_order(c.result().shape.size()), c.m.node("MatMul", {a, b}, c.wanted()));
}

constexpr Row kRows[] = {
    {fb::OpOptions::Conv2D, export_conv},
    {fb::OpOptions::TransposedConv2D, export_transposed_conv},
    {fb::OpOptions::FullyConnected, export_fully_connected},
    {fb::OpOptions::MatMul, export_matmul},
};

}  // namespace

rt::Span<const Row> weighted_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::onnx_export
