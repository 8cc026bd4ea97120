// Operators that reduce an axis to one element.
#include <algorithm>

#include "src/import/tflite/op_table.h"

namespace qrt::import::tflite {
namespace {

using fb::ReduceKind;
using tfl::Builtin;

template <ReduceKind kind>
Status reduce(OpContext& op) {
  const auto* options = op.options<tfl::ReducerOptions>();
  std::vector<int64_t> axes;
  QRT_RETURN_IF_ERROR(op.ints(1, "axes", at(rt::kMaxRank), &axes));
  fb::ReduceT reduce;
  reduce.kind = kind;
  reduce.keep_dims = options != nullptr && options->keep_dims();
  for (int64_t listed : axes) {
    int axis;
    QRT_RETURN_IF_ERROR(op.checked_axis(listed, op.rank(0), &axis));
    reduce.axes.push_back(axis);
  }
  if (axes.empty()) return Status(Code::Unsupported, "reduces no axis");
  std::sort(reduce.axes.begin(), reduce.axes.end());
  reduce.axes.erase(std::unique(reduce.axes.begin(), reduce.axes.end()), reduce.axes.end());
  return op.emit(std::move(reduce), {op.input(0)}, {op.output()});
}

template <bool min>
Status arg_reduce(OpContext& op) {
  fb::ArgReduceT reduce;
  reduce.min = min;
  QRT_RETURN_IF_ERROR(op.axis_input(1, "axis", op.rank(0), &reduce.axis));
  return op.emit(std::move(reduce), {op.input(0)}, {op.output()});
}

Status cum_sum(OpContext& op) {
  const auto* options = op.options<tfl::CumsumOptions>();
  fb::CumSumT sum;
  sum.exclusive = options != nullptr && options->exclusive();
  sum.reverse = options != nullptr && options->reverse();
  QRT_RETURN_IF_ERROR(op.axis_input(1, "axis", op.rank(0), &sum.axis));
  return op.emit(std::move(sum), {op.input(0)}, {op.output()});
}

// x / max(sqrt(sum of squares), 1e-6) over the last axis; in floats, for the range of the sum is
// nowhere in the file.
Status l2_normalization(OpContext& op) {
  const auto* options = op.options<tfl::L2NormOptions>();
  if (op.rank(0) < 1) return Status(Code::InvalidModel, "normalizes a scalar");
  int x, least;
  QRT_RETURN_IF_ERROR(op.dequantized(op.input(0), &x));
  constexpr float kLeast = 1e-6f;
  const auto* bytes = reinterpret_cast<const uint8_t*>(&kLeast);
  QRT_RETURN_IF_ERROR(op.add_constant(op.out().name + "/least", DType::F32, {},
                                      graph::Bytes(bytes, bytes + sizeof kLeast), {}, &least));
  const int squares = op.add_inner("/squares", DType::F32);
  const int sum = op.add_inner("/sum", DType::F32);
  const int root = op.add_inner("/root", DType::F32);
  const int norm = op.add_inner("/norm", DType::F32);
  fb::UnaryT square, sqrt;
  square.kind = fb::UnaryKind::Square;
  sqrt.kind = fb::UnaryKind::Sqrt;
  fb::ReduceT reduce;
  reduce.kind = ReduceKind::Sum;
  reduce.axes = {op.rank(0) - 1};
  reduce.keep_dims = true;
  fb::BinaryT max, quotient;
  max.kind = fb::BinaryKind::Max;
  quotient.kind = fb::BinaryKind::Div;
  QRT_RETURN_IF_ERROR(op.emit(std::move(square), {x}, {squares}));
  QRT_RETURN_IF_ERROR(op.emit(std::move(reduce), {squares}, {sum}));
  QRT_RETURN_IF_ERROR(op.emit(std::move(sqrt), {sum}, {root}));
  QRT_RETURN_IF_ERROR(op.emit(std::move(max), {root, least}, {norm}));
  if (op.out().type == DType::F32) {
    FusedActivation activation;
    QRT_RETURN_IF_ERROR(
        activation.begin(op, options != nullptr ? options->activation() : tfl::Activation::NONE));
    quotient.clamp = activation.clamp();
    QRT_RETURN_IF_ERROR(op.emit(std::move(quotient), {x, norm}, {activation.output()}));
    return activation.finish(op);
  }
  const int normal = op.add_inner("/normal", DType::F32);
  QRT_RETURN_IF_ERROR(op.emit(std::move(quotient), {x, norm}, {normal}));
  return op.emit(fb::QuantizeT(), {normal}, {op.output()});
}

constexpr OpRule kRules[] = {
    {Builtin::MEAN, 2, 2, 1, 1, reduce<ReduceKind::Mean>},
    {Builtin::SUM, 2, 2, 1, 1, reduce<ReduceKind::Sum>},
    {Builtin::REDUCE_MAX, 2, 2, 1, 1, reduce<ReduceKind::Max>},
    {Builtin::REDUCE_MIN, 2, 2, 1, 1, reduce<ReduceKind::Min>},
    {Builtin::REDUCE_PROD, 2, 2, 1, 1, reduce<ReduceKind::Prod>},
    {Builtin::REDUCE_ANY, 2, 2, 1, 1, reduce<ReduceKind::Max>},
    {Builtin::REDUCE_ALL, 2, 2, 1, 1, reduce<ReduceKind::Min>},
    {Builtin::L2_NORMALIZATION, 1, 1, 1, 1, l2_normalization},
    {Builtin::CUMSUM, 2, 2, 1, 1, cum_sum},
    {Builtin::ARG_MAX, 2, 2, 1, 1, arg_reduce<false>},
    {Builtin::ARG_MIN, 2, 2, 1, 1, arg_reduce<true>},
};

}  // namespace

rt::Span<const OpRule> reduce_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
