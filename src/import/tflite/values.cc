#include "src/import/tflite/values.h"

#include <cmath>
#include <cstring>

#include "src/base/shape.h"
#include "src/import/tflite/sparse.h"

namespace qrt::import::tflite {

using graph::Bytes;
using graph::DType;
using graph::Quantization;
using graph::Value;
using rt::Code;
using rt::error;
using rt::Status;

namespace {

// The runtime's own limit; only overflow matters here, for a shape allocates nothing.
constexpr uint64_t kMaxTensorBytes = uint64_t{1} << 40;

bool convert_type(tfl::TensorType type, DType* out) {
  switch (type) {
    case tfl::TensorType::FLOAT32:
      *out = DType::F32;
      return true;
    case tfl::TensorType::FLOAT16:
      *out = DType::F16;
      return true;
    case tfl::TensorType::INT8:
      *out = DType::S8;
      return true;
    case tfl::TensorType::UINT8:
      *out = DType::U8;
      return true;
    case tfl::TensorType::INT16:
      *out = DType::S16;
      return true;
    case tfl::TensorType::INT32:
      *out = DType::S32;
      return true;
    case tfl::TensorType::INT64:
      *out = DType::S64;
      return true;
    case tfl::TensorType::BOOL:
      *out = DType::Bool;
      return true;
    case tfl::TensorType::INT4:
      *out = DType::S4;
      return true;
    default:
      return false;
  }
}

bool carries_quantization(DType type, bool scaled_s32) {
  return type == DType::S8 || type == DType::U8 || type == DType::S16 || type == DType::S4 ||
         (type == DType::S32 && scaled_s32);
}

// Where the signature has -1, the shape has 1, or what the model was last used with.
void leave_open(const tfl::Tensor& tensor, std::vector<int32_t>* shape) {
  const auto* signature = tensor.shape_signature();
  if (signature == nullptr || signature->size() != shape->size()) return;
  for (size_t i = 0; i < shape->size(); ++i) {
    if (signature->Get(static_cast<flatbuffers::uoffset_t>(i)) == -1) (*shape)[i] = -1;
  }
}

Status read_shape(const tfl::Tensor& tensor, DType type, std::vector<int32_t>* shape) {
  const auto* dims = tensor.shape();
  if (dims == nullptr) return {};
  if (dims->size() > static_cast<size_t>(rt::kMaxRank)) {
    return error(Code::Unsupported, "has %u dimensions, more than %d", dims->size(), rt::kMaxRank);
  }
  bool empty = false;
  for (int32_t dim : *dims) {
    if (dim < 0) return error(Code::InvalidModel, "has a dimension of %d", dim);
    empty = empty || dim == 0;
    shape->push_back(dim);
  }
  uint64_t bytes;
  if (!empty && !rt::checked_bytes(rt::Shape(shape->data(), shape->size()), rt::dtype_bits(type),
                                   kMaxTensorBytes, &bytes)) {
    return error(Code::InvalidModel, "is too large: %s",
                 rt::Shape(shape->data(), shape->size()).str().c_str());
  }
  return {};
}

// FlatBuffers aligns the vector's length only, so an element of a crafted file may be misaligned.
int64_t element_at(const flatbuffers::Vector<int64_t>& vector, size_t i) {
  int64_t element;
  std::memcpy(&element, vector.Data() + i * sizeof(element), sizeof(element));
  return flatbuffers::EndianScalar(element);
}

// As many as there are scales; a single one stands for all.
Status read_zero_points(const tfl::Quantization& source, DType type, Quantization* out) {
  const auto* zero_points = source.zero_point();
  if (zero_points == nullptr || zero_points->size() == 0) return {};
  const size_t scales = out->scales.size();
  if (zero_points->size() != 1 && zero_points->size() != scales) {
    return error(Code::InvalidModel, "has %u zero points for %zu scales", zero_points->size(),
                 scales);
  }
  rt::IntRange range;
  if (!rt::quantized_range(type, &range)) return {};
  bool all_zero = true;
  for (size_t i = 0; i < scales; ++i) {
    const int64_t zero_point = element_at(*zero_points, zero_points->size() == 1 ? 0 : i);
    if (zero_point < range.min || zero_point > range.max) {
      return error(Code::InvalidModel, "has a zero point of %lld, outside the range of %s",
                   static_cast<long long>(zero_point), rt::dtype_name(type));
    }
    all_zero = all_zero && zero_point == 0;
    out->zero_points.push_back(static_cast<int32_t>(zero_point));
  }
  if (all_zero) out->zero_points.clear();
  return {};
}

Status read_quantization(const tfl::Tensor& tensor, const Value& value, bool constant,
                         bool scaled_s32, Budget& budget, Quantization* out) {
  const tfl::Quantization* source = tensor.quantization();
  if (source == nullptr || !carries_quantization(value.type, scaled_s32)) return {};
  if (source->details_type() != 0) {
    return Status(Code::Unsupported, "has a custom or block-wise quantization");
  }
  const auto* scales = source->scale();
  if (scales == nullptr || scales->size() == 0) return {};
  if (scales->size() > 1) {
    const int axis = source->quantized_dimension();
    if (axis < 0 || static_cast<size_t>(axis) >= value.shape.size()) {
      return error(Code::InvalidModel, "has a quantization axis of %d, but %zu dimensions", axis,
                   value.shape.size());
    }
    const int32_t channels = value.shape[static_cast<size_t>(axis)];
    if (static_cast<int64_t>(scales->size()) != channels) {
      return error(Code::InvalidModel, "has %u scales for the %d channels of axis %d",
                   scales->size(), channels, axis);
    }
    if (!constant) {
      return Status(Code::Unsupported, "is quantized per channel, but is no constant");
    }
    out->axis = axis;
  }
  QRT_RETURN_IF_ERROR(budget.take(uint64_t{scales->size()} * 8));
  for (float scale : *scales) {
    if (!std::isnormal(scale) || scale < 0) {
      return error(Code::InvalidModel, "has a scale of %g, not a positive number",
                   static_cast<double>(scale));
    }
    out->scales.push_back(scale);
  }
  return read_zero_points(*source, value.type, out);
}

}  // namespace

Status Budget::take(uint64_t bytes) {
  if (bytes > left_) {
    return Status(Code::InvalidModel,
                  "the model would need far more memory than its size explains");
  }
  left_ -= bytes;
  return {};
}

bool has_elements(const Value& value) {
  for (int32_t dim : value.shape) {
    if (dim == 0) return false;
  }
  return true;
}

ValueReader::ValueReader(const tfl::Model& model, Budget& budget)
    : budget_(budget), buffers_(model.buffers()->size()) {}

std::vector<bool> requantized_tensors(const File& file) {
  std::vector<bool> touched(file.tensor_count(), false), others(file.tensor_count(), false);
  for (size_t i = 0; i < file.operator_count(); ++i) {
    const tfl::Operator& op = file.op(i);
    const tfl::Builtin code = builtin_of(file.code(op));
    const bool converts = code == tfl::Builtin::QUANTIZE || code == tfl::Builtin::DEQUANTIZE;
    for (const auto* tensors : {op.inputs(), op.outputs()}) {
      if (tensors == nullptr) continue;
      for (const int32_t tensor : *tensors) {
        if (tensor >= 0) (converts ? touched : others)[static_cast<size_t>(tensor)] = true;
      }
    }
  }
  for (size_t t = 0; t < touched.size(); ++t) touched[t] = touched[t] && !others[t];
  return touched;
}

rt::Result<Value> ValueReader::read(const File& file, int index, bool scaled_s32) {
  const tfl::Tensor& tensor = file.tensor(index);
  if (tensor.name() != nullptr) QRT_RETURN_IF_ERROR(budget_.take(tensor.name()->size()));
  Value value;
  value.name = file.tensor_name(index);
  const std::string who = "tensor '" + shortened(value.name) + "'";
  if (!convert_type(tensor.type(), &value.type)) {
    const std::string type = tfl::EnumNameTensorType(tensor.type());
    return error(
        Code::Unsupported, "%s: has elements of type %s", who.c_str(),
        type.empty() ? std::to_string(static_cast<int>(tensor.type())).c_str() : type.c_str());
  }
  value.variable = tensor.is_variable();
  Status status = read_shape(tensor, value.type, &value.shape);
  if (status.ok()) status = read_data(file, tensor, &value);
  if (!value.constant() && !value.variable) leave_open(tensor, &value.shape);
  if (status.ok()) {
    status = read_quantization(tensor, value, value.constant(), scaled_s32, budget_,
                               &value.quantization);
  }
  if (!status.ok()) return status.within(who);
  return value;
}

Status ValueReader::read_sparse(const tfl::Sparsity& sparsity, rt::Span<const uint8_t> data,
                                Value* value) {
  if (rt::dtype_bits(value->type) % 8 != 0 || value->type == DType::Bool) {
    return error(Code::Unsupported, "is stored sparsely, with elements of type %s",
                 rt::dtype_name(value->type));
  }
  const size_t bytes = value->elements() * rt::dtype_bytes(value->type);
  QRT_RETURN_IF_ERROR(budget_.take(bytes));
  Bytes dense(bytes, 0);
  // What is not stored is a zero byte, whatever the zero point, as in TensorFlow Lite.
  QRT_RETURN_IF_ERROR(
      expand_sparse(sparsity, value->shape, rt::dtype_bytes(value->type), data, &dense));
  value->data = std::make_shared<const Bytes>(std::move(dense));
  return {};
}

Status ValueReader::read_data(const File& file, const tfl::Tensor& tensor, Value* value) {
  const rt::Span<const uint8_t> data = file.data(tensor);
  uint64_t expected = 0;
  if (!has_elements(*value)) {
    if (!data.empty()) {
      return error(Code::InvalidModel, "has no elements, but %zu bytes of data", data.size());
    }
    value->data = std::make_shared<const Bytes>();
    return {};
  }
  if (data.empty()) return {};
  if (tensor.sparsity() != nullptr) return read_sparse(*tensor.sparsity(), data, value);
  const rt::Shape shape(value->shape.data(), value->shape.size());
  if (!rt::checked_bytes(shape, rt::dtype_bits(value->type), kMaxTensorBytes, &expected) ||
      expected != data.size()) {
    return error(Code::InvalidModel, "has %zu bytes of data, but %s of %s needs %llu", data.size(),
                 shape.str().c_str(), rt::dtype_name(value->type),
                 static_cast<unsigned long long>(expected));
  }
  std::shared_ptr<const Bytes>& shared = buffers_[tensor.buffer()];
  if (value->type == DType::Bool) {
    // Any byte but 0 and 1 would be undefined behaviour in an operator that reads a bool.
    QRT_RETURN_IF_ERROR(budget_.take(data.size()));
    Bytes bools(data.begin(), data.end());
    for (uint8_t& element : bools) element = element != 0;
    value->data = std::make_shared<const Bytes>(std::move(bools));
    return {};
  }
  if (shared == nullptr) {
    QRT_RETURN_IF_ERROR(budget_.take(data.size()));
    shared = std::make_shared<const Bytes>(data.begin(), data.end());
  }
  value->data = shared;
  return {};
}

}  // namespace qrt::import::tflite
