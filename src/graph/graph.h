// The converter's editable model: what importers produce, passes rewrite and the writer saves.
// Operators and their attributes are those of schema/qrt.fbs, in FlatBuffers' object API, so that
// there is one definition of each. Values are named by index; an index stays valid while the graph
// is edited (unused values are dropped when it is written).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "qrt_generated.h"
#include "src/base/dtype.h"
#include "src/opspec/tensor.h"

namespace qrt::graph {

using rt::DType;

// Empty scales: not quantized. One scale: per tensor. Otherwise per axis (see schema/README.md).
struct Quantization {
  std::vector<float> scales;
  std::vector<int32_t> zero_points;  // empty: all zero; else as many as scales
  int axis = -1;
  int block = 0;

  bool empty() const { return scales.empty(); }
  int32_t zero_point(size_t i = 0) const { return zero_points.empty() ? 0 : zero_points[i]; }
  rt::Quantization view() const {
    return {{scales.data(), scales.size()}, {zero_points.data(), zero_points.size()}, axis, block};
  }
  bool operator==(const Quantization& o) const { return rt::same_quantization(view(), o.view()); }
};

using Bytes = std::vector<uint8_t>;

struct Value {
  std::string name;
  DType type = DType::F32;
  std::vector<int32_t> shape;          // -1: open
  std::vector<std::string> dim_names;  // of a graph input's open dimensions, by axis; may be empty
  Quantization quantization;
  // Of a constant, or what a variable starts as; shared because passes copy values.
  std::shared_ptr<const Bytes> data;
  bool variable = false;
  int variable_id =
      -1;  // variables of one number are one, in whatever graphs of a model; -1: alone

  bool constant() const { return data != nullptr && !variable; }
  // The constant's elements; T must be the value's C++ type.
  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(data->data());
  }
  uint64_t elements() const;  // 1 for a scalar; shape must be known
};

inline constexpr int kAbsent = -1;  // as a node's input: optional, not given

struct Node {
  std::string name;
  fb::OpOptionsUnion options;
  std::vector<int> inputs, outputs;

  fb::OpOptions type() const { return options.type; }
};

// What an import has changed, for people: qrt inspect shows it.
struct Record {
  std::map<std::string, int> fused;     // how often several operators have become this one
  std::map<std::string, int> upgraded;  // nodes of old forms: "Upsample 9"
  int folded = 0;                       // operators computed at import: their results are constants
};

// A model is its main graph; the others that it consists of are in `subgraphs`. Operators that run
// one (Call, If, While) name it by number: 0 is the main graph, i is subgraphs[i - 1]
// (subgraphs.h).
class Graph {
 public:
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;  // in execution order
  std::vector<int> inputs, outputs;
  std::vector<std::pair<std::string, std::string>> metadata;  // of the main graph
  std::vector<Graph> subgraphs;                               // of the main graph
  // Of a subgraph: that callers may choose it by its name, as they may the main graph.
  bool entry = false;
  Record record;  // of the main graph, once it is optimized

  Value& value(int index) { return values[static_cast<size_t>(index)]; }
  const Value& value(int index) const { return values[static_cast<size_t>(index)]; }

  int add_value(Value value);
  // A value without data: an intermediate result, an input or an output.
  int add_tensor(std::string value_name, DType type, std::vector<int32_t> shape,
                 Quantization quantization = {});
  template <class T>
  int add_constant(std::string value_name, std::vector<int32_t> shape,
                   const std::vector<T>& elements, Quantization quantization = {}) {
    const auto* begin = reinterpret_cast<const uint8_t*>(elements.data());
    return add_constant_bytes(std::move(value_name), rt::DTypeOf<T>::value, std::move(shape),
                              Bytes(begin, begin + elements.size() * sizeof(T)),
                              std::move(quantization));
  }
  int add_constant_bytes(std::string value_name, DType type, std::vector<int32_t> shape,
                         Bytes bytes, Quantization quantization = {});

  // Appends a node. Options is an object-API table of the schema: fb::Conv2DT, fb::BinaryT, ...
  template <class Options>
  Node& add_node(std::string node_name, Options options, std::vector<int> node_inputs,
                 std::vector<int> node_outputs) {
    nodes.push_back(make_node(std::move(node_name), std::move(options), std::move(node_inputs),
                              std::move(node_outputs)));
    return nodes.back();
  }
  template <class Options>
  static Node make_node(std::string node_name, Options options, std::vector<int> node_inputs,
                        std::vector<int> node_outputs) {
    Node node;
    node.name = std::move(node_name);
    node.options.Set(std::move(options));
    node.inputs = std::move(node_inputs);
    node.outputs = std::move(node_outputs);
    return node;
  }

  // For each value, the index of the node that makes it; -1 for inputs, constants and variables.
  std::vector<int> producers() const;
  // For each value, how many node inputs and graph outputs read it.
  std::vector<int> use_counts() const;
  // Makes every reader of `from` (nodes and graph outputs) read `to` instead.
  void replace_uses(int from, int to);
};

// The real-unit clamp of a fused activation, for Conv2D, Binary, ...; null when it does nothing.
std::unique_ptr<fb::ClampT> make_clamp(float min, float max);

// "Conv2D", "Binary.Add": what messages and tables call an operator.
std::string node_kind(const Node& node);

}  // namespace qrt::graph
