// Models for the tests of the public API: made here, as bytes that an app would have loaded.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "qrt/qrt.hpp"
#include "src/base/memory.h"
#include "src/graph/graph.h"
#include "src/graph/writer.h"

namespace qrt::test {

// A serialized model in aligned memory.
struct ModelBytes {
  rt::AlignedBuffer memory;
  size_t size = 0;
  explicit ModelBytes(const graph::Graph& g) {
    auto file = graph::serialize(g);
    EXPECT_TRUE(file.ok()) << file.status().message();
    size = file->size();
    memory = rt::allocate_aligned(size);
    std::memcpy(memory.get(), file->data(), size);
  }
};

inline Result<Session> session_of(const ModelBytes& bytes,
                                  const ProgramOptions& program_options = {},
                                  const SessionOptions& session_options = {}) {
  auto model = Model::load_buffer(bytes.memory.get(), bytes.size);
  if (!model.ok()) return model.status();
  auto program = Program::create(*model, program_options);
  if (!program.ok()) return program.status();
  return Session::create(*program, session_options);
}
// The bytes must outlive the session.
Result<Session> session_of(const ModelBytes&&, const ProgramOptions& = {},
                           const SessionOptions& = {}) = delete;

// y = clamp(2 x, 0, 1) on a quantized [N,3], N unknown.
inline graph::Graph doubler() {
  graph::Graph g;
  const graph::Quantization q = {{1.0f / 128}, {0}, -1, 0};
  const int x = g.add_tensor("x", rt::DType::S8, {-1, 3}, q);
  const int two = g.add_constant<int8_t>("two", {1}, {64}, {{1.0f / 32}, {0}, -1, 0});
  const int y = g.add_tensor("y", rt::DType::S8, {-1, 3}, q);
  fb::BinaryT mul;
  mul.kind = fb::BinaryKind::Mul;
  mul.clamp = graph::make_clamp(0, 1);
  g.add_node("double", std::move(mul), {x, two}, {y});
  g.inputs = {x};
  g.outputs = {y};
  return g;
}

// z = x + y on f32 [N,3], N unknown.
inline graph::Graph adder() {
  graph::Graph g;
  const int x = g.add_tensor("x", rt::DType::F32, {-1, 3});
  const int y = g.add_tensor("y", rt::DType::F32, {-1, 3});
  const int z = g.add_tensor("z", rt::DType::F32, {-1, 3});
  fb::BinaryT add;
  add.kind = fb::BinaryKind::Add;
  g.add_node("add", std::move(add), {x, y}, {z});
  g.inputs = {x, y};
  g.outputs = {z};
  return g;
}

// A float LSTM of one cell over one step: [1,1,2] to [1,1,1]. Its two states are variables.
inline graph::Graph recurrent(float weight = 0.5f, const char* state_name = "h") {
  graph::Graph g;
  const auto constant = [&](const char* name, std::vector<int32_t> shape, size_t elements) {
    return g.add_constant<float>(name, std::move(shape), std::vector<float>(elements, weight));
  };
  const auto variable = [&](const char* name) {
    graph::Value value;
    value.name = name;
    value.shape = {1, 1};
    value.variable = true;
    return g.add_value(std::move(value));
  };
  const int x = g.add_tensor("x", rt::DType::F32, {1, 1, 2});
  const int y = g.add_tensor("y", rt::DType::F32, {1, 1, 1});
  g.add_node("lstm", fb::LstmT(),
             {x, constant("wx", {4, 2}, 8), constant("wh", {4, 1}, 4), constant("b", {4}, 4),
              variable(state_name), variable("c")},
             {y});
  g.inputs = {x};
  g.outputs = {y};
  return g;
}

// A float convolution (XNNPACK's, where the build has it) and a quantized fully connected layer
// behind it, so that programs pack weights.
inline graph::Graph network() {
  graph::Graph g;
  const int x = g.add_tensor("x", rt::DType::F32, {1, 5, 5, 3});
  const int f = g.add_tensor("f", rt::DType::F32, {1, 5, 5, 4});
  std::vector<float> weights(4 * 3 * 3 * 3);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(i % 7) * 0.1f - 0.3f;
  fb::Conv2DT conv;
  conv.window = std::make_unique<fb::Window2DT>();
  conv.window->padding = fb::Padding::Same;
  g.add_node("conv", std::move(conv), {x, g.add_constant<float>("w", {4, 3, 3, 3}, weights)}, {f});

  const int q = g.add_tensor("q", rt::DType::S8, {1, 5, 5, 4}, {{0.05f}, {3}, -1, 0});
  g.add_node("quantize", fb::QuantizeT(), {f}, {q});
  std::vector<int8_t> rows(6 * 4);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int8_t>(i * 37 % 200);
  const int fc = g.add_constant<int8_t>("fc", {6, 4}, rows,
                                        {{0.01f, 0.02f, 0.01f, 0.03f, 0.01f, 0.02f}, {}, 0, 0});
  const int y = g.add_tensor("y", rt::DType::S8, {1, 5, 5, 6}, {{0.1f}, {-2}, -1, 0});
  g.add_node("fully connected", fb::FullyConnectedT(), {q, fc}, {y});
  g.inputs = {x};
  g.outputs = {y};
  return g;
}

}  // namespace qrt::test
