// Operators that make elements of nothing but a number or a shape, or put them the other way round.
#include <algorithm>
#include <cstring>

#include "src/import/tflite/op_table.h"

namespace qrt::import::tflite {
namespace {

using tfl::Builtin;

// `value`, a single element, in this many dimensions: a constant shape, or one that is computed.
Status emit_filled(OpContext& op, int value, int shape_input) {
  fb::BroadcastToT broadcast;
  const rt::Integers* computed = op.computed(shape_input);
  if (computed != nullptr && !std::all_of(computed->begin(), computed->end(), rt::is_number)) {
    return op.emit(std::move(broadcast), {value, op.input(shape_input)}, {op.output()});
  }
  std::vector<int64_t> sizes;
  QRT_RETURN_IF_ERROR(op.ints(shape_input, "shape", at(rt::kMaxRank), &sizes));
  for (int64_t size : sizes) {
    if (size < 1 || size > INT32_MAX) {
      return error(Code::InvalidModel, "its shape holds %lld", static_cast<long long>(size));
    }
    broadcast.shape.push_back(static_cast<int32_t>(size));
  }
  return op.emit(std::move(broadcast), {value}, {op.output()});
}

Status fill(OpContext& op) {
  if (element_count(op.shape(1)) != 1) return Status(Code::InvalidModel, "fills with no number");
  int value;
  QRT_RETURN_IF_ERROR(op.reshaped(op.input(1), {}, "/value", &value));
  return emit_filled(op, value, 0);
}

// One zero of x's type and scale in x's shape.
Status zeros_like(OpContext& op) {
  const DType type = op.in(0).type;
  if (rt::dtype_bits(type) % 8 != 0) {
    return error(Code::Unsupported, "makes zeros of %s", rt::dtype_name(type));
  }
  const Dims shape = op.shape(0);
  const Quantization q = op.in(0).quantization;
  graph::Bytes bytes(rt::dtype_bytes(type), 0);
  if (!q.empty() && !q.zero_points.empty()) {
    const int32_t zero_point = q.zero_points[0];
    std::memcpy(bytes.data(), &zero_point, bytes.size());
  }
  int zero;
  QRT_RETURN_IF_ERROR(
      op.add_constant(op.out().name + "/zero", type, {}, std::move(bytes), Quantization(q), &zero));
  fb::BroadcastToT broadcast;
  if (!is_open(shape)) {
    broadcast.shape.assign(shape.begin(), shape.end());
    return op.emit(std::move(broadcast), {zero}, {op.output()});
  }
  const int sizes = op.add_inner("/shape", DType::S32);
  QRT_RETURN_IF_ERROR(op.emit(fb::ShapeOfT(), {op.input(0)}, {sizes}));
  return op.emit(std::move(broadcast), {zero, sizes}, {op.output()});
}

// The indices of what is true, or not zero.
Status where(OpContext& op) { return op.emit(fb::NonZeroT(), {op.input(0)}, {op.output()}); }

Status rank_of(OpContext& op) {
  const auto rank = static_cast<int32_t>(op.rank(0));
  const auto* bytes = reinterpret_cast<const uint8_t*>(&rank);
  if (op.out().type != DType::S32) {
    return error(Code::Unsupported, "gives %s", rt::dtype_name(op.out().type));
  }
  op.out().shape = {};
  return op.make_constant(0, graph::Bytes(bytes, bytes + sizeof rank));
}

Status add_n(OpContext& op) {
  int sum = op.input(0);
  if (op.input_count() == 1) return op.emit_reshape(sum, 0, op.shape(0));
  for (int i = 1; i < op.input_count(); ++i) {
    const bool last = i + 1 == op.input_count();
    const DType type = op.out().type;
    const int next =
        last ? op.output() : op.add_inner("/sum", type, Quantization(op.out().quantization));
    QRT_RETURN_IF_ERROR(op.emit(fb::BinaryT(), {sum, op.input(i)}, {next}));
    sum = next;
  }
  return {};
}

// Slices backwards.
Status reverse(OpContext& op) {
  std::vector<int64_t> axes;
  QRT_RETURN_IF_ERROR(op.ints(1, "axes", at(rt::kMaxRank), &axes));
  const int rank = op.rank(0);
  fb::SliceT slice;
  slice.begins.assign(at(rank), 0);
  slice.ends.assign(at(rank), 0);
  slice.strides.assign(at(rank), 1);
  slice.begin_mask = slice.end_mask = (1u << rank) - 1;
  for (int64_t listed : axes) {
    int axis;
    QRT_RETURN_IF_ERROR(op.checked_axis(listed, rank, &axis));
    slice.strides[at(axis)] = -1;
  }
  return op.emit(std::move(slice), {op.input(0)}, {op.output()});
}

constexpr OpRule kRules[] = {
    {Builtin::FILL, 2, 2, 1, 1, fill},       {Builtin::ZEROS_LIKE, 1, 1, 1, 1, zeros_like},
    {Builtin::WHERE, 1, 1, 1, 1, where},     {Builtin::RANK, 1, 1, 1, 1, rank_of},
    {Builtin::ADD_N, 1, kMany, 1, 1, add_n}, {Builtin::REVERSE_V2, 2, 2, 1, 1, reverse},
};

}  // namespace

rt::Span<const OpRule> fill_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
