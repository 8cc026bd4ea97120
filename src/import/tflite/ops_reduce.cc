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

constexpr OpRule kRules[] = {
    {Builtin::MEAN, 2, 2, 1, 1, reduce<ReduceKind::Mean>},
    {Builtin::SUM, 2, 2, 1, 1, reduce<ReduceKind::Sum>},
    {Builtin::REDUCE_MAX, 2, 2, 1, 1, reduce<ReduceKind::Max>},
    {Builtin::REDUCE_MIN, 2, 2, 1, 1, reduce<ReduceKind::Min>},
    {Builtin::REDUCE_PROD, 2, 2, 1, 1, reduce<ReduceKind::Prod>},
    {Builtin::ARG_MAX, 2, 2, 1, 1, arg_reduce<false>},
    {Builtin::ARG_MIN, 2, 2, 1, 1, arg_reduce<true>},
};

}  // namespace

rt::Span<const OpRule> reduce_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
