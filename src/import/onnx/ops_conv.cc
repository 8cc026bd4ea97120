#include <algorithm>
#include <limits>

#include "src/import/onnx/ops.h"
#include "src/import/onnx/window.h"

namespace qrt::import::onnx_import {
namespace {

// The operands that Conv and ConvTranspose have in common: an input [N,C,(H,)W], constant weights
// of as many dimensions, and a bias.
void check_operands(Call& c, const char* what) {
  const Tensor &x = c.floats(0), &w = c.floats(1);
  if (x.rank() != 3 && x.rank() != 4)
    unsupported("a %s of an input of %zu dimensions", what, x.rank());
  if (w.rank() != x.rank()) invalid("weights of shape %s", text(w.shape).c_str());
  if (!w.fixed || (c.has(2) && !c.in(2).fixed)) {
    unsupported("weights that are known only at run time");
  }
  checked_elements(w.shape);
}

[[noreturn]] void invalid_groups(const Tensor& x, const Tensor& w, int64_t groups) {
  invalid("%lld groups of an input of shape %s, weights of shape %s",
          static_cast<long long>(groups), text(x.shape).c_str(), text(w.shape).c_str());
}

void add_bias(Call& c, Dim outputs, std::vector<int>* inputs) {
  if (!c.has(2)) return;
  if (c.floats(2).shape != Shape{outputs}) {
    invalid("a bias of shape %s", text(c.in(2).shape).c_str());
  }
  inputs->push_back(c.b.plain(c.in(2)));
}

// ONNX: input [N,C,(H,)W], weights [O,C/groups,(KH,)KW], bias [O].
void import_conv(Call& c) {
  Tensor &x = c.floats(0), &w = c.floats(1);
  check_operands(c, "convolution");
  const int64_t groups = c.attributes.integer("group", 1);
  const int64_t channels = x.shape[1];
  if (groups < 1 || groups > channels || channels != w.shape[1] * groups ||
      w.shape[0] % groups != 0) {
    invalid_groups(x, w, groups);
  }
  Window window =
      read_window(c, x.shape, Shape(w.shape.begin() + 2, w.shape.end()), RoundingUp::Refuse);

  int weights = c.b.form(w, channels_last(w.rank()));
  if (w.rank() == 3) {
    weights = c.b.reshaped(weights, {w.shape[0], 1, w.shape[2], w.shape[1]}, w.name + "/2d");
  }
  std::vector<int> inputs = {as_nhwc(c, x), weights};
  add_bias(c, w.shape[0], &inputs);
  const int result = new_nhwc(c, x);
  fb::Conv2DT options;
  options.window = std::move(window.options);
  options.groups = static_cast<int32_t>(groups);
  c.emit(std::move(options), std::move(inputs), {result});
  finish_nhwc(c, x, result);
}

// One axis of a transposed convolution.
struct TransposedAxis {
  int64_t kernel = 1, stride = 1, dilation = 1, before = 0, after = 0, more = 0;

  // What the input's size does not decide about the output's.
  int64_t constant() const { return (kernel - 1) * dilation + 1 - stride + more; }
  // Cuts `total` elements off the output; fewer than none add to it.
  void cut(int64_t total, bool odd_one_after) {
    more += std::max<int64_t>(-total, 0);
    total = std::max<int64_t>(total, 0);
    before = odd_one_after ? total / 2 : total - total / 2;
    after = total - before;
  }
};

int64_t number_at(const std::vector<int64_t>& numbers, size_t count, size_t i, const char* what,
                  int64_t otherwise) {
  const int64_t number = one_of(numbers, count, i, what, otherwise);
  if (!numbers.empty() && (number < 0 || number > kMaxWindow)) {
    invalid("%s of %lld", what, static_cast<long long>(number));
  }
  return number;
}

// The attributes of ConvTranspose for spatial axis i of `axes`.
TransposedAxis transposed_axis(Call& c, const Shape& input, const Shape& kernel, size_t i) {
  const size_t axes = kernel.size();
  Attributes& a = c.attributes;
  TransposedAxis axis;
  axis.kernel = kernel[i];
  if (number_at(a.integers("kernel_shape"), axes, i, "kernel_shape", axis.kernel) != axis.kernel) {
    invalid("a kernel_shape that is not that of the weights");
  }
  axis.stride = number_at(a.integers("strides"), axes, i, "strides", 1);
  axis.dilation = number_at(a.integers("dilations"), axes, i, "dilations", 1);
  axis.more = number_at(a.integers("output_padding"), axes, i, "output_padding", 0);
  if (axis.stride < 1 || axis.dilation < 1) invalid("a stride or dilation of 0");
  const std::string auto_pad = a.word("auto_pad", "NOTSET");
  const bool same = padding_of(auto_pad) != fb::Padding::Explicit;
  std::vector<int64_t> sizes = a.integers("output_shape");
  // Some exporters give the batch and the channels, too.
  if (sizes.size() == axes + 2) sizes.erase(sizes.begin(), sizes.begin() + 2);
  if (!sizes.empty()) {
    const int64_t wanted = number_at(sizes, axes, i, "output_shape", 0), in = input[i + 2];
    axis.cut(in * axis.stride + axis.constant() - wanted, auto_pad == "SAME_UPPER");
  } else if (same) {
    axis.cut(axis.constant(), auto_pad == "SAME_UPPER");
  } else if (auto_pad == "NOTSET") {
    axis.before = number_at(a.integers("pads"), axes * 2, i, "pads", 0);
    axis.after = number_at(a.integers("pads"), axes * 2, i + axes, "pads", 0);
  }
  return axis;
}

// [C,O/groups,...] -> [groups,C/groups,O/groups,...] -> [groups,O/groups,...,C/groups] -> [O,...]
int transposed_weights(Call& c, Tensor& w, int32_t groups) {
  const int32_t in = w.shape[0] / groups, out = w.shape[1];
  const int32_t kh = w.rank() == 4 ? w.shape[2] : Dim(1), kw = w.shape.back();
  if (groups == 1) {
    // One step, which weights quantized per output channel take as well.
    int weights = c.b.plain(w);
    if (w.rank() == 3) weights = c.b.reshaped(weights, {in, out, 1, kw}, w.name + "/2d");
    return c.b.transposed(weights, {1, 2, 3, 0}, w.name + "/ohwi");
  }
  const int grouped = c.b.reshaped(c.b.plain(w), {groups, in, out, kh, kw}, w.name + "/groups");
  const int turned = c.b.transposed(grouped, {0, 2, 3, 4, 1}, w.name + "/gohwi");
  return c.b.reshaped(turned, {groups * out, kh, kw, in}, w.name + "/ohwi");
}

// ONNX: input [N,C,(H,)W], weights [C,O/groups,(KH,)KW], bias [O].
void import_conv_transpose(Call& c) {
  Tensor &x = c.floats(0), &w = c.floats(1);
  check_operands(c, "transposed convolution");
  const int64_t groups = c.attributes.integer("group", 1);
  if (groups < 1 || groups > w.shape[0] || w.shape[0] % groups != 0 || x.shape[1] != w.shape[0] ||
      w.shape[1] * groups > std::numeric_limits<int32_t>::max()) {
    invalid_groups(x, w, groups);
  }
  const auto outputs = static_cast<int32_t>(w.shape[1] * groups);
  const Shape kernel(w.shape.begin() + 2, w.shape.end());
  TransposedAxis h, wide = transposed_axis(c, x.shape, kernel, kernel.size() - 1);
  if (kernel.size() == 2) h = transposed_axis(c, x.shape, kernel, 0);

  fb::TransposedConv2DT options;
  options.window = std::make_unique<fb::Window2DT>();
  fb::Window2DT& window = *options.window;
  window.stride_h = static_cast<int32_t>(h.stride);
  window.stride_w = static_cast<int32_t>(wide.stride);
  window.dilation_h = static_cast<int32_t>(h.dilation);
  window.dilation_w = static_cast<int32_t>(wide.dilation);
  window.pad_top = static_cast<int32_t>(h.before);
  window.pad_bottom = static_cast<int32_t>(h.after);
  window.pad_left = static_cast<int32_t>(wide.before);
  window.pad_right = static_cast<int32_t>(wide.after);
  options.output_padding_h = static_cast<int32_t>(h.more);
  options.output_padding_w = static_cast<int32_t>(wide.more);
  options.groups = static_cast<int32_t>(groups);

  std::vector<int> inputs = {as_nhwc(c, x), transposed_weights(c, w, options.groups)};
  add_bias(c, outputs, &inputs);
  const auto check_size = [](Dim in, const TransposedAxis& axis) {
    if (in.open()) return;
    const int64_t out =
        int64_t{in.symbol()} * axis.stride + axis.constant() - axis.before - axis.after;
    if (out < 1 || out > std::numeric_limits<int32_t>::max()) {
      invalid("an output of %lld elements along an axis", static_cast<long long>(out));
    }
  };
  check_size(x.rank() == 4 ? x.shape[2] : Dim(1), h);
  check_size(x.shape.back(), wide);
  const int result = new_nhwc(c, x);
  c.emit(std::move(options), std::move(inputs), {result});
  finish_nhwc(c, x, result);
}

constexpr Row kRows[] = {
    {"Conv", 2, 3, import_conv},
    {"ConvTranspose", 2, 3, import_conv_transpose},
};

}  // namespace

rt::Span<const Row> conv_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
