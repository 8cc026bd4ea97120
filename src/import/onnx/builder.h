// Builds libqrt's graph while the ONNX nodes are gone through. A tensor of ONNX may lie in the
// graph in several orders of its axes; the builder makes each order when an operator first asks
// for it, so that Transposes appear only where the layout really changes.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/graph/graph.h"
#include "src/graph/shape_inference.h"
#include "src/import/onnx/layout.h"

namespace qrt::import::onnx_import {

using graph::DType;
using graph::Quantization;

// A graph value that holds a tensor's elements in this order: Builder::shape(value) is
// arranged(tensor.shape, order).
struct Form {
  Order order;
  int value;
};

struct Tensor {
  std::string name;
  DType type = DType::F32;
  Shape shape;              // ONNX's; 0 as a dimension only in constants
  std::vector<Form> forms;  // never empty; the first is the one it was made in
  bool fixed = false;       // computed from constants only

  size_t rank() const { return shape.size(); }
  const Order& order() const { return forms.front().order; }
};
using TensorPtr = std::shared_ptr<Tensor>;

class Builder {
 public:
  // `budget`: how many bytes of new constants the model's own size justifies. A few bytes of model
  // can ask for the same large constant to be rewritten over and over.
  explicit Builder(uint64_t budget) : budget_(budget), shapes_(graph) {}

  graph::Graph graph;
  // Constants of floats that were made from s4 by block, and these as weights [O,I] by block along
  // I. A matrix [I,O] has them under `columns`, a matrix [O,I] under `rows`.
  struct {
    std::map<int, int> columns, rows;
  } nibbles;

  // The symbols of open dimensions.
  rt::Dims& dims() { return shapes_.dims(); }
  // A value's shape as it lies in memory.
  Shape shape(int value);
  // The integers of a small tensor that is computed from shapes, symbols among them; null if they
  // are not known.
  const rt::Integers* integers(int value) const { return shapes_.integers(value); }

  // An open dimension is -1, and named if `dim_names`, by axis, is not empty there.
  TensorPtr input(const std::string& name, DType type, const graph::Shape& shape,
                  std::vector<std::string> dim_names);
  // `bytes` come from the model's file.
  TensorPtr constant(const std::string& name, DType type, const Shape& shape, graph::Bytes bytes,
                     const Quantization& quantization = {});
  // Counts bytes about to be made against the budget; throws Unsupported when it is used up.
  void charge(uint64_t bytes);

  // A value for an intermediate result, whose shape the node that makes it decides.
  int value(const std::string& name, DType type, const Quantization& quantization = {});
  // The same; the node must make it of this shape, as it lies in memory.
  int value(const std::string& name, DType type, const Shape& shape,
            const Quantization& quantization = {});
  // Throws Invalid or Unsupported if the operator does not take such inputs. Where the results are
  // known already, they become constants, and there is no node: so that shapes, and constants that
  // a model computes, are known to the rules behind.
  template <class Options>
  void node(const std::string& name, Options options, std::vector<int> inputs,
            std::vector<int> outputs) {
    for (int output : outputs) producer_[output] = graph.nodes.size();
    graph.add_node(name, std::move(options), std::move(inputs), std::move(outputs));
    complete_last_node();
  }
  // A node that stays one, and whose outputs have the shapes that the graph says: one that runs
  // other graphs, or gives a value another name.
  template <class Options>
  void node_as_declared(const std::string& name, Options options, std::vector<int> inputs,
                        std::vector<int> outputs) {
    for (int output : outputs) producer_[output] = graph.nodes.size();
    graph.add_node(name, std::move(options), std::move(inputs), std::move(outputs));
  }
  // The node that makes a value; null for inputs and constants. Valid until the next node.
  graph::Node* producer(int value);

  // The shape that the tensor's value has by now, and whether that is a constant.
  void update_shape(Tensor& tensor);

  // The value that holds the tensor in this order, made now if need be.
  int form(Tensor& tensor, const Order& order);
  int plain(Tensor& tensor) { return form(tensor, plain_order(tensor.rank())); }
  // The same for a tensor that is to be broadcast to order.size() dimensions.
  int broadcast_form(Tensor& tensor, const Order& order);

  // The same elements under another shape: a constant stays one, and Reshapes do not pile up.
  // Unsupported if a Reshape cannot say which open dimensions the result has.
  int reshaped(int value, const Shape& shape, const std::string& name);
  // The same elements with axes in another order.
  int transposed(int value, const std::vector<int32_t>& perm, const std::string& name);

  // The tensor's elements in ONNX's order, if they are known now; null otherwise.
  const graph::Value* constant_value(Tensor& tensor);
  template <class T>
  int vector_constant(const std::string& name, const std::vector<T>& elements) {
    charge(elements.size() * sizeof(T));
    return graph.add_constant(name, {static_cast<int32_t>(elements.size())}, elements);
  }

 private:
  void complete_last_node();
  void infer(const graph::Node& node);
  // Whether the results of the last node became constants.
  bool compute(const graph::Node& node);
  bool compute_from_sizes(const graph::Node& node);
  void make_constant(int value, std::vector<int32_t> shape,
                     std::shared_ptr<const graph::Bytes> data);
  // The constant that a Dequantize makes this value from; -1 if that is not how it is made.
  int dequantized_constant(int value);
  int dequantized(int constant, const Shape& shape, const std::string& name);
  int transposed_constant(int value, const std::vector<int32_t>& perm, const std::string& name);
  int reshaped_constant(int value, const Shape& shape, const std::string& name);

  uint64_t budget_;
  graph::ShapeInference shapes_;
  std::map<int, Shape> promised_;  // by value: the shape that its node must make
  std::map<int, size_t> producer_;
  // Rewritten weights by what they came from, so that weights that are used twice stay one. The
  // keys' data are kept alive by the entry.
  struct Rewritten {
    std::shared_ptr<const graph::Bytes> source, result;
  };
  std::map<std::pair<const graph::Bytes*, std::vector<int32_t>>, Rewritten> transposed_data_;
};

}  // namespace qrt::import::onnx_import
