#include "src/import/onnx/ops.h"
#include "src/import/onnx/window.h"

namespace qrt::import::onnx_import {
namespace {

void pool(Call& c, Tensor& x, fb::PoolKind kind, bool count_padding) {
  if (x.rank() != 3 && x.rank() != 4) unsupported("a pool of %zu dimensions", x.rank());
  Window window =
      read_window(c, x.shape, {}, count_padding ? RoundingUp::Refuse : RoundingUp::Allow);
  if (window.options->dilation_h != 1 || window.options->dilation_w != 1) {
    unsupported("a pool with dilations");
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
    {"MaxPool", 1, 1, import_max_pool},
};

}  // namespace

rt::Span<const Row> pool_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
