#include <algorithm>
#include <cmath>

#include "src/import/onnx/ops.h"
#include "src/import/onnx/steps.h"
#include "src/import/onnx/window.h"

namespace qrt::import::onnx_import {
namespace {

// The largest of the pixels that the window's taps meet.
void dilated_pool(Call& c, Tensor& x, fb::PoolKind kind, const Window& window) {
  const fb::Window2DT& w = *window.options;
  if (kind != fb::PoolKind::Max) unsupported("an average pool with dilations");
  if (window.ceil || w.padding != fb::Padding::Explicit) {
    unsupported("a pool with dilations and ceil_mode or auto_pad");
  }
  constexpr int32_t kMostTaps = 1024;
  if (int64_t{window.kernel_h} * window.kernel_w > kMostTaps) unsupported("a large dilated pool");
  check_not_quantized(c);
  Steps steps(c);
  int input = as_nhwc(c, c.floats(0));
  if (window.padded) {
    fb::PadT pad;
    pad.before = {0, w.pad_top, w.pad_left, 0};
    pad.after = {0, w.pad_bottom, w.pad_right, 0};
    pad.value = -INFINITY;
    input = steps.add(std::move(pad), {input}, x.type);
  }
  int most = -1;
  for (int32_t row = 0; row < window.kernel_h; ++row) {
    for (int32_t column = 0; column < window.kernel_w; ++column) {
      const int pixels = pixels_of_tap(steps, input, window, row, column);
      most = most < 0 ? pixels : steps.binary(fb::BinaryKind::Max, most, pixels);
    }
  }
  finish_nhwc(c, x, most);
}

void pool(Call& c, Tensor& x, fb::PoolKind kind, bool count_padding) {
  if (x.rank() != 3 && x.rank() != 4) unsupported("a pool of %zu dimensions", x.rank());
  Window window =
      read_window(c, x.shape, {}, count_padding ? RoundingUp::Refuse : RoundingUp::Allow);
  if (window.options->dilation_h != 1 || window.options->dilation_w != 1) {
    return dilated_pool(c, x, kind, window);
  }
  const int input = as_nhwc(c, x);
  const int result = new_nhwc(c, x);
  fb::Pool2DT options;
  options.kind = kind;
  options.kernel_h = window.kernel_h;
  options.kernel_w = window.kernel_w;
  options.count_include_pad = count_padding && window.padded;
  options.ceil_mode = window.ceil;
  options.window = std::move(window.options);
  c.emit(std::move(options), {input}, {result});
  finish_nhwc(c, x, result);
}

// |x|^p
int emit_power(Steps& steps, int x, int64_t p) {
  if (p == 2) return steps.unary(fb::UnaryKind::Square, x);
  const int size = steps.unary(fb::UnaryKind::Abs, x);
  if (p == 1) return size;
  return steps.binary(fb::BinaryKind::Pow, size, steps.number(static_cast<float>(p)));
}

int emit_root(Steps& steps, int x, int64_t p) {
  if (p == 1) return x;
  if (p == 2) return steps.unary(fb::UnaryKind::Sqrt, x);
  return steps.binary(fb::BinaryKind::Pow, x, steps.number(1.0f / static_cast<float>(p)));
}

int64_t read_power(Call& c) {
  const int64_t p = c.attributes.integer("p", 2);
  if (p < 1 || p > 64) unsupported("p=%lld", static_cast<long long>(p));
  return p;
}

// The root of a window's sum of powers, which is the average with padding times the window's size.
void import_lp_pool(Call& c) {
  Tensor& x = c.floats(0);
  if (x.rank() != 3 && x.rank() != 4) unsupported("a pool of %zu dimensions", x.rank());
  const int64_t p = read_power(c);
  Window window = read_window(c, x.shape, {}, RoundingUp::Refuse);
  if (window.options->dilation_h != 1 || window.options->dilation_w != 1) {
    unsupported("a pool with dilations");
  }
  Steps steps(c);
  const int powers = emit_power(steps, as_nhwc(c, x), p);
  fb::Pool2DT options;
  options.kind = fb::PoolKind::Average;
  options.kernel_h = window.kernel_h;
  options.kernel_w = window.kernel_w;
  options.count_include_pad = window.padded;
  options.window = std::move(window.options);
  const int average = steps.add(std::move(options), {powers}, DType::F32);
  const int count =
      steps.number(static_cast<float>(window.kernel_h) * static_cast<float>(window.kernel_w));
  finish_nhwc(c, x, emit_root(steps, steps.binary(fb::BinaryKind::Mul, average, count), p));
}

void import_global_lp_pool(Call& c) {
  Tensor& x = c.floats(0);
  if (x.rank() < 3) invalid("an input of shape %s", text(x.shape).c_str());
  const int64_t p = read_power(c);
  std::vector<int32_t> positions;
  for (int axis = 2; axis < static_cast<int>(x.rank()); ++axis) {
    positions.push_back(position(x.order(), axis));
  }
  std::sort(positions.begin(), positions.end());
  Steps steps(c);
  const int powers = emit_power(steps, c.b.form(x, x.order()), p);
  const int sum = steps.reduce(fb::ReduceKind::Sum, powers, positions, true);
  steps.finish(emit_root(steps, sum, p), x.order());
}

void import_max_pool(Call& c) {
  if (c.output_read(1)) unsupported("the indices of the maxima");
  c.attributes.ignore("storage_order");  // concerns the indices only
  pool(c, c.in(0), fb::PoolKind::Max, false);
}

void import_average_pool(Call& c) {
  const bool count_padding = c.attributes.flag("count_include_pad", false);
  pool(c, c.floats(0), fb::PoolKind::Average, count_padding);
}

constexpr Row kRows[] = {
    {"AveragePool", 1, 1, import_average_pool},
    {"GlobalLpPool", 1, 1, import_global_lp_pool},
    {"LpPool", 1, 1, import_lp_pool},
    {"MaxPool", 1, 1, import_max_pool},
};

}  // namespace

rt::Span<const Row> pool_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
