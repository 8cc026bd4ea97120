#include "src/import/onnx/attributes.h"

#include "src/import/onnx/errors.h"

namespace qrt::import::onnx_import {

using ::onnx::AttributeProto;

Attributes::Attributes(::onnx::NodeProto& node) : node_(node) {
  std::set<std::string> names;
  for (const AttributeProto& attribute : node.attribute()) {
    if (!names.insert(attribute.name()).second) {
      invalid("attribute '%s' is given twice", attribute.name().c_str());
    }
  }
}

std::vector<const AttributeProto*> Attributes::all() {
  std::vector<const AttributeProto*> result;
  for (const AttributeProto& attribute : node_.attribute()) {
    read_.insert(attribute.name());
    result.push_back(&attribute);
  }
  return result;
}

bool Attributes::has(const std::string& name) const {
  for (const AttributeProto& attribute : node_.attribute()) {
    if (attribute.name() == name) return true;
  }
  return false;
}

AttributeProto* Attributes::find(const std::string& name, int type) {
  read_.insert(name);
  for (AttributeProto& attribute : *node_.mutable_attribute()) {
    if (attribute.name() != name) continue;
    if (!attribute.ref_attr_name().empty() || attribute.type() != type) {
      invalid("attribute '%s' is not of the type that ONNX gives it", name.c_str());
    }
    return &attribute;
  }
  return nullptr;
}

int64_t Attributes::integer(const std::string& name, int64_t otherwise) {
  const AttributeProto* attribute = find(name, AttributeProto::INT);
  return attribute != nullptr ? attribute->i() : otherwise;
}

float Attributes::number(const std::string& name, float otherwise) {
  const AttributeProto* attribute = find(name, AttributeProto::FLOAT);
  return attribute != nullptr ? attribute->f() : otherwise;
}

std::string Attributes::word(const std::string& name, const std::string& otherwise) {
  const AttributeProto* attribute = find(name, AttributeProto::STRING);
  return attribute != nullptr ? attribute->s() : otherwise;
}

std::vector<int64_t> Attributes::integers(const std::string& name, std::vector<int64_t> otherwise) {
  const AttributeProto* attribute = find(name, AttributeProto::INTS);
  if (attribute == nullptr) return otherwise;
  return {attribute->ints().begin(), attribute->ints().end()};
}

std::vector<float> Attributes::numbers(const std::string& name) {
  const AttributeProto* attribute = find(name, AttributeProto::FLOATS);
  if (attribute == nullptr) return {};
  return {attribute->floats().begin(), attribute->floats().end()};
}

std::vector<std::string> Attributes::words(const std::string& name) {
  const AttributeProto* attribute = find(name, AttributeProto::STRINGS);
  if (attribute == nullptr) return {};
  return {attribute->strings().begin(), attribute->strings().end()};
}

::onnx::TensorProto* Attributes::tensor(const std::string& name) {
  AttributeProto* attribute = find(name, AttributeProto::TENSOR);
  return attribute != nullptr ? attribute->mutable_t() : nullptr;
}

std::vector<std::string> Attributes::unread() const {
  std::vector<std::string> names;
  for (const AttributeProto& attribute : node_.attribute()) {
    if (read_.count(attribute.name()) == 0) names.push_back(attribute.name());
  }
  return names;
}

}  // namespace qrt::import::onnx_import
