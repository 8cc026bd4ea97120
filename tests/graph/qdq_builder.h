// Builds float graphs with pairs of Quantize and Dequantize, as importers leave them, and compares
// what they compute with what fuse_qdq makes of them.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "src/graph/passes.h"
#include "tests/support/run_graph.h"

namespace qrt::test {

using graph::DType;
using graph::Graph;
using graph::Quantization;
using Shape = std::vector<int32_t>;

inline Quantization per_tensor(float scale, int32_t zero_point = 0) {
  return {{scale}, zero_point == 0 ? std::vector<int32_t>{} : std::vector<int32_t>{zero_point}};
}

class QdqBuilder {
 public:
  Graph graph;

  const Shape& shape(int v) const { return graph.value(v).shape; }

  int input(const std::string& name, const Shape& dims) {
    const int v = graph.add_tensor(name, DType::F32, dims);
    graph.inputs.push_back(v);
    return v;
  }
  int quantize(int from, const Quantization& q, DType type = DType::U8) {
    const int v = graph.add_tensor(next("q"), type, shape(from), q);
    graph.add_node(graph.value(v).name, fb::QuantizeT(), {from}, {v});
    return v;
  }
  int dequantize(int from) {
    const int v = graph.add_tensor(next("d"), DType::F32, shape(from));
    graph.add_node(graph.value(v).name, fb::DequantizeT(), {from}, {v});
    return v;
  }
  int pair(int from, const Quantization& q, DType type = DType::U8) {
    return dequantize(quantize(from, q, type));
  }
  // Dequantized integers; T says of which type.
  template <class T>
  int constant(const Shape& dims, const std::vector<T>& elements, const Quantization& q) {
    return dequantize(graph.add_constant(next("k"), dims, elements, q));
  }
  int floats(const Shape& dims, const std::vector<float>& elements) {
    return graph.add_constant(next("f"), dims, elements);
  }
  template <class Options>
  int node(Options options, std::vector<int> inputs, const Shape& dims) {
    const int v = graph.add_tensor(next("n"), DType::F32, dims);
    graph.add_node(graph.value(v).name, std::move(options), std::move(inputs), {v});
    return v;
  }
  int clip(int from, float min, float max) {
    fb::UnaryT options;
    options.kind = fb::UnaryKind::Clip;
    options.clamp = graph::make_clamp(min, max);
    return node(std::move(options), {from}, shape(from));
  }
  int unary(fb::UnaryKind kind, int from) {
    fb::UnaryT options;
    options.kind = kind;
    return node(std::move(options), {from}, shape(from));
  }
  int binary(fb::BinaryKind kind, int a, int b) {
    fb::BinaryT options;
    options.kind = kind;
    return node(std::move(options), {a, b}, shape(a));
  }
  int conv(int x, int weights, int bias = graph::kAbsent) {
    fb::Conv2DT options;
    options.window = std::make_unique<fb::Window2DT>();
    std::vector<int> inputs = {x, weights};
    if (bias != graph::kAbsent) inputs.push_back(bias);
    const Shape& in = shape(x);
    return node(std::move(options), inputs, {in[0], in[1], in[2], shape(weights)[0]});
  }
  int reshape(int x, const Shape& dims) {
    fb::ReshapeT options;
    options.shape = dims;
    return node(std::move(options), {x}, dims);
  }
  void output(int v) { graph.outputs.push_back(v); }

 private:
  std::string next(const char* kind) { return kind + std::to_string(count_++); }
  int count_ = 0;
};

// "Quantize Conv2D Dequantize"
inline std::string sequence(const Graph& graph) {
  std::string text;
  for (const graph::Node& node : graph.nodes) {
    text += (text.empty() ? "" : " ") + graph::node_kind(node);
  }
  return text;
}

inline std::vector<float> run_all(const Graph& graph, const std::vector<std::vector<float>>& inputs,
                                  size_t output = 0) {
  Loaded loaded = must_load(graph);
  if (loaded.session == nullptr) return {};
  for (size_t i = 0; i < inputs.size(); ++i) loaded.set(i, inputs[i]);
  loaded.run();
  return loaded.get<float>(output);
}

// Numbers from -1 to 1, the same every time.
inline std::vector<float> waves(size_t count, float frequency = 1.7f) {
  std::vector<float> numbers(count);
  for (size_t i = 0; i < count; ++i) numbers[i] = std::sin(frequency * static_cast<float>(i + 1));
  return numbers;
}

// The pass leaves `expected`, and outputs that are at most `step` apart from those of the float
// operators. Returns the graph that the pass left.
inline Graph expect_fused(const QdqBuilder& b, const std::string& expected, float step) {
  Graph fused = b.graph;
  EXPECT_TRUE(graph::fuse_qdq(fused).ok());
  EXPECT_EQ(sequence(fused), expected);
  Graph floats = b.graph, final = b.graph;
  EXPECT_TRUE(graph::fold_constants(floats).ok());  // weights must be constants to run
  EXPECT_TRUE(graph::optimize(final).ok());
  std::vector<std::vector<float>> inputs;
  for (int v : b.graph.inputs) inputs.push_back(waves(b.graph.value(v).elements()));
  for (size_t k = 0; k < b.graph.outputs.size(); ++k) {
    const std::vector<float> before = run_all(floats, inputs, k), after = run_all(final, inputs, k);
    EXPECT_EQ(before.size(), after.size());
    for (size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
      EXPECT_NEAR(after[i], before[i], step * 1.001f) << "output " << k << ", element " << i;
    }
  }
  return fused;
}

}  // namespace qrt::test
