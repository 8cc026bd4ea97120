// An ONNX model in the making: nodes and constants are appended, and every name is used once.
#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "src/base/status.h"
#include "src/graph/graph.h"
#include "src/onnx/element_type.h"

namespace qrt::onnx_export {

using graph::DType;
using onnx_format::onnx_type;
using Names = std::vector<std::string>;

struct Attribute {
  std::string name;
  std::variant<int64_t, float, std::string, std::vector<int64_t>> value;
};
using Attributes = std::vector<Attribute>;

class ModelWriter {
 public:
  explicit ModelWriter(const std::string& graph_name);

  // The following nodes are named after this one, of which they are parts.
  void begin_node(const std::string& name) { node_name_ = name; }
  // Appends a node with one output and returns the output's name, which is `wanted` or like it.
  // An empty input is absent.
  std::string node(const char* op, Names inputs, const std::string& wanted,
                   const Attributes& attributes = {});
  Names node(const char* op, Names inputs, const Names& wanted, const Attributes& attributes);

  std::string constant(const std::string& wanted, DType type, const std::vector<int64_t>& dims,
                       const uint8_t* bytes, size_t count);
  template <class T>
  std::string vector(const std::string& wanted, const std::vector<T>& elements) {
    return constant(wanted, rt::DTypeOf<T>::value, {static_cast<int64_t>(elements.size())},
                    reinterpret_cast<const uint8_t*>(elements.data()), elements.size() * sizeof(T));
  }
  template <class T>
  std::string scalar(const std::string& wanted, T element) {
    return constant(wanted, rt::DTypeOf<T>::value, {}, reinterpret_cast<const uint8_t*>(&element),
                    sizeof(T));
  }

  // A name that nothing else has, `wanted` or like it.
  std::string fresh(const std::string& wanted);
  // -1 is a dimension that is known only at run time; `dim_names`, by axis, may name it.
  void input(const std::string& name, DType type, const std::vector<int32_t>& shape,
             const std::vector<std::string>& dim_names);
  // Makes `tensor` the graph's output of this fresh name.
  void output(const std::string& name, DType type, const std::vector<int32_t>& shape,
              const std::string& tensor);
  void metadata(const std::string& key, const std::string& value);

  rt::Result<graph::Bytes> finish();

 private:
  void describe(::onnx::ValueInfoProto* info, const std::string& name, DType type,
                const std::vector<int32_t>& shape, const std::vector<std::string>& dim_names);

  ::onnx::ModelProto model_;
  ::onnx::GraphProto& graph_;
  std::string node_name_;
  std::set<std::string> used_;
  std::set<std::string> fixed_;  // tensors whose name cannot change any more
  std::map<std::string, std::string> renamed_;
  std::map<std::string, std::string> small_ones_;  // constants by what they hold
};

}  // namespace qrt::onnx_export
