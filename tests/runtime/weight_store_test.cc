// What a Program packs: once for each key, counted, and shared by the nodes that agree in it.
#include "src/runtime/weight_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "tests/support/instruction_sets.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

const graph::Quantization kIn = {{0.5f}, {3}, -1, 0};

struct Layer {
  graph::Quantization in = kIn, out = {{0.25f}, {-1}, -1, 0};
  bool own_bias = false;
};

// Layers of one input each that share their weights, and mostly their bias.
graph::Graph layers(const std::vector<Layer>& all) {
  constexpr int32_t kInputs = 48, kOutputs = 20;
  graph::Graph g;
  std::vector<int8_t> numbers(kInputs * kOutputs);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int8_t>(i * 37 % 255 - 127);
  const int weights = g.add_constant("weights", {kOutputs, kInputs}, numbers, {{0.02f}, {}, -1, 0});
  std::vector<int32_t> steps(kOutputs);
  std::iota(steps.begin(), steps.end(), -7);
  const int bias = g.add_constant("bias", {kOutputs}, steps);
  for (const Layer& layer : all) {
    const int in = g.add_tensor("in", rt::DType::S8, {1, kInputs}, layer.in);
    const int out = g.add_tensor("out", rt::DType::S8, {1, kOutputs}, layer.out);
    std::vector<int32_t> other = steps;
    other[3] += 1000;
    const int own = layer.own_bias ? g.add_constant("own", {kOutputs}, other) : bias;
    g.add_node("layer", fb::FullyConnectedT(), {in, weights, own}, {out});
    g.inputs.push_back(in);
    g.outputs.push_back(out);
  }
  return g;
}

size_t packed_bytes(const Loaded& loaded) { return loaded.session->program().packed_bytes(); }

std::vector<int8_t> run(Loaded& loaded, size_t i) {
  auto* in = static_cast<int8_t*>(loaded.session->input_data(i));
  for (size_t k = 0; k < loaded.session->input_bytes(i); ++k) {
    in[k] = static_cast<int8_t>(k * 11 % 200 - 100);
  }
  loaded.run();
  return loaded.get<int8_t>(i);
}

TEST(WeightStore, NodesThatPackTheSameShareIt) {
  for (const std::string& isa : runnable_instruction_sets()) {
    SCOPED_TRACE(isa);
    Loaded one = must_load(layers({{}}), {}, isa.c_str());
    const size_t bytes = packed_bytes(one);
    ASSERT_GT(bytes, 0u);
    Loaded three = must_load(layers({{}, {}, {}}), {}, isa.c_str());
    EXPECT_EQ(packed_bytes(three), bytes);
    const std::vector<int8_t> expected = run(one, 0);
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(run(three, i), expected) << i;
  }
}

TEST(WeightStore, WhatDiffersIsPackedByItself) {
  Layer zero_point, in_scale, out_scale, bias, out_zero;
  zero_point.in.zero_points = {4};
  in_scale.in.scales = {0.25f};
  out_scale.out.scales = {0.5f};
  bias.own_bias = true;
  out_zero.out.zero_points = {5};  // is added after the sums, to nothing that was packed
  for (const std::string& isa : runnable_instruction_sets()) {
    SCOPED_TRACE(isa);
    const size_t bytes = packed_bytes(must_load(layers({{}}), {}, isa.c_str()));
    for (const Layer& other : {zero_point, in_scale, out_scale, bias}) {
      Loaded both = must_load(layers({{}, other}), {}, isa.c_str());
      EXPECT_EQ(packed_bytes(both), 2 * bytes);
      Loaded alone = must_load(layers({other}), {}, isa.c_str());
      EXPECT_EQ(run(both, 1), run(alone, 0));
    }
    EXPECT_EQ(packed_bytes(must_load(layers({{}, out_zero}), {}, isa.c_str())), bytes);
  }
}

// Quotients of one kind and scale, whose operands have other zero points or outputs other ranges.
TEST(WeightStore, TablesOfPairsAreSharedByWhatTheyDependOn) {
  const auto quotients = [](const std::vector<std::array<int32_t, 3>>& zeros) {
    graph::Graph g;
    for (const auto& [a_zero, b_zero, out_zero] : zeros) {
      const auto tensor = [&](int32_t zero) {
        return g.add_tensor("t", rt::DType::S8, {64}, {{0.05f}, {zero}, -1, 0});
      };
      const int a = tensor(a_zero), b = tensor(b_zero), out = tensor(out_zero);
      fb::BinaryT options;
      options.kind = fb::BinaryKind::Div;
      g.add_node("quotient", std::move(options), {a, b}, {out});
      g.inputs.insert(g.inputs.end(), {a, b});
      g.outputs.push_back(out);
    }
    return g;
  };
  const auto outputs = [](Loaded loaded) {
    for (size_t i = 0; i < loaded.session->inputs(); ++i) {
      auto* in = static_cast<int8_t*>(loaded.session->input_data(i));
      for (int k = 0; k < 64; ++k) in[k] = static_cast<int8_t>(i % 2 == 0 ? k * 3 - 90 : 60 - k);
    }
    loaded.run();
    std::vector<std::vector<int8_t>> all;
    for (size_t i = 0; i < loaded.session->outputs(); ++i) all.push_back(loaded.get<int8_t>(i));
    return all;
  };
  const std::array<int32_t, 3> first = {1, 2, 3};
  for (const std::array<int32_t, 3>& other :
       {std::array<int32_t, 3>{9, 2, 3}, {1, 9, 3}, {1, 2, 9}}) {
    const auto both = outputs(must_load(quotients({first, other})));
    EXPECT_EQ(both[0], outputs(must_load(quotients({first})))[0]);
    EXPECT_EQ(both[1], outputs(must_load(quotients({other})))[0]);
  }
}

TEST(WeightStore, ABlockIsWrittenOnceForEachKeyAndSize) {
  Loaded loaded = must_load(layers({{}}));
  const rt::Node& node = loaded.session->program().nodes()[0];
  rt::WeightStore store;
  int writes = 0;
  std::vector<const uint8_t*> blocks;
  const auto get = [&](const rt::PackKey& key, uint64_t bytes) {
    const auto block = store.get(node, key, bytes, [&](uint8_t* to) {
      EXPECT_EQ(reinterpret_cast<uintptr_t>(to) % rt::kAlignment, 0u);
      EXPECT_TRUE(std::all_of(to, to + bytes, [](uint8_t b) { return b == 0; }));
      to[0] = static_cast<uint8_t>(++writes);
    });
    ASSERT_TRUE(block.ok());
    blocks.push_back(*block);
  };
  const int weights[2] = {};
  rt::PackKey key = {"row", 1, &weights[0]};
  key.variant.add(5);
  rt::PackKey row = key, layout = key, tensor = key, sizes = key, variant = key;
  row.row = "row2";
  layout.layout = 2;
  tensor.tensor = &weights[1];
  sizes.sizes = {7};
  variant.variant.add(6);
  get(key, 100);
  for (const rt::PackKey& other : {row, layout, tensor, sizes, variant}) get(other, 100);
  get(key, 101);
  EXPECT_EQ(writes, 7);
  EXPECT_EQ(store.bytes(), 701u);
  const std::string same_name = "row";  // at another address
  key.row = same_name.c_str();
  get(key, 100);
  EXPECT_EQ(writes, 7);
  EXPECT_EQ(blocks.back(), blocks.front());
  EXPECT_EQ(*blocks.front(), 1);
  EXPECT_EQ(store.bytes(), 701u);
}

TEST(WeightStore, SessionsAndShapesAddNothing) {
  graph::Graph open = layers({{}});
  for (graph::Value& value : open.values) {
    if (!value.constant()) value.shape[0] = -1;
  }
  Loaded loaded = must_load(open, {}, "scalar");
  const size_t bytes = packed_bytes(loaded);
  ASSERT_TRUE(loaded.session->resize_input(0, {5, 48}).ok());
  EXPECT_EQ(loaded.session->packed_bytes(), bytes);
  EXPECT_EQ(packed_bytes(loaded), bytes);
}

}  // namespace
}  // namespace qrt::test
