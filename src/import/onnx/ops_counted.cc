// Operators whose results are as large as a run decides.
#include <cmath>

#include "src/import/onnx/ops.h"

namespace qrt::import::onnx_import {
namespace {

// ONNX gives a column for each element, libqrt a row.
void import_non_zero(Call& c) {
  check_not_quantized(c);
  c.emit(fb::NonZeroT{}, {c.b.plain(c.in(0))}, {c.out(0, DType::S64, Order{1, 0})});
}

// One number of input i, which is an attribute if it is known: nothing if it is not.
std::optional<Numbers> known_number(Call& c, size_t i) {
  if (checked_elements(c.in(i).shape) != 1) invalid("input %zu is not one number", i);
  return numbers_of(c.b, c.in(i));
}

void import_non_max_suppression(Call& c) {
  fb::NonMaxSuppressionT options;
  options.center_point_box = c.attributes.flag("center_point_box", false);
  std::vector<int> inputs = {c.b.plain(c.floats(0)), c.b.plain(c.floats(1))};
  const auto replace = [&](size_t i) {
    inputs.resize(i, graph::kAbsent);
    inputs.push_back(c.b.plain(c.in(i)));
  };
  if (c.has(2)) {
    if (const auto most = known_number(c, 2)) {
      options.most_per_class =
          static_cast<int32_t>(std::clamp<int64_t>(most->integers[0], 0, INT32_MAX));
    } else {
      replace(2);
    }
  }
  for (size_t i : {3, 4}) {
    if (!c.has(i)) continue;
    (void)c.floats(i);
    if (const auto threshold = known_number(c, i)) {
      (i == 3 ? options.iou_threshold : options.score_threshold) = threshold->floats[0];
    } else {
      replace(i);
    }
  }
  c.emit(std::move(options), std::move(inputs), {c.out(0, DType::S64, plain_order(2))});
}

// The places along an axis (or of all elements in one row) where a condition holds.
void import_compress(Call& c) {
  Tensor &x = c.in(0), &condition = c.in(1);
  if (condition.type != DType::Bool || condition.rank() != 1)
    invalid("a condition of %s %s", rt::dtype_name(condition.type), text(condition.shape).c_str());
  fb::GatherT options;
  Order order = {0};
  int input = -1;
  Dim size = 1;
  if (c.attributes.has("axis")) {
    const int axis = checked_axis(c.attributes.integer("axis", 0), x.rank());
    order = x.order();
    input = c.b.form(x, order);
    options.axis = position(order, axis);
    size = x.shape[static_cast<size_t>(axis)];
  } else {
    int32_t all = 1;
    for (Dim dim : x.shape) all = c.b.dims().mul(all, dim.symbol());
    size = all;
    input = c.b.reshaped(c.b.plain(x), {size}, c.temporary("row"));
  }
  if (!c.b.dims().at_least(size.symbol(), condition.shape[0].symbol())) {
    unsupported("a condition of %s for an axis of %s", text(condition.shape).c_str(),
                text({size}).c_str());
  }
  const int holds = c.b.value(c.temporary("holds"), DType::S64);
  c.emit(fb::NonZeroT{}, {c.b.plain(condition)}, {holds});
  const int places = c.b.reshaped(holds, {c.b.shape(holds)[0]}, c.temporary("places"));
  const Quantization q = c.moved_quantization(input);
  c.emit(std::move(options), {input, places}, {c.out(0, x.type, order, q)});
}

constexpr Row kRows[] = {
    {"Compress", 2, 2, import_compress},
    {"NonMaxSuppression", 2, 5, import_non_max_suppression},
    {"NonZero", 1, 1, import_non_zero},
};

}  // namespace

rt::Span<const Row> counted_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
