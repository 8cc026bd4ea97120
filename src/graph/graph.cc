#include "src/graph/graph.h"

#include <cmath>

namespace qrt::graph {

uint64_t Value::elements() const {
  uint64_t count = 1;
  for (int32_t dim : shape) count *= static_cast<uint64_t>(dim);
  return count;
}

int Graph::add_value(Value value) {
  values.push_back(std::move(value));
  return static_cast<int>(values.size()) - 1;
}

int Graph::add_tensor(std::string value_name, DType type, std::vector<int32_t> shape,
                      Quantization quantization) {
  Value value;
  value.name = std::move(value_name);
  value.type = type;
  value.shape = std::move(shape);
  value.quantization = std::move(quantization);
  return add_value(std::move(value));
}

int Graph::add_constant_bytes(std::string value_name, DType type, std::vector<int32_t> shape,
                              Bytes bytes, Quantization quantization) {
  const int index =
      add_tensor(std::move(value_name), type, std::move(shape), std::move(quantization));
  value(index).data = std::make_shared<const Bytes>(std::move(bytes));
  return index;
}

std::vector<int> Graph::producers() const {
  std::vector<int> producer(values.size(), -1);
  for (size_t n = 0; n < nodes.size(); ++n) {
    for (int output : nodes[n].outputs) producer[static_cast<size_t>(output)] = static_cast<int>(n);
  }
  return producer;
}

std::vector<int> Graph::use_counts() const {
  std::vector<int> uses(values.size(), 0);
  for (const Node& node : nodes) {
    for (int input : node.inputs) {
      if (input != kAbsent) ++uses[static_cast<size_t>(input)];
    }
  }
  for (int output : outputs) ++uses[static_cast<size_t>(output)];
  return uses;
}

void Graph::replace_uses(int from, int to) {
  for (Node& node : nodes) {
    for (int& input : node.inputs) {
      if (input == from) input = to;
    }
  }
  for (int& output : outputs) {
    if (output == from) output = to;
  }
}

std::unique_ptr<fb::ClampT> make_clamp(float min, float max) {
  if (std::isinf(min) && min < 0 && std::isinf(max) && max > 0) return nullptr;
  auto clamp = std::make_unique<fb::ClampT>();
  clamp->min = min;
  clamp->max = max;
  return clamp;
}

}  // namespace qrt::graph
