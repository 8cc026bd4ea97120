// Attention and RotaryEmbedding are exported as what they consist of, which the importer puts
// together again.
#include <cmath>
#include <utility>

#include "tests/export/onnx_round_trip.h"

namespace qrt::test {
namespace {

using graph::Graph;
using rt::DType;
using Dims = std::vector<int32_t>;

template <class Options>
Graph one_node(Options options, const std::vector<std::pair<DType, Dims>>& inputs, Dims out) {
  Graph g;
  for (const auto& [type, shape] : inputs) {
    g.inputs.push_back(g.add_tensor("in" + std::to_string(g.inputs.size()), type, shape));
  }
  g.outputs = {g.add_tensor("out", DType::F32, std::move(out))};
  g.add_node("node", std::move(options), g.inputs, g.outputs);
  return g;
}

std::vector<float> run(const Graph& graph) {
  Loaded loaded = must_load(graph);
  if (loaded.session == nullptr) return {};
  std::mt19937 random(3);
  for (size_t i = 0; i < loaded.session->inputs(); ++i) {
    if (loaded.session->input(i).type == DType::F32) {
      std::vector<float> numbers(loaded.session->input_bytes(i) / sizeof(float));
      for (float& number : numbers) number = static_cast<float>(random() % 401) / 200 - 1;
      loaded.set(i, numbers);
    } else {
      std::vector<uint8_t> flags(loaded.session->input_bytes(i));
      for (size_t k = 0; k < flags.size(); ++k) flags[k] = k % 4 != 1;
      loaded.set(i, flags);
    }
  }
  loaded.run();
  return loaded.get<float>();
}

void expect_same(const Graph& graph, double tolerance) {
  const Graph back = must_import(must_export(graph, {1, 0.25, tolerance, 0}));
  const std::vector<float> before = run(graph), after = run(back);
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_NEAR(before[i], after[i], tolerance) << "element " << i;
  }
}

fb::AttentionT attention(float scale, bool causal = false, float masked = -1e9f) {
  fb::AttentionT options;
  options.scale = scale;
  options.causal = causal;
  options.masked = masked;
  return options;
}

TEST(ExportAttention, RanksMasksAndSharedHeads) {
  const auto f32 = [](Dims shape) { return std::pair(DType::F32, std::move(shape)); };
  expect_same(one_node(attention(0.5f), {f32({3, 8}), f32({5, 8}), f32({5, 2})}, {3, 2}), 1e-5);
  expect_same(
      one_node(attention(0.5f, true), {f32({2, 3, 8}), f32({2, 5, 8}), f32({2, 5, 2})}, {2, 3, 2}),
      1e-5);
  expect_same(one_node(attention(0.5f),
                       {f32({2, 4, 3, 8}), f32({2, 4, 5, 8}), f32({2, 4, 5, 8}), f32({3, 5})},
                       {2, 4, 3, 8}),
              1e-5);
  expect_same(
      one_node(
          attention(0.5f, false, -INFINITY),
          {f32({2, 4, 3, 8}), f32({2, 4, 5, 8}), f32({2, 4, 5, 8}), {DType::Bool, {2, 1, 3, 5}}},
          {2, 4, 3, 8}),
      1e-5);
  // Two keys for four heads, with a mask for each head and one for all.
  for (const Dims& mask : {Dims{2, 4, 3, 5}, Dims{1, 1, 3, 5}, Dims{3, 5}}) {
    expect_same(one_node(attention(0.5f, true),
                         {f32({2, 4, 3, 8}), f32({2, 2, 5, 8}), f32({2, 2, 5, 6}), f32(mask)},
                         {2, 4, 3, 6}),
                1e-5);
  }
  expect_same(one_node(attention(0.5f), {f32({2, 4, 3, 8}), f32({2, 1, 5, 8}), f32({2, 1, 5, 6})},
                       {2, 4, 3, 6}),
              1e-5);
}

TEST(ExportAttention, RotaryEmbedding) {
  const auto f32 = [](Dims shape) { return std::pair(DType::F32, std::move(shape)); };
  for (bool interleaved : {false, true}) {
    fb::RotaryEmbeddingT options;
    options.interleaved = interleaved;
    expect_same(
        one_node(options, {f32({2, 4, 5, 8}), f32({5, 8}), f32({2, 1, 1, 8})}, {2, 4, 5, 8}), 1e-6);
  }
}

}  // namespace
}  // namespace qrt::test
