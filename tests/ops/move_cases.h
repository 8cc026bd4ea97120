// What the tests of operators that move elements share: arrays of raw elements, the naive way to
// rearrange one, and a check that runs one node on one thread and on several.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/run_graph.h"

namespace qrt::test {

using graph::Bytes;
using rt::DType;
using Dims = std::vector<int32_t>;

struct Array {
  DType type = DType::S8;
  Dims shape;
  Bytes bytes;
  graph::Quantization quantization;
  bool constant = false;  // else an input of the graph

  size_t element_bytes() const { return rt::dtype_bytes(type); }
};

inline size_t elements(const Dims& shape) {
  size_t count = 1;
  for (int32_t dim : shape) count *= static_cast<size_t>(dim);
  return count;
}

// Row-major position.
inline size_t position(const Dims& index, const Dims& shape) {
  size_t flat = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    EXPECT_TRUE(index[i] >= 0 && index[i] < shape[i]);
    flat = flat * static_cast<size_t>(shape[i]) + static_cast<size_t>(index[i]);
  }
  return flat;
}

// All indices of a shape in row-major order; a scalar has one, {}.
inline void for_each_index(const Dims& shape, const std::function<void(const Dims&)>& visit) {
  Dims index(shape.size(), 0);
  for (size_t flat = 0; flat < elements(shape); ++flat) {
    size_t rest = flat;
    for (size_t i = shape.size(); i-- > 0;) {
      index[i] = static_cast<int32_t>(rest % static_cast<size_t>(shape[i]));
      rest /= static_cast<size_t>(shape[i]);
    }
    visit(index);
  }
}

inline Array empty_array(DType type, Dims shape) {
  Array array{type, std::move(shape), {}, {}, false};
  array.bytes.resize(elements(array.shape) * array.element_bytes());
  return array;
}

inline Array random_array(DType type, Dims shape, std::mt19937& random) {
  Array array = empty_array(type, std::move(shape));
  for (uint8_t& byte : array.bytes) byte = static_cast<uint8_t>(random());
  return array;
}

template <class T>
Array array_of(Dims shape, const std::vector<T>& values) {
  Array array = empty_array(rt::DTypeOf<T>::value, std::move(shape));
  EXPECT_EQ(array.bytes.size(), values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

inline Array as_constant(Array array) {
  array.constant = true;
  return array;
}

// Each element of the result is the element of `from` at source(its index).
inline Array rearrange(const Array& from, Dims shape,
                       const std::function<Dims(const Dims&)>& source) {
  Array result = empty_array(from.type, std::move(shape));
  result.quantization = from.quantization;
  uint8_t* to = result.bytes.data();
  for_each_index(result.shape, [&](const Dims& index) {
    std::memcpy(to, &from.bytes[position(source(index), from.shape) * from.element_bytes()],
                from.element_bytes());
    to += from.element_bytes();
  });
  return result;
}

// One node with inputs and outputs like these; only the outputs' types and shapes matter.
template <class Options>
graph::Graph graph_of(const Options& options, const std::vector<Array>& inputs,
                      const std::vector<Array>& outputs) {
  graph::Graph graph;
  std::vector<int> in, out;
  for (const Array& input : inputs) {
    if (input.constant) {
      in.push_back(graph.add_constant_bytes("constant", input.type, input.shape, input.bytes,
                                            input.quantization));
    } else {
      in.push_back(graph.add_tensor("in", input.type, input.shape, input.quantization));
      graph.inputs.push_back(in.back());
    }
  }
  for (const Array& output : outputs) {
    out.push_back(graph.add_tensor("out", output.type, output.shape, output.quantization));
  }
  graph.outputs = out;
  graph.add_node("node", options, in, out);
  return graph;
}

// Three threads for all tests: starting them costs more than what they do here.
inline pthreadpool_t three_threads() {
  static const std::unique_ptr<pthreadpool, decltype(&pthreadpool_destroy)> pool(
      pthreadpool_create(3), &pthreadpool_destroy);
  return pool.get();
}

// Runs the node on one thread and on three, and compares every output's shape and bytes.
template <class Options>
void expect_node(const Options& options, const std::vector<Array>& inputs,
                 const std::vector<Array>& outputs) {
  const graph::Graph graph = graph_of(options, inputs, outputs);
  for (pthreadpool_t pool : {pthreadpool_t{nullptr}, three_threads()}) {
    rt::SessionOptions session_options;
    session_options.pool = pool;
    Loaded loaded = must_load(graph, session_options);
    if (loaded.session == nullptr) return;
    size_t next = 0;
    for (const Array& input : inputs) {
      if (!input.constant) loaded.set(next++, input.bytes);
    }
    loaded.run();
    for (size_t i = 0; i < outputs.size(); ++i) {
      EXPECT_TRUE(loaded.get<uint8_t>(i) == outputs[i].bytes)
          << "output " << i << (pool != nullptr ? " on three threads" : "");
    }
  }
}

// Loading the graph fails with a sentence that has these words.
inline void expect_refused(const graph::Graph& graph, const std::string& words,
                           rt::Code code = rt::Code::InvalidModel) {
  const auto loaded = load(graph);
  ASSERT_FALSE(loaded.ok()) << "accepted, expected: " << words;
  EXPECT_NE(loaded.status().message().find(words), std::string::npos)
      << loaded.status().message() << "\nexpected: " << words;
  EXPECT_EQ(loaded.status().code(), code) << loaded.status().message();
}

template <class Options>
void expect_refused(const Options& options, const std::vector<Array>& inputs,
                    const std::vector<Array>& outputs, const std::string& words,
                    rt::Code code = rt::Code::InvalidModel) {
  expect_refused(graph_of(options, inputs, outputs), words, code);
}

// A type of each size, and quantized ones.
inline const std::vector<DType> kMovedTypes = {DType::S8,  DType::Bool, DType::F16,
                                               DType::S16, DType::F32,  DType::S64};
inline const graph::Quantization kSomeScale = {{0.5f}, {3}, -1, 0};

}  // namespace qrt::test
