// Builds small .tflite files, whole or broken, for the importer's tests.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "src/import/import.h"
#include "tflite_read_generated.h"

namespace qrt::test {

using tfl::Builtin;
using tfl::TensorType;

class TfliteBuilder {
 public:
  tfl::ModelT model;

  TfliteBuilder() {
    model.version = 3;
    model.description = "made by a test";
    model.buffers.push_back(std::make_unique<tfl::BufferT>());
    model.subgraphs.push_back(std::make_unique<tfl::SubgraphT>());
  }

  // The subgraph that everything below is about: the last one added.
  tfl::SubgraphT& graph() { return *model.subgraphs.back(); }
  // Appends one; gives its index.
  int add_subgraph(const std::string& name) {
    model.subgraphs.push_back(std::make_unique<tfl::SubgraphT>());
    graph().name = name;
    return static_cast<int>(model.subgraphs.size()) - 1;
  }
  tfl::TensorT& tensor(int index) { return *graph().tensors[static_cast<size_t>(index)]; }
  tfl::OperatorT& op(size_t index) { return *graph().operators[index]; }
  tfl::BufferT& buffer_of(int index) { return *model.buffers[tensor(index).buffer]; }

  int add(const std::string& name, std::vector<int32_t> shape,
          TensorType type = TensorType::FLOAT32) {
    auto tensor = std::make_unique<tfl::TensorT>();
    tensor->name = name;
    tensor->shape = std::move(shape);
    tensor->type = type;
    graph().tensors.push_back(std::move(tensor));
    return static_cast<int>(graph().tensors.size()) - 1;
  }
  int add_input(const std::string& name, std::vector<int32_t> shape,
                TensorType type = TensorType::FLOAT32) {
    const int index = add(name, std::move(shape), type);
    graph().inputs.push_back(index);
    return index;
  }
  int add_output(const std::string& name, std::vector<int32_t> shape,
                 TensorType type = TensorType::FLOAT32) {
    const int index = add(name, std::move(shape), type);
    graph().outputs.push_back(index);
    return index;
  }
  template <class T>
  int add_constant(const std::string& name, std::vector<int32_t> shape, TensorType type,
                   const std::vector<T>& elements) {
    const int index = add(name, std::move(shape), type);
    auto buffer = std::make_unique<tfl::BufferT>();
    buffer->data.resize(elements.size() * sizeof(T));
    if (!elements.empty()) std::memcpy(buffer->data.data(), elements.data(), buffer->data.size());
    tensor(index).buffer = static_cast<uint32_t>(model.buffers.size());
    model.buffers.push_back(std::move(buffer));
    return index;
  }
  int add_ints(const std::string& name, const std::vector<int32_t>& elements) {
    return add_constant(name, {static_cast<int32_t>(elements.size())}, TensorType::INT32, elements);
  }
  int add_floats(const std::string& name, std::vector<int32_t> shape, float first = 1) {
    size_t count = 1;
    for (int32_t dim : shape) count *= static_cast<size_t>(dim);
    std::vector<float> elements;
    for (size_t i = 0; i < count; ++i) elements.push_back(first + static_cast<float>(i));
    return add_constant(name, std::move(shape), TensorType::FLOAT32, elements);
  }
  void quantize(int index, std::vector<float> scales, std::vector<int64_t> zero_points,
                int axis = 0) {
    auto quantization = std::make_unique<tfl::QuantizationT>();
    quantization->scale = std::move(scales);
    quantization->zero_point = std::move(zero_points);
    quantization->quantized_dimension = axis;
    tensor(index).quantization = std::move(quantization);
  }

  tfl::OperatorT& add_op(Builtin code, std::vector<int32_t> inputs, std::vector<int32_t> outputs) {
    auto opcode = std::make_unique<tfl::OperatorCodeT>();
    opcode->builtin_code = static_cast<int>(code);
    opcode->deprecated_builtin_code = static_cast<int8_t>(std::min(static_cast<int>(code), 127));
    model.operator_codes.push_back(std::move(opcode));
    auto node = std::make_unique<tfl::OperatorT>();
    node->opcode_index = static_cast<uint32_t>(model.operator_codes.size()) - 1;
    node->inputs = std::move(inputs);
    node->outputs = std::move(outputs);
    graph().operators.push_back(std::move(node));
    return *graph().operators.back();
  }
  template <class Options>
  tfl::OperatorT& add_op(Builtin code, std::vector<int32_t> inputs, std::vector<int32_t> outputs,
                         Options options) {
    tfl::OperatorT& node = add_op(code, std::move(inputs), std::move(outputs));
    node.options.Set(std::move(options));
    return node;
  }

  std::vector<uint8_t> bytes() const {
    flatbuffers::FlatBufferBuilder builder;
    tfl::FinishModelBuffer(builder, tfl::Model::Pack(builder, &model));
    return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
  }
  rt::Result<graph::Graph> import() const {
    const std::vector<uint8_t> file = bytes();
    return import::import_tflite(file.data(), file.size(), "test.tflite");
  }
};

}  // namespace qrt::test
