// Operators along axes: sums, maxima, softmax.
#include <algorithm>

#include "src/export/onnx/ops.h"

namespace qrt::onnx_export {
namespace {

using fb::ReduceKind;
using graph::channels_first;

const char* operator_of(ReduceKind kind) {
  switch (kind) {
    case ReduceKind::Mean:
      return "ReduceMean";
    case ReduceKind::Sum:
      return "ReduceSum";
    case ReduceKind::Max:
      return "ReduceMax";
    case ReduceKind::Min:
      return "ReduceMin";
    case ReduceKind::Prod:
      return "ReduceProd";
  }
  return nullptr;
}

int resolved(int axis, size_t rank) { return axis < 0 ? axis + static_cast<int>(rank) : axis; }

std::vector<int> resolved_axes(const std::vector<int32_t>& axes, size_t rank) {
  std::vector<int> result;
  for (int axis : axes) result.push_back(resolved(axis, rank));
  std::sort(result.begin(), result.end());
  return result;
}

// The mean of a feature map has an operator of its own, which runtimes have in integers.
void global_average(Call& c, bool keep_dims) {
  const Order order = channels_first(4);
  const std::string y = c.m.node("GlobalAveragePool", {c.t.numbers(c.in(0), order)}, c.wanted());
  if (keep_dims) return c.give_numbers(order, y);
  const Value& out = c.result();
  std::string codes = y;
  if (has_codes(out)) {
    codes =
        c.t.quantize(y, out.quantization.scales[0], zero_code(out), DType::U8, out.name + "/u8");
  }
  c.give_codes(graph::plain_order(2), c.t.reshaped(codes, out.shape, out.name + "/flat"));
}

void export_reduce(Call& c) {
  const auto& options = *c.node.options.AsReduce();
  const int x = c.in(0);
  const Order order = c.t.order(x);
  const std::vector<int> axes = resolved_axes(options.axes, c.t.rank(x));
  const bool floats = c.t.value(x).type == DType::F32 || has_codes(c.t.value(x));
  if (options.kind == ReduceKind::Mean && floats && order == channels_first(4) &&
      axes == std::vector<int>{1, 2}) {
    return global_average(c, options.keep_dims);
  }
  std::vector<int64_t> positions;
  for (int axis : axes) positions.push_back(graph::position(order, axis));
  std::sort(positions.begin(), positions.end());
  Names inputs = {c.t.numbers(x, order)};
  Attributes attributes = {{"keepdims", int64_t{options.keep_dims}}};
  if (options.kind == ReduceKind::Sum) {
    inputs.push_back(c.m.vector(c.wanted() + "/axes", positions));
  } else {
    attributes.push_back({"axes", positions});
  }
  const Order left = options.keep_dims ? order : graph::without_axes(order, axes);
  c.give_numbers(left,
                 c.m.node(operator_of(options.kind), std::move(inputs), c.wanted(), attributes));
}

// Codes are ordered as the numbers they stand for.
void export_arg_reduce(Call& c) {
  const auto& options = *c.node.options.AsArgReduce();
  const int x = c.in(0);
  const Order order = c.t.order(x);
  const int axis = resolved(options.axis, c.t.rank(x));
  std::string y = c.m.node(
      options.min ? "ArgMin" : "ArgMax", {c.t.codes(x, order)}, c.wanted(),
      {{"axis", int64_t{graph::position(order, axis)}}, {"keepdims", int64_t{options.keep_dims}}});
  if (c.result().type != DType::S64) {
    y = c.m.node("Cast", {y}, c.wanted(), {{"to", int64_t{onnx_type(c.result().type)}}});
  }
  c.give_codes(options.keep_dims ? order : graph::without_axes(order, {axis}), y);
}

void export_softmax(Call& c) {
  const auto& options = *c.node.options.AsSoftmax();
  const int x = c.in(0);
  const Order order = c.t.order(x);
  std::string in = c.t.numbers(x, order);
  if (options.beta != 1) {
    in = c.m.node("Mul", {in, c.m.scalar(c.wanted() + "/beta", options.beta)}, c.wanted());
  }
  const int64_t axis = graph::position(order, static_cast<int>(c.t.rank(x)) - 1);
  c.give_numbers(
      order, c.m.node(options.log ? "LogSoftmax" : "Softmax", {in}, c.wanted(), {{"axis", axis}}));
}

constexpr Row kRows[] = {
    {fb::OpOptions::Reduce, export_reduce},
    {fb::OpOptions::Softmax, export_softmax},
    {fb::OpOptions::ArgReduce, export_arg_reduce},
};

}  // namespace

rt::Span<const Row> reduce_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::onnx_export
