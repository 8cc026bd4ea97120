// Operators on integers whose sums are given as they are: MatMulInteger and ConvInteger.
#include <algorithm>

#include "src/base/dtype.h"
#include "src/import/onnx/ops.h"
#include "src/import/onnx/steps.h"
#include "src/import/onnx/window.h"

namespace qrt::import::onnx_import {
namespace {

Tensor& bytes(Call& c, size_t i) {
  Tensor& x = c.in(i);
  if (x.type != DType::S8 && x.type != DType::U8) {
    unsupported("input %zu of type %s", i, rt::dtype_name(x.type));
  }
  return x;
}

// The zero points that input i gives, or -1: one number, or a vector.
int zero_points(Call& c, size_t i) {
  if (!c.has(i)) return -1;
  Tensor& zeros = bytes(c, i);
  if (zeros.rank() <= 1) return c.b.plain(zeros);
  // A column of them is one for each row.
  const auto column = static_cast<size_t>(
      std::count_if(zeros.shape.begin(), zeros.shape.end(), [](Dim dim) { return !dim.is(1); }));
  if (column > 1) unsupported("zero points of shape %s", text(zeros.shape).c_str());
  Dim count = 1;
  for (Dim dim : zeros.shape) count = dim.is(1) ? count : dim;
  return c.b.reshaped(c.b.plain(zeros), {count}, zeros.name + "/vector");
}

void import_mat_mul_integer(Call& c) {
  Tensor &a = bytes(c, 0), &b = bytes(c, 1);
  if (a.rank() == 0 || b.rank() == 0) {
    invalid("a product of %s and %s", text(a.shape).c_str(), text(b.shape).c_str());
  }
  // A vector is a row from the left, or a column from the right, and its axis is none of the
  // result's.
  Steps steps(c);
  int left = c.b.plain(a), right = c.b.plain(b);
  if (a.rank() == 1) left = steps.reshape(left, {1, a.shape[0]});
  if (b.rank() == 1) right = steps.reshape(right, {b.shape[0], 1});
  const int left_zeros = zero_points(c, 2), right_zeros = zero_points(c, 3);
  int product = steps.add(fb::IntegerMatMulT{}, {left, right, left_zeros, right_zeros}, DType::S32);
  Shape shape = c.b.shape(product);
  if (b.rank() == 1) shape.pop_back();
  if (a.rank() == 1) shape.erase(shape.end() - (b.rank() == 1 ? 1 : 2));
  product = c.b.reshaped(product, shape, c.output_name(0));
  steps.finish(product, plain_order(shape.size()));
}

// Where x [N,H,W,C] with padding has pixels of its own.
int inside_padding(Steps& steps, int x, const fb::PadT& pad) {
  const int one = steps.cast(steps.slice_to(x, 3, 1), DType::S32);
  return steps.add(fb::PadT(pad), {steps.binary(fb::BinaryKind::Equal, one, one)}, DType::Bool);
}

// x [N,H,W,C] with the zero point around it, which may be known only at run time.
int padded(Call& c, Steps& steps, int x, const fb::Window2DT& window, int zero) {
  fb::PadT pad;
  pad.before = {0, window.pad_top, window.pad_left, 0};
  pad.after = {0, window.pad_bottom, window.pad_right, 0};
  const int with_zeros = steps.add(fb::PadT(pad), {x}, c.b.graph.value(x).type);
  if (zero < 0) return with_zeros;
  return steps.select(inside_padding(steps, x, pad), with_zeros, zero);
}

// What auto_pad puts around an axis, for ceil(size / stride) outputs.
void pad_to_same(Dim size, int32_t taps, int32_t dilation, int32_t stride, bool odd_one_before,
                 int32_t* before, int32_t* after) {
  const int64_t last = (int64_t{taps} - 1) * dilation + 1;  // all that it depends on at stride 1
  const int64_t length = stride == 1 ? 1 : int64_t{int32_t{size}};
  const int64_t outputs = (length + stride - 1) / stride;
  const int64_t reach = (outputs - 1) * stride + last;
  const auto total = static_cast<int32_t>(std::max<int64_t>(reach - length, 0));
  *before = odd_one_before ? total - total / 2 : total / 2;
  *after = total - *before;
}

// Of one group: each tap of the weights [KH*KW,C,O] is a product of matrices, whose sum the result
// is.
int sum_of_taps(Steps& steps, int x, int weights, const Window& window, int x_zero, int w_zero) {
  int sum = -1;
  for (int32_t tap = 0; tap < window.kernel_h * window.kernel_w; ++tap) {
    const int pixels =
        pixels_of_tap(steps, x, window, tap / window.kernel_w, tap % window.kernel_w);
    const int product = steps.add(fb::IntegerMatMulT{},
                                  {pixels, steps.row(weights, tap), x_zero, w_zero}, DType::S32);
    sum = sum < 0 ? product : steps.binary(fb::BinaryKind::Add, sum, product);
  }
  return sum;
}

void import_conv_integer(Call& c) {
  Tensor &x = bytes(c, 0), &w = bytes(c, 1);
  if (x.rank() != 4 && x.rank() != 3) {
    unsupported("a convolution of an input of %zu dimensions", x.rank());
  }
  if (w.rank() != x.rank()) invalid("weights of shape %s", text(w.shape).c_str());
  checked_elements(w.shape);
  const int64_t groups = c.attributes.integer("group", 1);
  const int32_t outputs = w.shape[0], channels = w.shape[1];
  if (groups < 1 || outputs % groups != 0 ||
      c.b.dims().differ(x.shape[1].symbol(), static_cast<int32_t>(channels * groups))) {
    invalid("%lld groups of an input of shape %s, weights of shape %s",
            static_cast<long long>(groups), text(x.shape).c_str(), text(w.shape).c_str());
  }
  const Window read =
      read_window(c, x.shape, Shape(w.shape.begin() + 2, w.shape.end()), RoundingUp::Refuse);
  fb::Window2DT& window = *read.options;
  if (window.padding != fb::Padding::Explicit) {
    const bool lower = window.padding == fb::Padding::SameLower;
    const Dim height = x.rank() == 4 ? x.shape[2] : Dim(1), width = x.shape.back();
    pad_to_same(height, read.kernel_h, window.dilation_h, window.stride_h, lower, &window.pad_top,
                &window.pad_bottom);
    pad_to_same(width, read.kernel_w, window.dilation_w, window.stride_w, lower, &window.pad_left,
                &window.pad_right);
  }
  const int x_zero = zero_points(c, 2), w_zero = zero_points(c, 3);
  if (x_zero >= 0 && !c.b.shape(x_zero).empty() && c.b.shape(x_zero)[0] != 1) {
    invalid("several zero points for one input");
  }
  const bool one_zero = w_zero < 0 || c.b.shape(w_zero).empty() || c.b.shape(w_zero)[0] == 1;
  if (groups > 1 && !one_zero) unsupported("several zero points of weights in groups");
  Steps steps(c);
  int input = as_nhwc(c, x);
  if (read.padded) input = padded(c, steps, input, window, x_zero);
  // [O,C,KH,KW] -> [KH*KW,C,O]
  int weights = c.b.reshaped(c.b.plain(w), {outputs, channels, read.kernel_h * read.kernel_w},
                             w.name + "/taps");
  weights = c.b.transposed(weights, {2, 1, 0}, w.name + "/matrices");
  const auto of_group = static_cast<int32_t>(outputs / groups);
  std::vector<int> results;
  for (int32_t g = 0; g < groups; ++g) {
    const bool whole = groups == 1;
    const int part = whole ? input : steps.slice_part(input, 3, g * channels, channels);
    const int taps = whole ? weights : steps.slice_part(weights, 2, g * of_group, of_group);
    results.push_back(sum_of_taps(steps, part, taps, read, x_zero, w_zero));
  }
  finish_nhwc(c, x, steps.concat(std::move(results), 3));
}

constexpr Row kRows[] = {
    {"ConvInteger", 2, 4, import_conv_integer},
    {"MatMulInteger", 2, 4, import_mat_mul_integer},
};

}  // namespace

rt::Span<const Row> integer_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
