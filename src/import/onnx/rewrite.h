// Nodes rewritten, before anything is imported, into the forms that rules know. What cannot be
// rewritten stays, and the rules say what is wrong with it.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "src/import/onnx/builder.h"

namespace qrt::import::onnx_import {

// Of operator sets 7 to 10: attributes that became inputs since (Slice, Pad, Upsample), and Resize
// as it was in 10.
void upgrade_nodes(::onnx::GraphProto& graph, int64_t opset, Builder& builder);

// Operators on integers (QLinearConv, QLinearMatMul, com.microsoft's QLinearAdd, ...) as those on
// floats between DequantizeLinear and QuantizeLinear, which is what they compute; and ONNX
// Runtime's FastGelu as Gelu. `opset` is the model's.
void split_integer_nodes(::onnx::GraphProto& graph, int64_t opset, Builder& builder);

// The operators that only these two know: "Upsample", "com.microsoft.QLinearAdd", ...
std::vector<std::string> rewritten_operators();

// Adds to a graph what rewritten nodes read.
class NodeRewriter {
 public:
  NodeRewriter(::onnx::GraphProto& graph, Builder& builder) : graph_(graph), builder_(builder) {}

  // Initializers, under names made of `base`.
  std::string add_integers(const std::string& base, const std::vector<int64_t>& elements);
  std::string add_floats(const std::string& base, const std::vector<int64_t>& dims,
                         const std::vector<float>& elements);
  // A node with one output, under a name made of `base`.
  ::onnx::NodeProto& add_node(const std::string& type, const std::string& base,
                              const std::vector<std::string>& inputs);
  // The elements of a sound FLOAT initializer that lies in the model's file; false if it is none.
  bool floats_of(const std::string& name, std::vector<int64_t>* dims, std::vector<float>* elements);

 private:
  std::string unique(const std::string& base);

  ::onnx::GraphProto& graph_;
  Builder& builder_;  // whose budget pays for what is read, however often
  std::unordered_map<std::string, int> initializers_;  // the model's own, once they are asked for
  size_t made_ = 0;
};

// Null if there is none.
const ::onnx::AttributeProto* find_attribute(const ::onnx::NodeProto& node, const char* name);
void remove_attribute(::onnx::NodeProto& node, const char* name);
void set_attribute(::onnx::NodeProto& node, const char* name, int64_t value);
void set_attribute(::onnx::NodeProto& node, const char* name, const std::string& value);

}  // namespace qrt::import::onnx_import
