#include "src/import/onnx/builder.h"

#include <algorithm>
#include <cstring>

#include "src/graph/evaluate.h"
#include "src/import/onnx/errors.h"

namespace qrt::import::onnx_import {
namespace {

Order as_order(const std::vector<int32_t>& perm) { return {perm.begin(), perm.end()}; }

Shape shape_of(const graph::Value& constant) {
  return {constant.shape.begin(), constant.shape.end()};
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

bool without_elements(const Shape& shape) {
  return std::any_of(shape.begin(), shape.end(), [](Dim dim) { return dim.is(0); });
}

uint64_t least_bytes(const Shape& shape, DType type) {
  if (without_elements(shape)) return 0;
  return static_cast<uint64_t>(least_elements(shape)) * rt::dtype_bytes(type);
}

}  // namespace

Shape Builder::shape(int value) {
  const rt::Shape& shape = shapes_.shape(value);
  return {shape.begin(), shape.end()};
}

TensorPtr Builder::input(const std::string& name, DType type, const graph::Shape& shape,
                         std::vector<std::string> dim_names) {
  auto tensor = std::make_shared<Tensor>();
  const int index = graph.add_tensor(name, type, shape);
  graph.value(index).dim_names = std::move(dim_names);
  graph.inputs.push_back(index);
  *tensor = {name, type, this->shape(index), {{plain_order(shape.size()), index}}, false};
  check_size(tensor->shape);
  return tensor;
}

TensorPtr Builder::constant(const std::string& name, DType type, const Shape& shape,
                            graph::Bytes bytes, const Quantization& quantization) {
  auto tensor = std::make_shared<Tensor>();
  const int index =
      graph.add_constant_bytes(name, type, declared(shape), std::move(bytes), quantization);
  *tensor = {name, type, shape, {{plain_order(shape.size()), index}}, true};
  return tensor;
}

void Builder::charge(uint64_t bytes) {
  if (bytes > budget_) unsupported("constants that grow far beyond the model's own size");
  budget_ -= bytes;
}

int Builder::value(const std::string& name, DType type, const Quantization& quantization) {
  return graph.add_tensor(name, type, {}, quantization);
}

int Builder::value(const std::string& name, DType type, const Shape& shape,
                   const Quantization& quantization) {
  check_size(shape);
  const int result = graph.add_tensor(name, type, declared(shape), quantization);
  promised_[result] = shape;
  return result;
}

void Builder::complete_last_node() {
  const graph::Node& node = graph.nodes.back();
  infer(node);
  if (!compute(node) && !compute_from_sizes(node)) return;
  for (int output : node.outputs) producer_.erase(output);
  graph.nodes.pop_back();
  ++graph.record.folded;
}

bool Builder::compute(const graph::Node& node) {
  // Weights stay quantized until the passes have seen them.
  const bool quantizes =
      node.type() == fb::OpOptions::Dequantize || node.type() == fb::OpOptions::Quantize;
  if (quantizes || !graph::is_constant(graph, node)) return false;
  uint64_t bytes = 0;
  for (int output : node.outputs) bytes += least_bytes(shape(output), graph.value(output).type);
  if (bytes == 0) {
    for (int output : node.outputs) {
      make_constant(output, graph.value(output).shape, std::make_shared<const graph::Bytes>());
    }
    return true;
  }
  const uint64_t limit = std::min<uint64_t>(budget_, graph::evaluation_limit(graph, node));
  if (bytes > limit) return false;
  auto results = graph::evaluate(graph, node, limit);
  if (!results.ok()) return false;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    graph::Value& result = (*results)[i];
    charge(std::min<uint64_t>(budget_, result.data->size()));
    make_constant(node.outputs[i], std::move(result.shape), std::move(result.data));
  }
  return true;
}

// A node that reads sizes which the model leaves open may still give some that it fixes.
bool Builder::compute_from_sizes(const graph::Node& node) {
  for (int output : node.outputs) {
    const DType type = graph.value(output).type;
    const rt::Integers* known = integers(output);
    if (known == nullptr) return false;
    if (type != DType::S64 && type != DType::S32 && type != DType::Bool) return false;
    if (!std::all_of(known->begin(), known->end(), rt::is_number)) return false;
  }
  for (int output : node.outputs) {
    const rt::Integers& known = *integers(output);
    const size_t width = rt::dtype_bytes(graph.value(output).type);
    graph::Bytes bytes(known.size() * width);
    for (size_t i = 0; i < known.size(); ++i) {
      const int64_t element = known[i];
      std::memcpy(bytes.data() + i * width, &element, width);  // little-endian
    }
    make_constant(output, graph.value(output).shape,
                  std::make_shared<const graph::Bytes>(std::move(bytes)));
  }
  return true;
}

void Builder::make_constant(int value, std::vector<int32_t> shape,
                            std::shared_ptr<const graph::Bytes> data) {
  graph.value(value).shape = std::move(shape);
  graph.value(value).data = std::move(data);
  shapes_.forget(value);
}

void Builder::infer(const graph::Node& node) {
  const rt::Status status = shapes_.infer(node);
  if (status.code() == rt::Code::Unsupported) throw Unsupported(status.message());
  if (!status.ok()) throw Invalid(status.message());
  for (int output : node.outputs) {
    const Shape made = shape(output);
    if (!without_elements(made) || !graph::is_constant(graph, node)) check_size(made);
    const auto promised = promised_.find(output);
    if (promised == promised_.end()) continue;
    bool kept = made.size() == promised->second.size();
    for (size_t i = 0; kept && i < made.size(); ++i) {
      kept = !dims().differ(made[i].symbol(), promised->second[i].symbol());
    }
    if (!kept) {
      invalid("a result of shape %s where %s is computed", text(promised->second).c_str(),
              text(made).c_str());
    }
  }
}

graph::Node* Builder::producer(int value) {
  const auto it = producer_.find(value);
  return it == producer_.end() ? nullptr : &graph.nodes[it->second];
}

void Builder::update_shape(Tensor& tensor) {
  const int made = tensor.forms.front().value;
  const Shape lying = shape(made);
  tensor.fixed = tensor.fixed || graph.value(made).constant();
  if (lying.size() == tensor.order().size()) tensor.shape = from_memory(lying, tensor.order());
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
  // A Reshape, where it can say which open size comes where.
  const bool reshapes =
      same_elements(tensor.shape, source.order, order) &&
      (graph.value(source.value).constant() ||
       reshape_options(shape(source.value), arranged(tensor.shape, order)).has_value());
  if (reshapes) {
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
      std::all_of(tensor.shape.begin(), tensor.shape.end(), [](Dim dim) { return dim.is(1); });
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
  const Shape before = this->shape(value);
  if (before == shape) return value;
  const graph::Value from = graph.value(value);  // a copy: values move when one is added
  if (from.constant()) return reshaped_constant(value, shape, name);
  if (const int constant = dequantized_constant(value); constant >= 0) {
    Quantization q = graph.value(constant).quantization;
    if (reshaped_quantization(before, shape, &q)) {
      return dequantized(reshaped_constant(constant, shape, name + "/q"), shape, name);
    }
  }
  if (const graph::Node* node = producer(value); node && node->type() == fb::OpOptions::Reshape) {
    const int source = node->inputs[0];
    if (reshape_options(this->shape(source), shape)) return reshaped(source, shape, name);
  }
  Quantization q = from.quantization;
  if (!reshaped_quantization(before, shape, &q)) {
    unsupported("a reshape that splits the axis of a quantization");
  }
  auto options = reshape_options(before, shape);
  if (!options) needs_size();
  const int result = this->value(name, from.type, shape, q);
  node(name, std::move(*options), {value}, {result});
  return result;
}

int Builder::transposed(int value, const std::vector<int32_t>& perm, const std::string& name) {
  const graph::Value from = graph.value(value);
  if (from.constant()) return transposed_constant(value, perm, name);
  if (const int constant = dequantized_constant(value); constant >= 0) {
    return dequantized(transposed_constant(constant, perm, name + "/q"),
                       arranged(shape(value), as_order(perm)), name);
  }
  const int result = this->value(name, from.type, transposed_quantization(from.quantization, perm));
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
  const int result = graph.add_tensor(name, from.type, graph::arranged(from.shape, as_order(perm)),
                                      transposed_quantization(from.quantization, perm));
  graph.value(result).data = entry.result;
  return result;
}

int Builder::reshaped_constant(int value, const Shape& shape, const std::string& name) {
  const graph::Value from = graph.value(value);
  Quantization q = from.quantization;
  if (!reshaped_quantization(shape_of(from), shape, &q)) {
    unsupported("a reshape that splits the axis of a quantization");
  }
  const int result = graph.add_tensor(name, from.type, declared(shape), q);
  graph.value(result).data = from.data;
  return result;
}

}  // namespace qrt::import::onnx_import
