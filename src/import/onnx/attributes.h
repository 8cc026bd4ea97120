// A node's attributes, read by name and type. Whatever a rule does not read is reported as not
// supported, so that an attribute nobody thought of cannot silently change what a model computes.
#pragma once

#include <onnx/onnx_pb.h>

#include <set>
#include <string>
#include <vector>

namespace qrt::import::onnx_import {

class Attributes {
 public:
  // Throws Invalid if an attribute is given twice. The node outlives this.
  explicit Attributes(::onnx::NodeProto& node);

  bool has(const std::string& name) const;
  // Each returns the default if the attribute is absent, and throws Invalid if its type differs.
  int64_t integer(const std::string& name, int64_t otherwise);
  bool flag(const std::string& name, bool otherwise) { return integer(name, otherwise) != 0; }
  float number(const std::string& name, float otherwise);
  std::string word(const std::string& name, const std::string& otherwise);
  std::vector<int64_t> integers(const std::string& name, std::vector<int64_t> otherwise = {});
  std::vector<float> numbers(const std::string& name);
  std::vector<std::string> words(const std::string& name);
  // Null if absent.
  ::onnx::TensorProto* tensor(const std::string& name);
  // All of them, to be taken as they are.
  std::vector<const ::onnx::AttributeProto*> all();
  // The attribute changes nothing here.
  void ignore(const std::string& name) { read_.insert(name); }

  // Names of attributes that nobody asked for.
  std::vector<std::string> unread() const;

 private:
  ::onnx::AttributeProto* find(const std::string& name, int type);

  ::onnx::NodeProto& node_;
  std::set<std::string> read_;
};

}  // namespace qrt::import::onnx_import
