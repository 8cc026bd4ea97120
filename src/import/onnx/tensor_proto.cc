#include "src/import/onnx/tensor_proto.h"

#include <cstring>
#include <limits>

#include "src/base/checked.h"
#include "src/import/onnx/errors.h"
#include "src/import/onnx/external_data.h"

namespace qrt::import::onnx_import {
namespace {

using graph::Bytes;
using ::onnx::TensorProto;

size_t element_bytes(int32_t onnx_type) { return rt::dtype_bytes(element_type(onnx_type)); }

uint64_t checked_bytes(const TensorProto& tensor) {
  uint64_t bytes = element_bytes(tensor.data_type());
  for (int64_t dim : tensor.dims()) {
    if (dim < 0 || !rt::checked_mul(bytes, static_cast<uint64_t>(dim), &bytes)) {
      invalid("a dimension of %lld", static_cast<long long>(dim));
    }
  }
  return bytes;
}

void check_count(uint64_t have, uint64_t needed) {
  if (have != needed) {
    invalid("data of %llu elements or bytes where its shape needs %llu",
            static_cast<unsigned long long>(have), static_cast<unsigned long long>(needed));
  }
}

// Elements that protobuf stores in wider numbers.
template <class T, class Field>
Bytes narrow(const Field& field, uint64_t bytes) {
  check_count(static_cast<uint64_t>(field.size()), bytes / sizeof(T));
  Bytes result(bytes);
  for (int i = 0; i < field.size(); ++i) {
    const auto wide = field.Get(i);
    if (wide < std::numeric_limits<T>::lowest() || wide > std::numeric_limits<T>::max()) {
      invalid("an element of %lld, outside its type's range", static_cast<long long>(wide));
    }
    const T element = static_cast<T>(wide);
    std::memcpy(result.data() + static_cast<size_t>(i) * sizeof(T), &element, sizeof(T));
  }
  return result;
}

template <class Field>
Bytes copy(const Field& field, uint64_t bytes) {
  using Element = typename Field::value_type;
  check_count(static_cast<uint64_t>(field.size()), bytes / sizeof(Element));
  Bytes result(bytes);
  if (bytes > 0) std::memcpy(result.data(), field.data(), bytes);
  return result;
}

Bytes read_fields(const TensorProto& tensor, uint64_t bytes) {
  switch (tensor.data_type()) {
    case TensorProto::FLOAT:
      return copy(tensor.float_data(), bytes);
    case TensorProto::DOUBLE:
      return copy(tensor.double_data(), bytes);
    case TensorProto::INT64:
      return copy(tensor.int64_data(), bytes);
    case TensorProto::INT32:
      return copy(tensor.int32_data(), bytes);
    case TensorProto::INT16:
      return narrow<int16_t>(tensor.int32_data(), bytes);
    case TensorProto::INT8:
      return narrow<int8_t>(tensor.int32_data(), bytes);
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return narrow<uint16_t>(tensor.int32_data(), bytes);
    default:
      return narrow<uint8_t>(tensor.int32_data(), bytes);  // UINT8, BOOL
  }
}

Bytes read_bytes(const TensorProto& tensor, const std::string& folder) {
  const uint64_t bytes = checked_bytes(tensor);
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    return read_external_data(tensor, folder, bytes);
  }
  if (!tensor.has_raw_data()) return read_fields(tensor, bytes);
  const std::string& raw = tensor.raw_data();
  check_count(raw.size(), bytes);
  return Bytes(raw.begin(), raw.end());
}

// As floats, which hold all of them.
template <class T>
Bytes widened(const Bytes& bytes) {
  Bytes result(bytes.size() / sizeof(T) * sizeof(float));
  for (size_t i = 0; i < bytes.size() / sizeof(T); ++i) {
    T small;
    std::memcpy(&small, bytes.data() + i * sizeof small, sizeof small);
    const auto wide = static_cast<float>(small);
    std::memcpy(result.data() + i * sizeof wide, &wide, sizeof wide);
  }
  return result;
}

}  // namespace

graph::DType element_type(int32_t onnx_type) {
  switch (onnx_type) {
    case TensorProto::FLOAT:
      return graph::DType::F32;
    case TensorProto::DOUBLE:
      return graph::DType::F64;
    case TensorProto::FLOAT16:
      return graph::DType::F16;
    case TensorProto::BFLOAT16:
      return graph::DType::BF16;
    case TensorProto::INT8:
      return graph::DType::S8;
    case TensorProto::UINT8:
      return graph::DType::U8;
    case TensorProto::INT16:
      return graph::DType::S16;
    case TensorProto::INT32:
      return graph::DType::S32;
    case TensorProto::INT64:
      return graph::DType::S64;
    case TensorProto::BOOL:
      return graph::DType::Bool;
    default:
      break;
  }
  if (TensorProto::DataType_IsValid(onnx_type) && onnx_type != TensorProto::UNDEFINED) {
    unsupported("elements of type %s",
                TensorProto::DataType_Name(static_cast<TensorProto::DataType>(onnx_type)).c_str());
  }
  // Newer than the classes that are generated from Debian's onnx.proto.
  constexpr const char* kNewer[] = {
      "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4",
      "INT4",         "FLOAT4E2M1",     "FLOAT8E8M0", "UINT2",          "INT2"};
  constexpr int32_t kFirstNewer = 17;
  if (onnx_type >= kFirstNewer &&
      onnx_type < kFirstNewer + static_cast<int32_t>(std::size(kNewer))) {
    unsupported("elements of type %s", kNewer[onnx_type - kFirstNewer]);
  }
  unsupported("elements of ONNX type %d", onnx_type);
}

namespace {

// Two elements a byte, the first in the lower half, as s4 lies in libqrt.
Constant read_int4(TensorProto& tensor, const std::string& folder) {
  uint64_t elements = 1;
  for (int64_t dim : tensor.dims()) {
    if (dim < 0 || !rt::checked_mul(elements, static_cast<uint64_t>(dim), &elements)) {
      invalid("a dimension of %lld", static_cast<long long>(dim));
    }
  }
  const uint64_t bytes = elements / 2 + elements % 2;
  Constant constant;
  constant.type = graph::DType::S4;
  constant.dims.assign(tensor.dims().begin(), tensor.dims().end());
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    constant.bytes = read_external_data(tensor, folder, bytes);
  } else if (tensor.has_raw_data()) {
    check_count(tensor.raw_data().size(), bytes);
    constant.bytes.assign(tensor.raw_data().begin(), tensor.raw_data().end());
  } else {
    constant.bytes = narrow<uint8_t>(tensor.int32_data(), bytes);
  }
  if (elements % 2 != 0) constant.bytes.back() &= 15;
  tensor.clear_raw_data();
  return constant;
}

}  // namespace

Constant read_tensor(TensorProto& tensor, const std::string& folder) {
  if (tensor.has_segment()) unsupported("a tensor stored in segments");
  constexpr int32_t kInt4 = 22;  // newer than Debian's onnx.proto
  if (tensor.data_type() == kInt4) return read_int4(tensor, folder);
  Constant constant;
  constant.type = element_type(tensor.data_type());
  constant.dims.assign(tensor.dims().begin(), tensor.dims().end());
  constant.bytes = read_bytes(tensor, folder);
  tensor.clear_raw_data();
  if (computed_in_f32(constant.type)) {
    constant.bytes = constant.type == graph::DType::F16 ? widened<rt::Half>(constant.bytes)
                                                        : widened<rt::BFloat16>(constant.bytes);
    constant.type = graph::DType::F32;
  }
  if (constant.type == graph::DType::Bool) {
    for (uint8_t& element : constant.bytes) element = element != 0;
  }
  return constant;
}

}  // namespace qrt::import::onnx_import
