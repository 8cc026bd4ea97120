// Broken models for tests: a sound file taken apart into FlatBuffers' object form and its weights,
// so that one thing can be changed and the rest stays right; and the whole way of a file through
// the runtime, in a buffer without a byte to spare, so that a sanitizer sees a read past its end.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "src/base/checked.h"
#include "src/graph/graph.h"
#include "src/graph/writer.h"
#include "src/runtime/session.h"

namespace qrt::test {

using graph::Bytes;

inline Bytes serialized(const graph::Graph& graph) {
  const auto file = graph::serialize(graph);
  EXPECT_TRUE(file.ok()) << file.status().message();
  return *file;
}

struct ModelFile {
  explicit ModelFile(const graph::Graph& graph) {
    const Bytes file = serialized(graph);
    const fb::Model* root = fb::GetModel(file.data());
    root->UnPackTo(&model);
    weights.assign(file.begin() + static_cast<std::ptrdiff_t>(root->weights_offset()), file.end());
  }

  fb::TensorT& tensor(size_t i) { return *model.subgraphs[0]->tensors[i]; }
  fb::OperatorT& op(size_t i) { return *model.subgraphs[0]->operators[i]; }
  fb::SubgraphT& main() { return *model.subgraphs[0]; }

  // The file's bytes, with the weights where the model says that they are.
  Bytes pack() const {
    flatbuffers::FlatBufferBuilder builder;
    builder.ForceDefaults(true);
    fb::FinishModelBuffer(builder, fb::Model::Pack(builder, &model));
    Bytes file(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
    file.resize(rt::align_up(file.size(), 64));
    fb::Model* root = fb::GetMutableModel(file.data());
    EXPECT_TRUE(root->mutate_weights_offset(file.size()));
    EXPECT_TRUE(root->mutate_weights_bytes(weights.size()));
    file.insert(file.end(), weights.begin(), weights.end());
    return file;
  }

  fb::ModelT model;
  Bytes weights;
};

// Loads, builds, plans with at most 16 MiB and runs; the first Status that is not ok.
inline rt::Status run_file(const Bytes& file) {
  void* memory = nullptr;
  EXPECT_EQ(posix_memalign(&memory, 64, file.size() > 0 ? file.size() : 1), 0);
  const std::unique_ptr<void, decltype(&std::free)> buffer(memory, &std::free);
  if (!file.empty()) std::memcpy(memory, file.data(), file.size());
  QRT_ASSIGN_OR_RETURN(auto model, rt::Model::from_buffer(memory, file.size()));
  QRT_ASSIGN_OR_RETURN(auto program, rt::Program::build(model));
  rt::SessionOptions options;
  options.max_arena_bytes = size_t{16} << 20;
  QRT_ASSIGN_OR_RETURN(auto session, rt::Session::create(program, options));
  return session->run();
}

inline void expect_refused(const Bytes& file, const std::string& words,
                           rt::Code code = rt::Code::InvalidModel) {
  const rt::Status status = run_file(file);
  ASSERT_FALSE(status.ok()) << "accepted, expected: " << words;
  EXPECT_NE(status.message().find(words), std::string::npos)
      << status.message() << "\nexpected: " << words;
  EXPECT_EQ(status.code(), code) << status.message();
}

// Convolution, Reshape, Concat with a variable, Gather by a constant. Tensors: 0 input, 1 weights,
// 2 bias, 3 convolved, 4 flat, 5 the variable, 6 joined, 7 indices, 8 output.
inline graph::Graph small_graph() {
  graph::Graph g;
  const graph::Quantization in_scale = {{0.5f}, {3}, -1, 0}, out_scale = {{0.25f}, {-1}, -1, 0};
  const int in = g.add_tensor("in", rt::DType::S8, {1, 4, 4, 2}, in_scale);
  const int weights = g.add_constant<int8_t>("weights", {4, 3, 3, 2}, std::vector<int8_t>(72, 5),
                                             {{0.1f, 0.2f, 0.3f, 0.4f}, {}, 0, 0});
  const int bias = g.add_constant<int32_t>("bias", {4}, {1, -2, 3, -4});
  const int convolved = g.add_tensor("convolved", rt::DType::S8, {1, 4, 4, 4}, out_scale);
  const int flat = g.add_tensor("flat", rt::DType::S8, {1, 64}, out_scale);
  const int state = g.add_tensor("state", rt::DType::S8, {1, 64}, out_scale);
  g.value(state).variable = true;
  const int joined = g.add_tensor("joined", rt::DType::S8, {2, 64}, out_scale);
  const int indices = g.add_constant<int32_t>("indices", {3}, {0, 1, -1});
  const int out = g.add_tensor("out", rt::DType::S8, {3, 64}, out_scale);
  fb::Conv2DT conv;
  conv.window = std::make_unique<fb::Window2DT>();
  conv.window->padding = fb::Padding::Same;
  g.add_node("conv", std::move(conv), {in, weights, bias}, {convolved});
  fb::ReshapeT reshape;
  reshape.shape = {1, -1};
  g.add_node("flatten", reshape, {convolved}, {flat});
  g.add_node("join", fb::ConcatT(), {flat, state}, {joined});
  g.add_node("pick", fb::GatherT(), {joined, indices}, {out});
  g.inputs = {in};
  g.outputs = {out};
  return g;
}

}  // namespace qrt::test
