// Operators that join tensors or take them apart along an axis.
#include <algorithm>
#include <numeric>

#include "src/import/tflite/op_table.h"

namespace qrt::import::tflite {
namespace {

using tfl::Builtin;

// Parts are brought to the result's quantization first: joining only moves bytes.
Status emit_concat(OpContext& op, std::vector<int> parts, int axis, int result) {
  fb::ConcatT concat;
  concat.axis = axis;
  const Quantization quantization = op.value(result).quantization;
  for (int& part : parts) {
    if (!quantization.empty()) QRT_RETURN_IF_ERROR(op.requantized(part, quantization, &part));
  }
  return op.emit(std::move(concat), std::move(parts), {result});
}

Status concatenation(OpContext& op) {
  const tfl::ConcatenationOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  int axis;
  QRT_RETURN_IF_ERROR(op.checked_axis(options->axis(), op.rank(0), &axis));
  FusedActivation activation;
  QRT_RETURN_IF_ERROR(activation.begin(op, options->activation(), false));
  std::vector<int> parts;
  for (int i = 0; i < op.input_count(); ++i) parts.push_back(op.input(i));
  QRT_RETURN_IF_ERROR(emit_concat(op, std::move(parts), axis, activation.output()));
  return activation.finish(op);
}

bool may_be_equal(OpContext& op, const Dims& a, const Dims& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [&](Dim x, Dim y) {
           return !op.dims().differ(x.symbol(), y.symbol());
         });
}

Status pack(OpContext& op) {
  const tfl::PackOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  int axis;
  QRT_RETURN_IF_ERROR(op.checked_axis(options->axis(), op.rank(0) + 1, &axis));
  if (op.rank(0) == rt::kMaxRank) {
    return error(Code::Unsupported, "makes %d dimensions", rt::kMaxRank + 1);
  }
  const Dims same = op.shape(0);
  std::vector<int> parts;
  for (int i = 0; i < op.input_count(); ++i) {
    if (!may_be_equal(op, op.shape(i), same)) {
      return error(Code::InvalidModel, "its inputs 0 and %d differ in shape", i);
    }
    int part;
    const std::string suffix = "/part" + std::to_string(i);
    Dims one = op.shape(i);
    one.insert(one.begin() + axis, 1);
    QRT_RETURN_IF_ERROR(op.reshaped(op.input(i), one, suffix.c_str(), &part));
    parts.push_back(part);
  }
  return emit_concat(op, std::move(parts), axis, op.output());
}

Status unpack(OpContext& op) {
  const tfl::UnpackOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  int axis;
  QRT_RETURN_IF_ERROR(op.checked_axis(options->axis(), op.rank(0), &axis));
  QRT_RETURN_IF_ERROR(op.expect_per_tensor(op.input(0)));
  Dims shape = op.shape(0);
  const int32_t elements = shape[at(axis)];
  if (elements != op.output_count()) {
    return error(Code::InvalidModel, "unpacks %d outputs from an axis of %d elements",
                 op.output_count(), elements);
  }
  shape.erase(shape.begin() + axis);
  if (op.output_count() == 1) return op.emit_reshape(op.input(0), 0, shape);

  fb::SplitT split;
  split.axis = axis;
  split.sizes.assign(at(op.output_count()), 1);
  const DType type = op.in(0).type;
  std::vector<int> parts;
  for (int i = 0; i < op.output_count(); ++i) {
    parts.push_back(op.add_inner("/part", type, Quantization(op.in(0).quantization), i));
  }
  QRT_RETURN_IF_ERROR(op.emit(std::move(split), {op.input(0)}, parts));
  for (int i = 0; i < op.output_count(); ++i) {
    QRT_RETURN_IF_ERROR(op.emit_reshape(parts[at(i)], i, shape));
  }
  return {};
}

Status emit_split(OpContext& op, int input, int axis, std::vector<int32_t> sizes) {
  fb::SplitT split;
  split.axis = axis;
  std::vector<int> parts;
  for (int i = 0; i < op.output_count(); ++i) parts.push_back(op.output(i));
  split.sizes = std::move(sizes);
  return op.emit(std::move(split), {op.input(input)}, std::move(parts));
}

Status split(OpContext& op) {
  int axis;
  QRT_RETURN_IF_ERROR(op.axis_input(0, "axis", op.rank(1), &axis));
  const int32_t elements = op.shape(1)[at(axis)];
  if (elements % op.output_count() != 0) {
    return error(Code::InvalidModel, "splits an axis of %d elements into %d", elements,
                 op.output_count());
  }
  return emit_split(op, 1, axis,
                    std::vector<int32_t>(at(op.output_count()), elements / op.output_count()));
}

Status split_v(OpContext& op) {
  int axis;
  QRT_RETURN_IF_ERROR(op.axis_input(2, "axis", op.rank(0), &axis));
  const int64_t elements = op.shape(0)[at(axis)];
  std::vector<int64_t> listed;
  QRT_RETURN_IF_ERROR(op.ints(1, "sizes", at(op.output_count()), &listed));
  if (static_cast<int>(listed.size()) != op.output_count()) {
    return error(Code::InvalidModel, "has %zu sizes for %d outputs", listed.size(),
                 op.output_count());
  }
  int64_t sum = 0, open = -1;
  for (size_t i = 0; i < listed.size(); ++i) {
    if (listed[i] == -1 && open < 0) {
      open = static_cast<int64_t>(i);
    } else if (listed[i] < 1 || listed[i] > elements) {
      return error(Code::InvalidModel, "splits off %lld elements of %lld",
                   static_cast<long long>(listed[i]), static_cast<long long>(elements));
    } else {
      sum += listed[i];
    }
  }
  if (open >= 0) listed[static_cast<size_t>(open)] = elements - sum;
  if (open >= 0 ? sum >= elements : sum != elements) {
    return error(Code::InvalidModel, "its sizes do not add up to the axis' %lld elements",
                 static_cast<long long>(elements));
  }
  std::vector<int32_t> sizes;
  for (int64_t size : listed) sizes.push_back(static_cast<int32_t>(size));
  return emit_split(op, 0, axis, std::move(sizes));
}

constexpr OpRule kRules[] = {
    {Builtin::CONCATENATION, 1, kMany, 1, 1, concatenation},
    {Builtin::PACK, 1, kMany, 1, 1, pack},
    {Builtin::UNPACK, 1, 1, 1, kMany, unpack},
    {Builtin::SPLIT, 2, 2, 1, kMany, split},
    {Builtin::SPLIT_V, 3, 3, 1, kMany, split_v},
};

}  // namespace

rt::Span<const OpRule> join_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
