#include "src/import/onnx/builder.h"

#include <algorithm>

#include "src/import/onnx/errors.h"

namespace qrt::import::onnx_import {
namespace {

Shape permuted(const Shape& shape, const std::vector<int32_t>& perm) {
  return arranged(shape, Order(perm.begin(), perm.end()));
}

Quantization transposed_quantization(Quantization q, const std::vector<int32_t>& perm) {
  if (q.axis >= 0) {
    q.axis = static_cast<int>(std::find(perm.begin(), perm.end(), q.axis) - perm.begin());
  }
  return q;
}

// The quantization after a reshape; false if its axis does not survive.
bool reshaped_quantization(const Shape& from, const Shape& to, Quantization* q) {
  if (q->axis < 0) return true;
  const auto elements_before = [](const Shape& shape, size_t axis) {
    int64_t elements = 1;
    for (size_t i = 0; i < axis; ++i) elements *= shape[i];
    return elements;
  };
  const auto axis = static_cast<size_t>(q->axis);
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] == from[axis] && elements_before(to, i) == elements_before(from, axis)) {
      q->axis = static_cast<int>(i);
      return true;
    }
  }
  return false;
}

}  // namespace

TensorPtr Builder::input(const std::string& name, DType type, const Shape& shape) {
  auto tensor = std::make_shared<Tensor>();
  const int index = value(name, type, shape);
  graph.inputs.push_back(index);
  *tensor = {name, type, shape, {{plain_order(shape.size()), index}}, false};
  return tensor;
}

TensorPtr Builder::constant(const std::string& name, DType type, const Shape& shape,
                            graph::Bytes bytes, const Quantization& quantization) {
  auto tensor = std::make_shared<Tensor>();
  const int index = graph.add_constant_bytes(name, type, shape, std::move(bytes), quantization);
  *tensor = {name, type, shape, {{plain_order(shape.size()), index}}, true};
  return tensor;
}

void Builder::charge(uint64_t bytes) {
  if (bytes > budget_) unsupported("constants that grow far beyond the model's own size");
  budget_ -= bytes;
}

int Builder::value(const std::string& name, DType type, const Shape& shape,
                   const Quantization& quantization) {
  checked_elements(shape);
  return graph.add_tensor(name, type, shape, quantization);
}

graph::Node* Builder::producer(int value) {
  const auto it = producer_.find(value);
  return it == producer_.end() ? nullptr : &graph.nodes[it->second];
}

int Builder::form(Tensor& tensor, const Order& order) {
  for (const Form& form : tensor.forms) {
    if (form.order == order) return form.value;
  }
  const Form source = tensor.forms.front();
  const std::string name = tensor.name + (order == channels_last(order.size()) ? "/nhwc"
                                          : order == plain_order(order.size()) ? "/nchw"
                                                                               : "/transposed");
  int made;
  if (same_elements(tensor.shape, source.order, order)) {
    made = reshaped(source.value, arranged(tensor.shape, order), name);
  } else {
    made = transposed(source.value, transposition(source.order, order), name);
  }
  tensor.forms.push_back({order, made});
  return made;
}

int Builder::broadcast_form(Tensor& tensor, const Order& order) {
  const size_t missing = order.size() - tensor.rank();
  if (missing == 0) return form(tensor, order);
  const bool single =
      std::all_of(tensor.shape.begin(), tensor.shape.end(), [](int32_t dim) { return dim == 1; });
  if (single) return tensor.forms.front().value;
  if (order == plain_order(order.size())) return plain(tensor);
  Tensor padded{tensor.name, tensor.type, Shape(missing, 1), {}, tensor.fixed};
  padded.shape.insert(padded.shape.end(), tensor.shape.begin(), tensor.shape.end());
  Order padded_order = plain_order(missing);
  for (int axis : tensor.order()) padded_order.push_back(axis + static_cast<int>(missing));
  const int value = reshaped(tensor.forms.front().value, arranged(padded.shape, padded_order),
                             tensor.name + "/broadcast");
  padded.forms.push_back({std::move(padded_order), value});
  return form(padded, order);
}

int Builder::reshaped(int value, const Shape& shape, const std::string& name) {
  const graph::Value from = graph.value(value);  // a copy: values move when one is added
  if (from.shape == shape) return value;
  if (from.constant()) return reshaped_constant(value, shape, name);
  if (const int constant = dequantized_constant(value); constant >= 0) {
    Quantization q = graph.value(constant).quantization;
    if (reshaped_quantization(from.shape, shape, &q)) {
      return dequantized(reshaped_constant(constant, shape, name + "/q"), shape, name);
    }
  }
  if (const graph::Node* node = producer(value); node && node->type() == fb::OpOptions::Reshape) {
    return reshaped(node->inputs[0], shape, name);
  }
  Quantization q = from.quantization;
  if (!reshaped_quantization(from.shape, shape, &q)) {
    unsupported("a reshape that splits the axis of a quantization");
  }
  const int result = this->value(name, from.type, shape, q);
  fb::ReshapeT options;
  options.shape = shape;
  node(name, std::move(options), {value}, {result});
  return result;
}

int Builder::transposed(int value, const std::vector<int32_t>& perm, const std::string& name) {
  const graph::Value from = graph.value(value);
  if (from.constant()) return transposed_constant(value, perm, name);
  const Shape shape = permuted(from.shape, perm);
  if (const int constant = dequantized_constant(value); constant >= 0) {
    return dequantized(transposed_constant(constant, perm, name + "/q"), shape, name);
  }
  const int result =
      this->value(name, from.type, shape, transposed_quantization(from.quantization, perm));
  fb::TransposeT options;
  options.perm = perm;
  node(name, std::move(options), {value}, {result});
  return result;
}

const graph::Value* Builder::constant_value(Tensor& tensor) {
  if (!graph.value(tensor.forms.front().value).constant()) return nullptr;
  return &graph.value(plain(tensor));
}

int Builder::dequantized_constant(int value) {
  const graph::Node* node = producer(value);
  if (node == nullptr || node->type() != fb::OpOptions::Dequantize) return -1;
  return graph.value(node->inputs[0]).constant() ? node->inputs[0] : -1;
}

int Builder::dequantized(int constant, const Shape& shape, const std::string& name) {
  const int result = value(name, DType::F32, shape);
  node(name, fb::DequantizeT{}, {constant}, {result});
  return result;
}

int Builder::transposed_constant(int value, const std::vector<int32_t>& perm,
                                 const std::string& name) {
  const graph::Value from = graph.value(value);
  std::vector<int32_t> key = perm;
  key.insert(key.end(), from.shape.begin(), from.shape.end());
  key.push_back(static_cast<int32_t>(from.type));
  Rewritten& entry = transposed_data_[{from.data.get(), key}];
  if (entry.result == nullptr) {
    charge(from.data->size());
    entry = {from.data, std::make_shared<const graph::Bytes>(graph::transpose_bytes(from, perm))};
  }
  const int result = graph.add_tensor(name, from.type, permuted(from.shape, perm),
                                      transposed_quantization(from.quantization, perm));
  graph.value(result).data = entry.result;
  return result;
}

int Builder::reshaped_constant(int value, const Shape& shape, const std::string& name) {
  const graph::Value from = graph.value(value);
  Quantization q = from.quantization;
  if (!reshaped_quantization(from.shape, shape, &q)) {
    unsupported("a reshape that splits the axis of a quantization");
  }
  const int result = graph.add_tensor(name, from.type, shape, q);
  graph.value(result).data = from.data;
  return result;
}

}  // namespace qrt::import::onnx_import
