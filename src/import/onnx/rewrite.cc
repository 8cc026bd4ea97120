#include "src/import/onnx/rewrite.h"

#include <cstring>

#include "src/import/onnx/errors.h"
#include "src/import/onnx/tensor_proto.h"

namespace qrt::import::onnx_import {
namespace {

::onnx::AttributeProto* add_attribute(::onnx::NodeProto& node, const char* name,
                                      ::onnx::AttributeProto::AttributeType type) {
  remove_attribute(node, name);
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(type);
  return attribute;
}

}  // namespace

std::string NodeRewriter::unique(const std::string& base) {
  return base + "/rewritten/" + std::to_string(made_++);
}

std::string NodeRewriter::add_integers(const std::string& base,
                                       const std::vector<int64_t>& elements) {
  auto* tensor = graph_.add_initializer();
  tensor->set_name(unique(base));
  tensor->set_data_type(::onnx::TensorProto::INT64);
  tensor->add_dims(static_cast<int64_t>(elements.size()));
  for (int64_t element : elements) tensor->add_int64_data(element);
  return tensor->name();
}

std::string NodeRewriter::add_floats(const std::string& base, const std::vector<int64_t>& dims,
                                     const std::vector<float>& elements) {
  auto* tensor = graph_.add_initializer();
  tensor->set_name(unique(base));
  tensor->set_data_type(::onnx::TensorProto::FLOAT);
  for (int64_t dim : dims) tensor->add_dims(dim);
  for (float element : elements) tensor->add_float_data(element);
  return tensor->name();
}

::onnx::NodeProto& NodeRewriter::add_node(const std::string& type, const std::string& base,
                                          const std::vector<std::string>& inputs) {
  auto* node = graph_.add_node();
  node->set_op_type(type);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(unique(base));
  return *node;
}

bool NodeRewriter::floats_of(const std::string& name, std::vector<int64_t>* dims,
                             std::vector<float>* elements) {
  if (initializers_.empty()) {
    for (int i = 0; i < graph_.initializer_size(); ++i) {
      initializers_.insert({graph_.initializer(i).name(), i});
    }
  }
  const auto found = initializers_.find(name);
  if (found == initializers_.end()) return false;
  const auto& initializer = graph_.initializer(found->second);
  const bool here = initializer.data_location() == ::onnx::TensorProto::DEFAULT;
  if (initializer.data_type() != ::onnx::TensorProto::FLOAT || !here) return false;
  builder_.charge(initializer.ByteSizeLong());
  ::onnx::TensorProto tensor = initializer;  // reading takes its bytes
  try {
    const Constant constant = read_tensor(tensor, "");
    *dims = constant.dims;
    elements->resize(constant.bytes.size() / sizeof(float));
    if (!elements->empty()) {
      std::memcpy(elements->data(), constant.bytes.data(), constant.bytes.size());
    }
    return true;
  } catch (const Invalid&) {
    return false;  // what is wrong is said when the model's constants are read
  }
}

const ::onnx::AttributeProto* find_attribute(const ::onnx::NodeProto& node, const char* name) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

void remove_attribute(::onnx::NodeProto& node, const char* name) {
  for (int i = node.attribute_size(); i-- > 0;) {
    if (node.attribute(i).name() == name) node.mutable_attribute()->DeleteSubrange(i, 1);
  }
}

void set_attribute(::onnx::NodeProto& node, const char* name, int64_t value) {
  add_attribute(node, name, ::onnx::AttributeProto::INT)->set_i(value);
}

void set_attribute(::onnx::NodeProto& node, const char* name, const std::string& value) {
  add_attribute(node, name, ::onnx::AttributeProto::STRING)->set_s(value);
}

}  // namespace qrt::import::onnx_import
