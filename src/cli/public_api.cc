#include "src/cli/public_api.h"

#include "src/api/handles.h"

namespace qrt::cli {

rt::Status status_of(const qrt::Status& status) {
  return {static_cast<rt::Code>(status.code()), status.message()};
}

rt::Shape shape_of(const TensorInfo& info) {
  return rt::Shape(info.dims, static_cast<size_t>(info.rank));
}

rt::Tensor tensor_of(const TensorInfo& info) {
  rt::Tensor tensor;
  tensor.name = info.name;
  tensor.type = static_cast<rt::DType>(info.type);
  tensor.shape = shape_of(info);
  tensor.quantization.scales = {info.scales, info.scale_count};
  if (info.zero_points != nullptr) {
    tensor.quantization.zero_points = {info.zero_points, info.scale_count};
  }
  tensor.quantization.axis = info.axis;
  tensor.quantization.block = info.block;
  return tensor;
}

std::shared_ptr<const rt::Model> records_of(const qrt::Model& model) {
  return model.handle()->model;
}

std::shared_ptr<const rt::Program> records_of(const qrt::Program& program) {
  return program.handle()->program;
}

}  // namespace qrt::cli
