#include "src/import/onnx/window.h"

namespace qrt::import::onnx_import {
namespace {

// One spatial axis.
struct Axis {
  Dim in = 1;
  int64_t kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;
  int64_t extent() const { return (kernel - 1) * dilation + 1; }
};

void check_sizes(const Axis& axis) {
  for (int64_t size : {axis.kernel, axis.stride, axis.dilation}) {
    if (size < 1 || size > kMaxWindow) {
      invalid("a window size, stride or dilation of %lld", static_cast<long long>(size));
    }
  }
  for (int64_t pad : {axis.before, axis.after}) {
    if (pad < 0 || pad > kMaxWindow) invalid("padding of %lld", static_cast<long long>(pad));
  }
}

// Whether rounding the output's size up may change it.
bool rounds_up(const Axis& axis) {
  if (axis.stride == 1) return false;
  if (axis.in.open()) return true;
  const int64_t in = axis.in, span = in + axis.before + axis.after - axis.extent();
  // A window that would begin in the padding behind the input is left out.
  const int64_t out = span / axis.stride + 1;
  return span % axis.stride != 0 && out * axis.stride < in + axis.before;
}

void check_fits(const Axis& axis) {
  if (axis.in.open()) return;
  const int64_t padded = axis.before + axis.in + axis.after;
  if (padded < axis.extent()) {
    invalid("a window of %lld on %lld elements", static_cast<long long>(axis.extent()),
            static_cast<long long>(padded));
  }
}

}  // namespace

fb::Padding padding_of(const std::string& auto_pad) {
  if (auto_pad == "SAME_UPPER") return fb::Padding::Same;
  if (auto_pad == "SAME_LOWER") return fb::Padding::SameLower;
  if (auto_pad == "NOTSET" || auto_pad == "VALID") return fb::Padding::Explicit;
  invalid("auto_pad='%s'", auto_pad.c_str());
}

int64_t one_of(const std::vector<int64_t>& numbers, size_t count, size_t i, const char* what,
               int64_t otherwise) {
  if (numbers.empty()) return otherwise;
  if (numbers.size() != count) invalid("%zu numbers as %s", numbers.size(), what);
  return numbers[i];
}

Window read_window(Call& c, const Shape& input, Shape kernel, RoundingUp rounding_up) {
  const size_t axes = input.size() - 2;
  Attributes& a = c.attributes;
  const std::vector<int64_t> kernel_shape = a.integers("kernel_shape");
  const std::vector<int64_t> strides = a.integers("strides"), pads = a.integers("pads");
  const std::vector<int64_t> dilations = a.integers("dilations");
  const std::string auto_pad = a.word("auto_pad", "NOTSET");
  const bool ceil_mode = a.flag("ceil_mode", false);
  if (kernel.empty() && kernel_shape.size() != axes) invalid("no kernel_shape");

  Window window;
  Axis h_w[2];  // a single axis is the second
  const fb::Padding padding = padding_of(auto_pad);
  const bool given = auto_pad == "NOTSET";
  for (size_t i = 0; i < axes; ++i) {
    Axis& axis = h_w[i + 2 - axes];
    axis.in = input[i + 2];
    const int64_t weights = kernel.empty() ? 0 : int32_t{kernel[i]};
    axis.kernel = one_of(kernel_shape, axes, i, "kernel_shape", weights);
    if (!kernel.empty() && axis.kernel != weights) {
      invalid("kernel_shape %lld where the weights have %lld", static_cast<long long>(axis.kernel),
              static_cast<long long>(weights));
    }
    axis.stride = one_of(strides, axes, i, "strides", 1);
    axis.dilation = one_of(dilations, axes, i, "dilations", 1);
    if (given) {
      axis.before = one_of(pads, axes * 2, i, "pads", 0);
      axis.after = one_of(pads, axes * 2, i + axes, "pads", 0);
    }
    check_sizes(axis);
    if (padding != fb::Padding::Explicit) continue;
    check_fits(axis);
    window.ceil = window.ceil || (ceil_mode && rounds_up(axis));
  }
  if (window.ceil && rounding_up == RoundingUp::Refuse) {
    unsupported("ceil_mode where it may change the output");
  }
  window.kernel_h = static_cast<int32_t>(h_w[0].kernel);
  window.kernel_w = static_cast<int32_t>(h_w[1].kernel);
  window.options = std::make_unique<fb::Window2DT>();
  window.options->stride_h = static_cast<int32_t>(h_w[0].stride);
  window.options->stride_w = static_cast<int32_t>(h_w[1].stride);
  window.options->dilation_h = static_cast<int32_t>(h_w[0].dilation);
  window.options->dilation_w = static_cast<int32_t>(h_w[1].dilation);
  window.options->padding = padding;
  window.options->pad_top = static_cast<int32_t>(h_w[0].before);
  window.options->pad_bottom = static_cast<int32_t>(h_w[0].after);
  window.options->pad_left = static_cast<int32_t>(h_w[1].before);
  window.options->pad_right = static_cast<int32_t>(h_w[1].after);
  window.padded = padding != fb::Padding::Explicit || h_w[0].before + h_w[0].after > 0 ||
                  h_w[1].before + h_w[1].after > 0;
  return window;
}

int pixels_of_tap(Steps& steps, int x, const Window& window, int32_t row, int32_t column) {
  const fb::Window2DT& w = *window.options;
  const int rows =
      steps.slice(x, 1, row * w.dilation_h, (window.kernel_h - 1 - row) * w.dilation_h, w.stride_h);
  return steps.slice(rows, 2, column * w.dilation_w, (window.kernel_w - 1 - column) * w.dilation_w,
                     w.stride_w);
}

int as_nhwc(Call& c, Tensor& x) {
  const int value = c.b.form(x, channels_last(x.rank()));
  if (x.rank() == 4) return value;
  return c.b.reshaped(value, {x.shape[0], 1, x.shape[2], x.shape[1]}, x.name + "/2d");
}

int new_nhwc(Call& c, const Tensor& like) {
  const Quantization q = c.b.graph.value(like.forms.front().value).quantization;
  return c.b.value(like.rank() == 4 ? c.output_name(0) : c.temporary("2d"), like.type, q);
}

void finish_nhwc(Call& c, const Tensor& like, int value) {
  if (like.rank() == 4) return c.out_value(0, value, channels_last(4));
  const Shape nhwc = c.b.shape(value);
  const int result = c.b.reshaped(value, {nhwc[0], nhwc[2], nhwc[3]}, c.output_name(0));
  c.out_value(0, result, channels_last(3));
}

}  // namespace qrt::import::onnx_import
