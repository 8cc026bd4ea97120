#include "src/import/tflite/op_context.h"

#include <cstring>
#include <limits>

#include "src/base/checked.h"

namespace qrt::import::tflite {

namespace {
constexpr float kInfinity = std::numeric_limits<float>::infinity();
}

int64_t element_count(const Dims& dims) {
  int64_t count = 1;
  for (int32_t dim : dims) {
    if (dim < 0 || !rt::checked_mul<int64_t>(count, dim, &count)) return -1;
  }
  return count;
}

Status OpContext::expect_constant(int i, const char* what) const {
  if (!has_input(i)) return error(Code::InvalidModel, "has no %s", what);
  if (in(i).constant()) return {};
  return error(Code::Unsupported, "its %s '%s' is not a constant", what,
               shortened(in(i).name).c_str());
}

Status OpContext::expect_per_tensor(int index) const {
  const Value& source = graph_.value(index);
  if (source.quantization.axis < 0) return {};
  return error(Code::Unsupported, "reads '%s', which is quantized per channel",
               shortened(source.name).c_str());
}

Status OpContext::expect_rank(int i, const char* what, int expected) const {
  if (!has_input(i)) return error(Code::InvalidModel, "has no %s", what);
  if (rank(i) == expected) return {};
  return error(Code::InvalidModel, "its %s '%s' has %d dimensions, not %d", what,
               shortened(in(i).name).c_str(), rank(i), expected);
}

Status OpContext::ints(int i, const char* what, size_t most, std::vector<int64_t>* elements) const {
  if (const rt::Integers* known = computed(i)) {
    const Dims numbers(known->begin(), known->end());
    if (numbers.size() > most) {
      return error(Code::InvalidModel, "its %s has %zu elements, more than %zu", what,
                   numbers.size(), most);
    }
    elements->assign(numbers.begin(), numbers.end());
    return {};
  }
  QRT_RETURN_IF_ERROR(expect_constant(i, what));
  const Value& source = in(i);
  if (source.type != DType::S32 && source.type != DType::S64) {
    return error(Code::InvalidModel, "its %s '%s' is %s, not s32 or s64", what,
                 shortened(source.name).c_str(), rt::dtype_name(source.type));
  }
  const size_t size = rt::dtype_bytes(source.type);
  const size_t count = source.data->size() / size;
  if (count > most) {
    return error(Code::InvalidModel, "its %s '%s' has %zu elements, more than %zu", what,
                 shortened(source.name).c_str(), count, most);
  }
  elements->clear();
  for (size_t k = 0; k < count; ++k) {
    int64_t wide = 0;
    int32_t narrow = 0;
    if (source.type == DType::S64) {
      std::memcpy(&wide, source.data->data() + k * size, size);
    } else {
      std::memcpy(&narrow, source.data->data() + k * size, size);
      wide = narrow;
    }
    elements->push_back(wide);
  }
  return {};
}

Status OpContext::checked_axis(int64_t axis, int rank, int* out) {
  if (axis < -rank || axis >= rank) {
    return error(Code::InvalidModel, "its axis is %lld, but there are %d dimensions",
                 static_cast<long long>(axis), rank);
  }
  *out = static_cast<int>(axis < 0 ? axis + rank : axis);
  return {};
}

Status OpContext::axis_input(int i, const char* what, int rank, int* axis) const {
  std::vector<int64_t> elements;
  QRT_RETURN_IF_ERROR(ints(i, what, 1, &elements));
  if (elements.size() != 1) return error(Code::InvalidModel, "its %s has no element", what);
  return checked_axis(elements[0], rank, axis);
}

Status OpContext::intermediate(size_t i, Quantization* quantization) {
  const auto* indices = op_.intermediates();
  if (indices == nullptr || i >= indices->size()) return {};
  const int tensor = indices->Get(static_cast<flatbuffers::uoffset_t>(i));
  if (tensor < 0) return {};
  QRT_ASSIGN_OR_RETURN(Value inner, reader_.read(file_, tensor));
  *quantization = std::move(inner.quantization);
  return {};
}

int OpContext::add_inner(const char* suffix, DType type, Quantization quantization, int i) {
  return graph_.add_tensor(out(i).name + suffix, type, {}, std::move(quantization));
}

Status OpContext::add_constant(std::string name, DType type, std::vector<int32_t> shape,
                               graph::Bytes bytes, Quantization quantization, int* result) {
  QRT_RETURN_IF_ERROR(
      budget_.take(name.size() + bytes.size() + quantization.scales.size() * 2 * sizeof(float)));
  *result = graph_.add_constant_bytes(std::move(name), type, std::move(shape), std::move(bytes),
                                      std::move(quantization));
  return {};
}

Status OpContext::make_constant(int i, graph::Bytes bytes) {
  QRT_RETURN_IF_ERROR(budget_.take(bytes.size()));
  out(i).data = std::make_shared<const graph::Bytes>(std::move(bytes));
  return {};
}

Status OpContext::check_node(const std::vector<int>& inputs, const std::vector<int>& outputs) {
  for (int index : inputs) {
    if (index != kAbsent && !has_elements(value(index))) {
      return error(Code::Unsupported, "reads '%s', which has no elements",
                   shortened(value(index).name).c_str());
    }
  }
  // Each node copies its output's name, and each inner value a prefix of it.
  for (int index : outputs) QRT_RETURN_IF_ERROR(budget_.take(2 * value(index).name.size()));
  return {};
}

Status OpContext::reshaped(int source, const Dims& shape, const char* suffix, int* result) {
  if (shape_of(source) == shape) {
    *result = source;
    return {};
  }
  QRT_RETURN_IF_ERROR(expect_per_tensor(source));
  QRT_RETURN_IF_ERROR(budget_.take(value(source).name.size()));
  Value copy = value(source);
  copy.shape = declared(shape);
  if (!copy.constant()) copy.name = out().name + suffix;
  const bool constant = copy.constant();
  *result = graph_.add_value(std::move(copy));
  if (constant) return {};
  auto reshape = reshape_options(shape_of(source), shape);
  if (!reshape) needs_size();
  return emit(std::move(*reshape), {source}, {*result});
}

Status OpContext::emit_reshape(int value, int o, const Dims& shape) {
  auto reshape = reshape_options(shape_of(value), shape);
  if (!reshape) needs_size();
  return emit(std::move(*reshape), {value}, {output(o)});
}

Status OpContext::dequantized(int source, int* result) {
  *result = source;
  if (value(source).type == DType::F32) return {};
  if (value(source).quantization.empty()) {
    return error(Code::Unsupported, "reads '%s' of type %s beside f32",
                 shortened(value(source).name).c_str(), rt::dtype_name(value(source).type));
  }
  std::string name = value(source).name + "/f32";
  QRT_RETURN_IF_ERROR(budget_.take(name.size()));
  *result = graph_.add_tensor(std::move(name), DType::F32, {});
  return emit(fb::DequantizeT(), {source}, {*result});
}

Status OpContext::requantized(int source, const Quantization& quantization, int* result) {
  *result = source;
  if (value(source).quantization == quantization || value(source).quantization.empty()) return {};
  std::string name = value(source).name + "/requantized";
  const DType type = value(source).type;
  QRT_RETURN_IF_ERROR(budget_.take(name.size()));
  *result = graph_.add_tensor(std::move(name), type, {}, quantization);
  return emit(fb::QuantizeT(), {source}, {*result});
}

Status FusedActivation::begin(OpContext& op, tfl::Activation activation, bool in_operator) {
  output_ = op.output();
  switch (activation) {
    case tfl::Activation::NONE:
      return {};
    case tfl::Activation::RELU:
      min_ = 0, max_ = kInfinity, clamped_ = true;
      break;
    case tfl::Activation::RELU6:
      min_ = 0, max_ = 6, clamped_ = true;
      break;
    case tfl::Activation::RELU_N1_TO_1:
      min_ = -1, max_ = 1, clamped_ = true;
      break;
    case tfl::Activation::TANH:
      kind_ = fb::UnaryKind::Tanh;
      break;
    default:
      return error(Code::Unsupported, "the fused activation %d is not supported",
                   static_cast<int>(activation));
  }
  if (clamped_ && in_operator) return {};
  if (!clamped_ && op.out().type != DType::F32) {
    // The range before the activation is nowhere in the file.
    return Status(Code::Unsupported, "a fused TANH is supported in float operators only");
  }
  separate_ = true;
  const Value& out = op.out();
  output_ = op.add_inner("/before_activation", out.type, Quantization(out.quantization));
  return {};
}

std::unique_ptr<fb::ClampT> FusedActivation::clamp() const {
  return clamped_ && !separate_ ? graph::make_clamp(min_, max_) : nullptr;
}

Status FusedActivation::finish(OpContext& op) const {
  if (!separate_) return {};
  fb::UnaryT unary;
  unary.kind = kind_;
  if (clamped_) unary.clamp = graph::make_clamp(min_, max_);
  return op.emit(std::move(unary), {output_}, {op.output()});
}

}  // namespace qrt::import::tflite
