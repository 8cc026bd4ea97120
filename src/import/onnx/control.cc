#include "src/import/onnx/control.h"

#include "src/import/onnx/model_graph.h"

namespace qrt::import::onnx_import {

bool ControlScope::find_captured(const ::onnx::NodeProto& node,
                                 std::vector<Captured>* captured) const {
  for (const std::string& name : captured_names(node)) {
    const TensorPtr& tensor = tensors.at(name);
    if (tensor == nullptr) return false;
    captured->push_back({name, tensor, builder.constant_value(*tensor) != nullptr});
  }
  return true;
}

TensorPtr ControlScope::tensor_of(const std::string& name, int value) const {
  auto tensor = std::make_shared<Tensor>();
  tensor->name = name;
  tensor->type = builder.graph.value(value).type;
  tensor->shape = builder.shape(value);
  tensor->forms = {{plain_order(tensor->rank()), value}};
  return tensor;
}

int ControlScope::value_like(const std::string& name, const graph::Value& other) const {
  return builder.graph.add_tensor(name, other.type, other.shape);
}

}  // namespace qrt::import::onnx_import
