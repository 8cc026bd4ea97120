// Models of one operator, and tables of ways to break them.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "tests/model/model_file.h"

namespace qrt::test {

using Dims = std::vector<int32_t>;

inline const graph::Quantization kScale = {{0.5f}, {3}, -1, 0};

// A graph of one node, sound until something is changed. Tensors are numbered inputs first.
template <class Options>
graph::Graph one_node(Options options, const std::vector<graph::Value>& inputs,
                      const graph::Value& output) {
  graph::Graph g;
  std::vector<int> in;
  for (const graph::Value& input : inputs) {
    in.push_back(g.add_value(input));
    if (!input.constant() && !input.variable) g.inputs.push_back(in.back());
  }
  const int out = g.add_value(output);
  g.add_node("node", std::move(options), in, {out});
  g.outputs = {out};
  return g;
}

inline graph::Value tensor(rt::DType type, Dims shape, graph::Quantization quantization = {}) {
  graph::Value value;
  value.type = type;
  value.shape = std::move(shape);
  value.quantization = std::move(quantization);
  return value;
}
inline graph::Value s8(Dims shape) { return tensor(rt::DType::S8, std::move(shape), kScale); }
inline graph::Value constant(graph::Value value) {
  value.data = std::make_shared<const Bytes>(value.elements() * rt::dtype_bytes(value.type));
  return value;
}
inline graph::Value variable(graph::Value value) {
  value.variable = true;
  return value;
}
// Weights of one scale, which may not be the activations' with its zero point.
inline graph::Value weights(Dims shape) {
  return constant(tensor(rt::DType::S8, std::move(shape), {{0.1f}, {}, -1, 0}));
}
inline graph::Value bias(int32_t n) { return constant(tensor(rt::DType::S32, {n})); }

template <class Options>
struct Break {
  const char* what;
  std::function<void(ModelFile&, Options&)> apply;
  const char* words;
  rt::Code code = rt::Code::InvalidModel;
};

// `options` gets the node's attributes in object form.
template <class Options>
void expect_all_refused(const graph::Graph& sound, Options* (fb::OpOptionsUnion::*options)(),
                        const std::vector<Break<Options>>& breaks) {
  const rt::Status status = run_file(serialized(sound));
  EXPECT_TRUE(status.ok()) << status.message();
  for (const Break<Options>& b : breaks) {
    SCOPED_TRACE(b.what);
    ModelFile file(sound);
    b.apply(file, *(file.op(0).options.*options)());
    expect_refused(file.pack(), b.words, b.code);
  }
}

}  // namespace qrt::test
