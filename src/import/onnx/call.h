// One ONNX node on its way into the graph: what an importer rule is given. Rules read inputs and
// attributes, emit nodes and say what the outputs are; they throw Unsupported or Invalid.
#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/import/onnx/attributes.h"
#include "src/import/onnx/builder.h"
#include "src/import/onnx/errors.h"
#include "src/import/onnx/numbers.h"

namespace qrt::import::onnx_import {

// What a rule may know about the model around its node.
struct ModelContext {
  int opset = 0;
  std::string folder;  // for external data
  // What the model says of results, by name; only if some operator is left to the app.
  std::map<std::string, const ::onnx::ValueInfoProto*> declared = {};
};

// "Conv", "com.microsoft.Gelu": what messages and users call an operator.
std::string kind_of(const ::onnx::NodeProto& node);

class Call {
 public:
  // A null input is absent; `sole_use[i]`: nothing else reads input i.
  Call(Builder& builder, const ModelContext& model_context, ::onnx::NodeProto& node,
       int table_variant, std::vector<TensorPtr> inputs, std::vector<bool> sole_use,
       std::vector<bool> outputs_read);

  Builder& b;
  Attributes attributes;
  const ModelContext& model;
  const int variant;       // of the table's row: which of several similar operators
  const std::string name;  // the node's; without one, its first output's
  const std::string kind;  // kind_of

  int opset() const { return model.opset; }
  size_t inputs() const { return inputs_.size(); }
  bool has(size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  const TensorPtr& pointer(size_t i) const;  // Invalid if absent
  Tensor& in(size_t i) const { return *pointer(i); }
  // An input of type f32, or Unsupported.
  Tensor& floats(size_t i) const;
  // The same of f32 or f64.
  Tensor& reals(size_t i) const;
  bool sole_use(size_t i) const { return sole_use_[i]; }
  // For rules that go on with others' forms of the inputs.
  void replace_inputs(std::vector<TensorPtr> inputs) { inputs_ = std::move(inputs); }
  // The elements of an integer input that must be known now; `what` names it in the error.
  std::vector<int64_t> integers(size_t i, const char* what) const;
  // The same, where sizes that the model leaves open may be among them.
  Shape sizes(size_t i, const char* what) const;

  size_t outputs() const { return outputs_.size(); }
  bool output_read(size_t k) const { return k < outputs_read_.size() && outputs_read_[k]; }
  std::string output_name(size_t k) const { return outputs_[k]; }
  // A name for something the node needs on the way.
  std::string temporary(const char* suffix) const { return outputs_[0] + "/" + suffix; }

  // Output k is a new value that lies in `order`. The node that makes it gives its shape.
  int out(size_t k, DType type, const Order& order, const Quantization& quantization = {});
  // The same; the node must make it of ONNX's shape `shape`.
  int out(size_t k, DType type, const Shape& shape, const Order& order,
          const Quantization& quantization = {});
  // Output k is this value, which lies in `order`.
  void out_value(size_t k, int value, const Order& order);
  // Output k is that tensor.
  void out_same(size_t k, TensorPtr tensor) { results[k] = std::move(tensor); }
  void out_constant(size_t k, const Numbers& numbers) {
    results[k] = make_constant(b, outputs_[k], numbers);
  }
  template <class Options>
  void emit(Options options, std::vector<int> node_inputs, std::vector<int> node_outputs) {
    b.node(name, std::move(options), std::move(node_inputs), std::move(node_outputs));
    for (const TensorPtr& result : results) {
      if (result != nullptr) b.update_shape(*result);
    }
  }
  // The quantization of a value whose elements are moved: Unsupported if it has one a channel.
  Quantization moved_quantization(int value) const;
  // One node with one output that keeps its first input's type and quantization.
  template <class Options>
  void move(Options options, Tensor& x, const Order& from, const Order& order) {
    const int input = b.form(x, from);
    emit(std::move(options), {input}, {out(0, x.type, order, moved_quantization(input))});
  }
  // Tensors on the way to an output: this value, which lies in `order`.
  Tensor inner(const char* suffix, int value, const Order& order) const;

  std::vector<TensorPtr> results;

 private:
  std::vector<TensorPtr> inputs_;
  std::vector<bool> sole_use_, outputs_read_;
  std::vector<std::string> outputs_;
};

}  // namespace qrt::import::onnx_import
