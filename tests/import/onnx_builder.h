// Builds small ONNX models for the importer's tests, and runs what becomes of them.
#pragma once

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "src/graph/passes.h"
#include "src/import/import.h"
#include "tests/support/run_graph.h"

namespace qrt::test {

using Onnx = ::onnx::TensorProto;
using Dims64 = std::vector<int64_t>;

// Sets attributes of a node one after the other.
class OnnxNode {
 public:
  explicit OnnxNode(::onnx::NodeProto* proto) : node(proto) {}

  OnnxNode& named(const std::string& name) {
    node->set_name(name);
    return *this;
  }
  OnnxNode& set(const std::string& name, int64_t value) {
    add(name, ::onnx::AttributeProto::INT)->set_i(value);
    return *this;
  }
  OnnxNode& set(const std::string& name, int value) { return set(name, int64_t{value}); }
  OnnxNode& set(const std::string& name, float value) {
    add(name, ::onnx::AttributeProto::FLOAT)->set_f(value);
    return *this;
  }
  OnnxNode& set(const std::string& name, const char* value) {
    add(name, ::onnx::AttributeProto::STRING)->set_s(value);
    return *this;
  }
  OnnxNode& set(const std::string& name, const Dims64& values) {
    auto* attribute = add(name, ::onnx::AttributeProto::INTS);
    for (int64_t value : values) attribute->add_ints(value);
    return *this;
  }
  ::onnx::AttributeProto* add(const std::string& name, ::onnx::AttributeProto::AttributeType type) {
    auto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(type);
    return attribute;
  }

  ::onnx::NodeProto* node;
};

class OnnxBuilder {
 public:
  ::onnx::ModelProto model;

  explicit OnnxBuilder(int64_t opset = 13) {
    model.set_ir_version(8);
    model.set_producer_name("a test");
    model.add_opset_import()->set_version(opset);
    model.mutable_graph()->set_name("graph");
  }

  ::onnx::GraphProto& graph() { return *model.mutable_graph(); }

  ::onnx::ValueInfoProto* input(const std::string& name, const Dims64& dims,
                                int32_t type = Onnx::FLOAT) {
    return declare(graph().add_input(), name, dims, type);
  }
  // Each dimension a number, a name, or "?".
  void open_input(const std::string& name, const std::vector<std::string>& dims,
                  int32_t type = Onnx::FLOAT) {
    auto* shape = input(name, {}, type)->mutable_type()->mutable_tensor_type()->mutable_shape();
    for (const std::string& text : dims) {
      auto* dim = shape->add_dim();
      if (text[0] >= '0' && text[0] <= '9') {
        dim->set_dim_value(std::stoll(text));
      } else if (text != "?") {
        dim->set_dim_param(text);
      }
    }
  }
  void output(const std::string& name) { graph().add_output()->set_name(name); }
  // An initializer.
  template <class T>
  Onnx* constant(const std::string& name, const Dims64& dims, const std::vector<T>& elements,
                 int32_t type) {
    Onnx* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (int64_t dim : dims) tensor->add_dims(dim);
    tensor->set_raw_data(elements.data(), elements.size() * sizeof(T));
    return tensor;
  }
  Onnx* floats(const std::string& name, const Dims64& dims, const std::vector<float>& elements) {
    return constant(name, dims, elements, Onnx::FLOAT);
  }
  Onnx* integers(const std::string& name, const Dims64& elements) {
    return constant(name, {static_cast<int64_t>(elements.size())}, elements, Onnx::INT64);
  }
  OnnxNode op(const std::string& type, const std::vector<std::string>& inputs,
              const std::vector<std::string>& outputs) {
    auto* node = graph().add_node();
    node->set_op_type(type);
    for (const std::string& name : inputs) node->add_input(name);
    for (const std::string& name : outputs) node->add_output(name);
    return OnnxNode(node);
  }
  // Scale and zero point `name`.s and `name`.z, and the pair of nodes from `from` to `name`.
  void quantize_pair(const std::string& from, const std::string& name, float scale,
                     uint8_t zero_point) {
    floats(name + ".s", {}, {scale});
    constant<uint8_t>(name + ".z", {}, {zero_point}, Onnx::UINT8);
    op("QuantizeLinear", {from, name + ".s", name + ".z"}, {name + ".q"});
    op("DequantizeLinear", {name + ".q", name + ".s", name + ".z"}, {name});
  }

  std::vector<uint8_t> bytes() const {
    const std::string text = model.SerializeAsString();
    return {text.begin(), text.end()};
  }
  rt::Result<graph::Graph> import(const std::string& path = "test.onnx") const {
    const std::vector<uint8_t> file = bytes();
    return import::import_onnx(file.data(), file.size(), path);
  }
  // Imported; fails the test otherwise.
  graph::Graph must_import() const {
    auto graph = import();
    EXPECT_TRUE(graph.ok()) << graph.status().message();
    return graph.ok() ? std::move(*graph) : graph::Graph{};
  }
  graph::Graph must_optimize() const {
    graph::Graph graph = must_import();
    const rt::Status status = graph::optimize(graph);
    EXPECT_TRUE(status.ok()) << status.message();
    return graph;
  }

 private:
  static ::onnx::ValueInfoProto* declare(::onnx::ValueInfoProto* value, const std::string& name,
                                         const Dims64& dims, int32_t type) {
    value->set_name(name);
    auto* tensor = value->mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    tensor->mutable_shape();
    for (int64_t dim : dims) tensor->mutable_shape()->add_dim()->set_dim_value(dim);
    return value;
  }
};

inline std::vector<std::string> kinds(const graph::Graph& graph) {
  std::vector<std::string> names;
  for (const graph::Node& node : graph.nodes) names.push_back(graph::node_kind(node));
  return names;
}

inline size_t count_kind(const graph::Graph& graph, const std::string& kind) {
  size_t count = 0;
  for (const std::string& name : kinds(graph)) count += name == kind;
  return count;
}

// 1, 2, 3... or a multiple: elements that differ, so that a wrong place shows.
inline std::vector<float> ramp(size_t count, float step = 1.0f) {
  std::vector<float> elements(count);
  for (size_t i = 0; i < count; ++i) elements[i] = step * static_cast<float>(i + 1);
  return elements;
}

inline std::vector<int32_t> output_shape(const graph::Graph& graph, size_t output = 0) {
  return graph.value(graph.outputs[output]).shape;
}

// Runs on float inputs; output `output` as floats.
inline std::vector<float> run_floats(const graph::Graph& graph,
                                     const std::vector<std::vector<float>>& inputs,
                                     size_t output = 0) {
  Loaded loaded = must_load(graph);
  if (loaded.session == nullptr) return {};
  for (size_t i = 0; i < inputs.size(); ++i) loaded.set(i, inputs[i]);
  loaded.run();
  return loaded.get<float>(output);
}

// The result "y" of what `prepare` builds on the f32 input "x".
template <class T = float, class Prepare>
std::vector<T> run_on_x(const Dims64& dims, const std::vector<float>& x, const Prepare& prepare,
                        int64_t opset = 13, std::vector<int32_t>* shape = nullptr) {
  OnnxBuilder b(opset);
  b.input("x", dims);
  prepare(b);
  b.output("y");
  const graph::Graph g = b.must_optimize();
  if (g.outputs.empty()) return {};
  if (shape != nullptr) *shape = output_shape(g);
  Loaded loaded = must_load(g);
  if (loaded.session == nullptr) return {};
  loaded.set(0, x);
  loaded.run();
  return loaded.get<T>();
}

inline void expect_near(const std::vector<float>& actual, const std::vector<float>& expected,
                        float tolerance = 1e-5f) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_NEAR(actual[i], expected[i], tolerance * std::max(1.0f, std::abs(expected[i])))
        << "element " << i;
  }
}

}  // namespace qrt::test
