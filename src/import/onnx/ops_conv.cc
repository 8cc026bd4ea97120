#include "src/import/onnx/ops.h"
#include "src/import/onnx/window.h"

namespace qrt::import::onnx_import {
namespace {

// ONNX: input [N,C,(H,)W], weights [O,C/groups,(KH,)KW], bias [O].
void import_conv(Call& c) {
  Tensor &x = c.floats(0), &w = c.floats(1);
  if (x.rank() != 3 && x.rank() != 4) {
    unsupported("a convolution of an input of %zu dimensions", x.rank());
  }
  if (w.rank() != x.rank()) invalid("weights of shape %s", text(w.shape).c_str());
  if (!w.fixed || (c.has(2) && !c.in(2).fixed)) {
    unsupported("weights that are known only at run time");
  }
  checked_elements(w.shape);
  const int64_t groups = c.attributes.integer("group", 1);
  if (groups < 1 || groups > x.shape[1] || x.shape[1] != w.shape[1] * groups ||
      w.shape[0] % groups != 0) {
    invalid("%lld groups of an input of shape %s, weights of shape %s",
            static_cast<long long>(groups), text(x.shape).c_str(), text(w.shape).c_str());
  }
  Window window =
      read_window(c, x.shape, Shape(w.shape.begin() + 2, w.shape.end()), RoundingUp::Refuse);

  int weights = c.b.form(w, channels_last(w.rank()));
  if (w.rank() == 3) {
    weights = c.b.reshaped(weights, {w.shape[0], 1, w.shape[2], w.shape[1]}, w.name + "/2d");
  }
  std::vector<int> inputs = {as_nhwc(c, x), weights};
  if (c.has(2)) {
    if (c.floats(2).shape != Shape{w.shape[0]}) {
      invalid("a bias of shape %s", text(c.in(2).shape).c_str());
    }
    inputs.push_back(c.b.plain(c.in(2)));
  }
  const int result = new_nhwc(c, x, window, w.shape[0]);
  fb::Conv2DT options;
  options.window = std::move(window.options);
  options.groups = static_cast<int32_t>(groups);
  c.emit(std::move(options), std::move(inputs), {result});
  finish_nhwc(c, x, result);
}

constexpr Row kRows[] = {
    {"Conv", 2, 3, import_conv},
};

}  // namespace

rt::Span<const Row> conv_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
