#include <algorithm>

#include "src/base/dtype.h"
#include "src/import/onnx/ops.h"

namespace qrt::import::onnx_import {
namespace {

using fb::ReduceKind;

// What reducing some axes makes of a tensor.
struct Reduced {
  Order order;
  std::vector<int32_t> positions;  // of the reduced axes in memory
};

Reduced reduced(const Tensor& x, const std::vector<int>& axes, bool keep_dims) {
  Reduced result;
  for (int axis : axes) result.positions.push_back(position(x.order(), axis));
  std::sort(result.positions.begin(), result.positions.end());
  result.order = keep_dims ? x.order() : without_axes(x.order(), axes);
  return result;
}

// An attribute at first, an input since opset 13 (ReduceSum) or 18 (the others).
std::vector<int64_t> read_axes(Call& c) {
  if (c.has(1)) return c.integers(1, "axes");
  return c.attributes.integers("axes");
}

void import_reduce(Call& c) {
  const auto kind = static_cast<fb::ReduceKind>(c.variant);
  Tensor& x = c.in(0);
  const bool keep_dims = c.attributes.flag("keepdims", true);
  const bool none_if_empty = c.attributes.flag("noop_with_empty_axes", false);
  std::vector<int> axes = checked_axes(read_axes(c), x.rank());
  if (axes.empty()) {
    if (none_if_empty || x.rank() == 0) return c.out_same(0, c.pointer(0));
    axes = plain_order(x.rank());
  }
  check_not_quantized(c);
  const Reduced result = reduced(x, axes, keep_dims);
  fb::ReduceT options;
  options.kind = kind;
  options.axes = result.positions;
  options.keep_dims = keep_dims;
  c.move(std::move(options), x, x.order(), result.order);
}

// The square root of the sum of squares.
void import_reduce_l2(Call& c) {
  Tensor& x = c.reals(0);
  const bool keep_dims = c.attributes.flag("keepdims", true);
  if (c.attributes.flag("noop_with_empty_axes", false)) unsupported("noop_with_empty_axes");
  std::vector<int> axes = checked_axes(read_axes(c), x.rank());
  if (axes.empty()) axes = plain_order(x.rank());
  const Reduced result = reduced(x, axes, keep_dims);
  const auto unary = [&](fb::UnaryKind kind, int from, int to) {
    fb::UnaryT options;
    options.kind = kind;
    c.emit(std::move(options), {from}, {to});
  };
  const int input = c.b.form(x, x.order());
  const int square = c.b.value(c.temporary("square"), x.type);
  const int sum = c.b.value(c.temporary("sum"), x.type);
  unary(fb::UnaryKind::Square, input, square);
  fb::ReduceT options;
  options.kind = fb::ReduceKind::Sum;
  options.axes = result.positions;
  options.keep_dims = keep_dims;
  c.emit(std::move(options), {square}, {sum});
  unary(fb::UnaryKind::Sqrt, sum, c.out(0, x.type, result.order));
}

// Over all spatial axes, which stay with one element.
void import_global_pool(Call& c) {
  Tensor& x = c.floats(0);
  if (x.rank() < 3) invalid("an input of shape %s", text(x.shape).c_str());
  std::vector<int> axes;
  for (int axis = 2; axis < static_cast<int>(x.rank()); ++axis) axes.push_back(axis);
  const Reduced result = reduced(x, axes, true);
  fb::ReduceT options;
  options.kind = static_cast<fb::ReduceKind>(c.variant);
  options.axes = result.positions;
  options.keep_dims = true;
  c.move(std::move(options), x, x.order(), result.order);
}

void import_arg_reduce(Call& c) {
  Tensor& x = c.in(0);
  if (c.attributes.flag("select_last_index", false)) unsupported("select_last_index");
  const int axis = checked_axis(c.attributes.integer("axis", 0), x.rank());
  const bool keep_dims = c.attributes.flag("keepdims", true);
  const Reduced result = reduced(x, {axis}, keep_dims);
  fb::ArgReduceT options;
  options.axis = result.positions[0];
  options.keep_dims = keep_dims;
  options.min = c.variant == 1;
  const int input = c.b.form(x, x.order());
  c.emit(std::move(options), {input}, {c.out(0, DType::S64, result.order)});
}

constexpr Row reduce(const char* op, ReduceKind kind) { return row(op, 1, 2, import_reduce, kind); }

constexpr Row kRows[] = {
    {"ArgMax", 1, 1, import_arg_reduce, 0},
    {"ArgMin", 1, 1, import_arg_reduce, 1},
    row("GlobalAveragePool", 1, 1, import_global_pool, ReduceKind::Mean),
    row("GlobalMaxPool", 1, 1, import_global_pool, ReduceKind::Max),
    {"ReduceL2", 1, 2, import_reduce_l2},
    reduce("ReduceMax", ReduceKind::Max),
    reduce("ReduceMean", ReduceKind::Mean),
    reduce("ReduceMin", ReduceKind::Min),
    reduce("ReduceProd", ReduceKind::Prod),
    reduce("ReduceSum", ReduceKind::Sum),
};

}  // namespace

rt::Span<const Row> reduce_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
