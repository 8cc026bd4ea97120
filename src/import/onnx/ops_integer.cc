// Operators on integers whose sums are given as they are: MatMulInteger and ConvInteger.
#include <algorithm>

#include "src/base/dtype.h"
#include "src/import/onnx/ops.h"
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
  if (a.rank() < 2 || b.rank() < 2) {
    unsupported("a product of %s and %s", text(a.shape).c_str(), text(b.shape).c_str());
  }
  const int left = c.b.plain(a), right = c.b.plain(b);
  const int left_zeros = zero_points(c, 2), right_zeros = zero_points(c, 3);
  c.emit(fb::IntegerMatMulT{}, {left, right, left_zeros, right_zeros},
         {c.out(0, DType::S32, plain_order(std::max(a.rank(), b.rank())))});
}

// x [N,H,W,C] with the zero point around it.
int padded(Call& c, int x, const fb::Window2DT& window, int zero, int32_t height, int32_t width) {
  const DType type = c.b.graph.value(x).type;
  fb::PadT pad;
  pad.before = {0, window.pad_top, window.pad_left, 0};
  pad.after = {0, window.pad_bottom, window.pad_right, 0};
  const int zeros = c.b.value(c.temporary("padded"), type);
  c.emit(fb::PadT(pad), {x}, {zeros});
  if (zero < 0) return zeros;
  // Which pixels are x's: its zero point may be known only at run time.
  Numbers ones{DType::Bool, {1, height, width, 1}, {}, {}};
  ones.integers.assign(static_cast<size_t>(height) * static_cast<size_t>(width), 1);
  const TensorPtr inner = make_constant(c.b, c.temporary("inside"), ones);
  const int inside = c.b.value(c.temporary("inside") + "/padded", DType::Bool);
  c.emit(std::move(pad), {inner->forms.front().value}, {inside});
  const int result = c.b.value(c.temporary("padded") + "/zero", type);
  c.emit(fb::SelectT{}, {inside, zeros, zero}, {result});
  return result;
}

// The pixels of x [N,H,W,C] that a tap of the window meets.
int pixels_of_tap(Call& c, int x, const fb::Window2DT& window, int32_t row, int32_t column,
                  int32_t rows, int32_t columns, const std::string& name) {
  const Shape shape = c.b.shape(x);
  const int32_t top = row * window.dilation_h, left = column * window.dilation_w;
  fb::SliceT slice;
  slice.begins = {0, top, left, 0};
  slice.ends = {0, top + (rows - 1) * window.stride_h + 1,
                left + (columns - 1) * window.stride_w + 1, 0};
  slice.strides = {1, window.stride_h, window.stride_w, 1};
  slice.begin_mask = slice.end_mask = 1u | 1u << 3;
  const int result = c.b.value(name, c.b.graph.value(x).type);
  c.emit(std::move(slice), {x}, {result});
  return result;
}

// What auto_pad puts around an axis, for ceil(size / stride) outputs.
void pad_to_same(int32_t size, int32_t taps, int32_t dilation, int32_t stride, bool odd_one_before,
                 int32_t* before, int32_t* after) {
  const int64_t outputs = (int64_t{size} + stride - 1) / stride;
  const int64_t reach = (outputs - 1) * stride + int64_t{taps - 1} * dilation + 1;
  const auto total = static_cast<int32_t>(std::max<int64_t>(reach - size, 0));
  *before = odd_one_before ? total - total / 2 : total / 2;
  *after = total - *before;
}

// Each tap of the weights is a product of matrices, whose sum the result is.
void import_conv_integer(Call& c) {
  Tensor &x = bytes(c, 0), &w = bytes(c, 1);
  if (x.rank() != 4 && x.rank() != 3) {
    unsupported("a convolution of an input of %zu dimensions", x.rank());
  }
  if (w.rank() != x.rank()) invalid("weights of shape %s", text(w.shape).c_str());
  if (c.attributes.integer("group", 1) != 1) unsupported("groups");
  checked_elements(w.shape);
  if (c.b.dims().differ(x.shape[1].symbol(), w.shape[1])) {
    invalid("an input of shape %s, weights of shape %s", text(x.shape).c_str(),
            text(w.shape).c_str());
  }
  const Window read =
      read_window(c, x.shape, Shape(w.shape.begin() + 2, w.shape.end()), RoundingUp::Refuse);
  fb::Window2DT& window = *read.options;
  const int32_t height = x.rank() == 4 ? x.shape[2] : Dim(1), width = x.shape.back();
  if (window.padding != fb::Padding::Explicit) {
    const bool lower = window.padding == fb::Padding::SameLower;
    pad_to_same(height, read.kernel_h, window.dilation_h, window.stride_h, lower, &window.pad_top,
                &window.pad_bottom);
    pad_to_same(width, read.kernel_w, window.dilation_w, window.stride_w, lower, &window.pad_left,
                &window.pad_right);
  }
  const auto outputs = [](int32_t size, int32_t before, int32_t after, int32_t taps,
                          int32_t dilation, int32_t stride) {
    const int64_t room = int64_t{size} + before + after - int64_t{taps - 1} * dilation - 1;
    return static_cast<int32_t>(room / stride + 1);
  };
  const int32_t rows = outputs(height, window.pad_top, window.pad_bottom, read.kernel_h,
                               window.dilation_h, window.stride_h);
  const int32_t columns = outputs(width, window.pad_left, window.pad_right, read.kernel_w,
                                  window.dilation_w, window.stride_w);
  const int x_zero = zero_points(c, 2), w_zero = zero_points(c, 3);
  if (x_zero >= 0 && !c.b.shape(x_zero).empty() && c.b.shape(x_zero)[0] != 1) {
    invalid("several zero points for one input");
  }
  int input = as_nhwc(c, x);
  if (read.padded) input = padded(c, input, window, x_zero, height, width);
  // [O,C,KH,KW] -> [KH*KW,C,O]
  const int32_t taps = read.kernel_h * read.kernel_w;
  int weights = c.b.reshaped(c.b.plain(w), {w.shape[0], w.shape[1], taps}, w.name + "/taps");
  weights = c.b.transposed(weights, {2, 1, 0}, w.name + "/matrices");
  const int result = c.b.value(x.rank() == 4 ? c.output_name(0) : c.temporary("2d"), DType::S32);
  int sum = -1;
  for (int32_t tap = 0; tap < taps; ++tap) {
    const std::string name = c.temporary("tap") + std::to_string(tap);
    const int pixels = pixels_of_tap(c, input, window, tap / read.kernel_w, tap % read.kernel_w,
                                     rows, columns, name + "/pixels");
    const int matrix = c.b.value(name + "/weights", w.type);
    fb::SliceT slice;
    slice.begins = {tap, 0, 0};
    slice.ends = {tap + 1, w.shape[1], w.shape[0]};
    slice.strides = {1, 1, 1};
    slice.shrink_mask = 1;
    c.emit(std::move(slice), {weights}, {matrix});
    const bool only = taps == 1, last = tap + 1 == taps;
    const int products = only ? result : c.b.value(name + "/products", DType::S32);
    c.emit(fb::IntegerMatMulT{}, {pixels, matrix, x_zero, w_zero}, {products});
    if (only) break;
    if (sum < 0) {
      sum = products;
      continue;
    }
    const int added = last ? result : c.b.value(name + "/sum", DType::S32);
    c.emit(fb::BinaryT{}, {sum, products}, {added});
    sum = added;
  }
  finish_nhwc(c, x, result);
}

constexpr Row kRows[] = {
    {"ConvInteger", 2, 4, import_conv_integer},
    {"MatMulInteger", 2, 4, import_mat_mul_integer},
};

}  // namespace

rt::Span<const Row> integer_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
