#include "src/onnx/element_type.h"

#include <onnx/onnx_pb.h>

namespace qrt::onnx_format {

using rt::DType;

int32_t onnx_type(DType type) {
  using ::onnx::TensorProto;
  switch (type) {
    case DType::F32:
      return TensorProto::FLOAT;
    case DType::F16:
      return TensorProto::FLOAT16;
    case DType::S8:
      return TensorProto::INT8;
    case DType::U8:
      return TensorProto::UINT8;
    case DType::S16:
      return TensorProto::INT16;
    case DType::S32:
      return TensorProto::INT32;
    case DType::S64:
      return TensorProto::INT64;
    case DType::Bool:
      return TensorProto::BOOL;
    case DType::F64:
      return TensorProto::DOUBLE;
    case DType::BF16:
      return TensorProto::BFLOAT16;
    case DType::S4:
      break;  // newer than the version that is written
  }
  return TensorProto::UNDEFINED;
}

}  // namespace qrt::onnx_format
