// Holds one operator of the runtime against an oracle: a graph of one node runs on every
// instruction set that this CPU has, and by turns with two and three threads; each result is
// compared.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/graph/graph.h"
#include "tests/oracle/numerics.h"
#include "tests/oracle/tensor.h"

namespace qrt::test {

using graph::Quantization;
using oracle::Dims;
using oracle::Tensor;
using rt::DType;

// A tensor as a model stores it: `values` are integers of quantized types, else the numbers.
struct Stored {
  DType type = DType::F32;
  Dims shape;
  Quantization quantization;
  std::vector<double> values;
  enum Role { Input, Constant, Variable, Absent } role = Input;

  Tensor numbers() const { return {shape, values}; }
  // Less the zero points.
  Tensor steps() const;
  // Which of the scales belongs to an element.
  size_t scale_of(size_t element) const;
  // scale * (q - zero point)
  Tensor real() const;
  Stored as_constant() const {
    Stored constant = *this;
    constant.role = Constant;
    return constant;
  }
};

// What a node must give. Where `tolerance` is empty, exactly; else no further away than it says,
// element by element.
struct Expected {
  DType type = DType::F32;
  Tensor tensor;
  Quantization quantization;
  std::vector<double> tolerance;
};

// The type and quantization of `in`: what operators that move elements give.
inline Expected like(const Stored& in, Tensor out) {
  return {in.type, std::move(out), in.quantization, {}};
}

// A type and a quantization that suits it.
struct Kind {
  DType type = DType::F32;
  Quantization quantization;
};

inline Quantization one_scale(double scale, int32_t zero_point = 0) {
  return {{static_cast<float>(scale)}, {zero_point}, -1, 0};
}
inline Kind s8(double scale, int32_t zero_point = 0) {
  return {DType::S8, one_scale(scale, zero_point)};
}
inline Kind plain(DType type) { return {type, {}}; }

// Whole numbers in [low, high], or floats in between for f32; the ends are among them.
Stored random_stored(const Kind& kind, const Dims& shape, double low, double high,
                     std::mt19937& random);
// Over the whole range of the type, floats in [-2, 2].
Stored random_stored(const Kind& kind, const Dims& shape, std::mt19937& random);

// Calls body(random) so many times, as long as nothing has failed.
template <class Body>
void repeat(int times, unsigned seed, const Body& body) {
  std::mt19937 random(seed);
  for (int i = 0; i < times && !testing::Test::HasFailure(); ++i) body(random);
}

int32_t draw(std::mt19937& random, int32_t low, int32_t high);
template <class T>
const T& pick(std::mt19937& random, const std::vector<T>& from) {
  return from[random() % from.size()];
}

// The range of a quantized output under a clamp.
oracle::Range range_of(const Kind& kind, const fb::ClampT* clamp = nullptr);

struct Node {
  fb::OpOptionsUnion options;
  std::vector<Stored> inputs;
};

template <class Options>
Node one_node(Options options, std::vector<Stored> inputs) {
  Node node;
  node.options.Set(std::move(options));
  node.inputs = std::move(inputs);
  return node;
}

// Fails with the first difference and where it was found.
void expect_node(const Node& node, const std::vector<Expected>& expected, int runs = 1);

template <class Options>
void expect_node(Options options, const std::vector<Stored>& inputs, const Expected& expected) {
  expect_node(one_node(std::move(options), inputs), {expected});
}

}  // namespace qrt::test
