#include <algorithm>
#include <cmath>

#include "src/base/dtype.h"
#include "src/import/onnx/ops.h"
#include "src/import/onnx/steps.h"

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

// Which axes are reduced; none if the operator leaves all of them.
std::vector<int> reduced_axes(Call& c, const Tensor& x) {
  const bool none_if_empty = c.attributes.flag("noop_with_empty_axes", false);
  std::vector<int> axes = checked_axes(read_axes(c), x.rank());
  if (axes.empty() && !none_if_empty) axes = plain_order(x.rank());
  return axes;
}

void import_reduce(Call& c) {
  const auto kind = static_cast<fb::ReduceKind>(c.variant);
  Tensor& x = c.in(0);
  const bool keep_dims = c.attributes.flag("keepdims", true);
  const std::vector<int> axes = reduced_axes(c, x);
  if (axes.empty()) return c.out_same(0, c.pointer(0));
  check_not_quantized(c);
  const Reduced result = reduced(x, axes, keep_dims);
  fb::ReduceT options;
  options.kind = kind;
  options.axes = result.positions;
  options.keep_dims = keep_dims;
  c.move(std::move(options), x, x.order(), result.order);
}

enum class Norm { L1, L2, SumOfSquares, LogOfSum };

// A sum between two functions of single elements.
void import_norm(Call& c) {
  const auto norm = static_cast<Norm>(c.variant);
  Tensor& x = c.in(0);
  check_not_quantized(c);
  const bool keep_dims = c.attributes.flag("keepdims", true);
  const std::vector<int> axes = reduced_axes(c, x);
  const Reduced result = reduced(x, axes, keep_dims);
  Steps steps(c);
  int value = c.b.form(x, x.order());
  if (norm == Norm::L1) value = steps.unary(fb::UnaryKind::Abs, value);
  if (norm == Norm::L2 || norm == Norm::SumOfSquares) {
    value = steps.unary(fb::UnaryKind::Square, value);
  }
  if (!axes.empty()) value = steps.reduce(ReduceKind::Sum, value, result.positions, keep_dims);
  if (norm == Norm::L2) value = steps.unary(fb::UnaryKind::Sqrt, value);
  if (norm == Norm::LogOfSum) value = steps.unary(fb::UnaryKind::Log, value);
  steps.finish(value, result.order);
}

// log(sum(e^x)) as log(sum(e^(x - m))) + m, with the largest element m, so that nothing overflows.
void import_log_sum_exp(Call& c) {
  Tensor& x = c.reals(0);
  const bool keep_dims = c.attributes.flag("keepdims", true);
  const std::vector<int> axes = reduced_axes(c, x);
  if (axes.empty()) return c.out_same(0, c.pointer(0));
  const Reduced result = reduced(x, axes, keep_dims);
  Steps steps(c);
  const int value = c.b.form(x, x.order());
  // An infinite maximum is not taken off, which would give no number.
  const auto shift = [&](bool keep) {
    const int most = steps.reduce(ReduceKind::Max, value, result.positions, keep);
    const int size = steps.unary(fb::UnaryKind::Abs, most);
    const int finite = steps.binary(fb::BinaryKind::Less, size, steps.number(x.type, INFINITY));
    return steps.select(finite, most, steps.number(x.type, 0));
  };
  const int along = shift(true), once = keep_dims ? along : shift(false);
  const int exponentials =
      steps.unary(fb::UnaryKind::Exp, steps.binary(fb::BinaryKind::Sub, value, along));
  const int sum = steps.reduce(ReduceKind::Sum, exponentials, result.positions, keep_dims);
  const int log = steps.unary(fb::UnaryKind::Log, sum);
  steps.finish(steps.binary(fb::BinaryKind::Add, log, once), result.order);
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
  const bool last = c.attributes.flag("select_last_index", false);
  const int axis = checked_axis(c.attributes.integer("axis", 0), x.rank());
  const bool keep_dims = c.attributes.flag("keepdims", true);
  const Reduced result = reduced(x, {axis}, keep_dims);
  fb::ArgReduceT options;
  options.axis = result.positions[0];
  options.keep_dims = keep_dims;
  options.min = c.variant == 1;
  const int input = c.b.form(x, x.order());
  if (last) {  // the first from behind
    Steps steps(c);
    const int from_behind =
        steps.arg_max(steps.reversed(input, options.axis), options.axis, options.min, keep_dims);
    const int one = steps.number(DType::S64, 1);
    const int end = steps.binary(fb::BinaryKind::Sub, steps.size(input, options.axis), one);
    return steps.finish(steps.binary(fb::BinaryKind::Sub, end, from_behind), result.order);
  }
  c.emit(std::move(options), {input}, {c.out(0, DType::S64, result.order)});
}

constexpr Row reduce(const char* op, ReduceKind kind) { return row(op, 1, 2, import_reduce, kind); }

constexpr Row kRows[] = {
    {"ArgMax", 1, 1, import_arg_reduce, 0},
    {"ArgMin", 1, 1, import_arg_reduce, 1},
    row("GlobalAveragePool", 1, 1, import_global_pool, ReduceKind::Mean),
    row("GlobalMaxPool", 1, 1, import_global_pool, ReduceKind::Max),
    row("ReduceL1", 1, 2, import_norm, Norm::L1),
    row("ReduceL2", 1, 2, import_norm, Norm::L2),
    row("ReduceLogSum", 1, 2, import_norm, Norm::LogOfSum),
    {"ReduceLogSumExp", 1, 2, import_log_sum_exp},
    reduce("ReduceMax", ReduceKind::Max),
    reduce("ReduceMean", ReduceKind::Mean),
    reduce("ReduceMin", ReduceKind::Min),
    reduce("ReduceProd", ReduceKind::Prod),
    reduce("ReduceSum", ReduceKind::Sum),
    row("ReduceSumSquare", 1, 2, import_norm, Norm::SumOfSquares),
};

}  // namespace

rt::Span<const Row> reduce_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
