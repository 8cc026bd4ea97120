// Hand-made graphs that become fixtures: models of one family of operators, each node's result an
// output of the graph, with contents that are the same on every machine.
#pragma once

#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/graph/graph.h"

namespace qrt::test {

using graph::kAbsent;
using graph::Quantization;
using rt::DType;
using Dims = std::vector<int32_t>;

inline Quantization per_tensor(float scale, int32_t zero_point) {
  return {{scale}, {zero_point}, -1, 0};
}

// Reproducible elements of a type, by raw draws alone: the standard's distributions differ between
// libraries. Floats are multiples of 1/64 in [-2, 2); s32 and s64 lie in [-20, 20).
inline graph::Bytes random_elements(DType type, size_t bytes, std::mt19937& random) {
  graph::Bytes elements(bytes);
  for (uint8_t& byte : elements) byte = static_cast<uint8_t>(random() >> 24);
  if (type == DType::Bool) {
    for (uint8_t& byte : elements) byte &= 1;
  }
  const auto draw = [&](auto make) {
    using T = decltype(make(0));
    for (size_t i = 0; i + sizeof(T) <= bytes; i += sizeof(T)) {
      const T value = make(static_cast<int>(random() >> 24));
      std::memcpy(&elements[i], &value, sizeof value);
    }
  };
  if (type == DType::F32) draw([](int r) { return static_cast<float>(r - 128) / 64.0f; });
  if (type == DType::S32) draw([](int r) { return int32_t{r % 40 - 20}; });
  if (type == DType::S64) draw([](int r) { return int64_t{r % 40 - 20}; });
  return elements;
}

class Fixture {
 public:
  explicit Fixture(std::string fixture_name) { graph.name = std::move(fixture_name); }

  int input(DType type, Dims shape, Quantization quantization = {}) {
    const std::string name = "input" + std::to_string(graph.inputs.size());
    graph.inputs.push_back(graph.add_tensor(name, type, std::move(shape), std::move(quantization)));
    return graph.inputs.back();
  }
  int constant(DType type, Dims shape, Quantization quantization = {}) {
    size_t bytes = rt::dtype_bytes(type);
    for (int32_t dim : shape) bytes *= static_cast<size_t>(dim);
    return graph.add_constant_bytes("constant", type, std::move(shape),
                                    random_elements(type, bytes, random_), std::move(quantization));
  }
  int variable(DType type, Dims shape, Quantization quantization = {}) {
    const int index = graph.add_tensor("state", type, std::move(shape), std::move(quantization));
    graph.value(index).variable = true;
    return index;
  }
  // Appends a node with one output, which is an output of the graph as well; gives that.
  template <class Options>
  int node(Options options, std::vector<int> inputs, DType type, Dims shape,
           Quantization quantization = {}) {
    const std::string name = "node" + std::to_string(graph.nodes.size());
    const int out = graph.add_tensor(name, type, std::move(shape), std::move(quantization));
    graph.add_node(name, std::move(options), std::move(inputs), {out});
    graph.outputs.push_back(out);
    return out;
  }
  // A node whose result is like a tensor that is there already, but for its shape.
  template <class Options>
  int node_like(int like, Options options, std::vector<int> inputs, Dims shape) {
    const graph::Value value = graph.value(like);
    return node(std::move(options), std::move(inputs), value.type, std::move(shape),
                value.quantization);
  }

  graph::Graph graph;
  int runs = 2;  // one after the other: more where there is state

 private:
  std::mt19937 random_{1};
};

// One file each.
std::vector<Fixture> weighted_fixtures();     // convolution, fully connected, matrix products, LSTM
std::vector<Fixture> elementwise_fixtures();  // binary, unary, select, conversions
std::vector<Fixture> window_fixtures();       // pooling, resize, softmax, reductions
std::vector<Fixture> move_fixtures();         // what moves elements; sizes that a session decides

}  // namespace qrt::test
