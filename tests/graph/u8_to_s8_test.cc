#include <gtest/gtest.h>

#include "src/graph/passes.h"

namespace qrt::graph {
namespace {

Quantization per_tensor(float scale, int32_t zero_point) { return {{scale}, {zero_point}, -1, 0}; }

// The kinds of the nodes in order, as "Quantize Conv2D".
std::string kinds(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes) text += (text.empty() ? "" : " ") + node_kind(node);
  return text;
}

int named(const Graph& graph, const std::string& name) {
  for (size_t i = 0; i < graph.values.size(); ++i) {
    if (graph.values[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

int add_u8(Graph& graph, const char* name, float scale = 0.5f, int32_t zero_point = 100) {
  return graph.add_tensor(name, DType::U8, {1, 4}, per_tensor(scale, zero_point));
}

void add_unary(Graph& graph, fb::UnaryKind kind, int from, int to) {
  fb::UnaryT unary;
  unary.kind = kind;
  graph.add_node(graph.value(to).name, std::move(unary), {from}, {to});
}

TEST(U8ToS8, InnerValuesChangeInPlace) {
  Graph graph;
  const int in = add_u8(graph, "in"), a = add_u8(graph, "a", 0.25f, 0), b = add_u8(graph, "b");
  const int out = graph.add_tensor("out", DType::F32, {1, 4});
  graph.inputs = {in};
  graph.outputs = {out};
  add_unary(graph, fb::UnaryKind::Abs, in, a);
  add_unary(graph, fb::UnaryKind::Neg, a, b);
  graph.add_node("out", fb::DequantizeT(), {b}, {out});

  ASSERT_TRUE(u8_to_s8(graph).ok());
  EXPECT_EQ(kinds(graph), "Quantize Unary.Abs Unary.Neg Dequantize");
  EXPECT_EQ(graph.value(a).type, DType::S8);
  EXPECT_EQ(graph.value(a).quantization, per_tensor(0.25f, -128));
  EXPECT_EQ(graph.value(b).type, DType::S8);
  EXPECT_EQ(graph.value(b).quantization, per_tensor(0.5f, -28));
  // The input keeps its type; what reads it gets the same numbers in s8.
  EXPECT_EQ(graph.value(in).type, DType::U8);
  EXPECT_EQ(graph.nodes[0].inputs, std::vector<int>{in});
  const int twin = graph.nodes[0].outputs[0];
  EXPECT_EQ(graph.nodes[1].inputs, std::vector<int>{twin});
  EXPECT_EQ(graph.value(twin).type, DType::S8);
  EXPECT_EQ(graph.value(twin).quantization, per_tensor(0.5f, -28));
}

TEST(U8ToS8, AnAbsentZeroPointIsZero) {
  Graph graph;
  const int in = graph.add_tensor("in", DType::F32, {4});
  const int a = graph.add_tensor("a", DType::U8, {4}, {{0.5f}, {}, -1, 0});
  const int b = graph.add_tensor("b", DType::U8, {4}, {{0.5f}, {128}, -1, 0});
  const int out = graph.add_tensor("out", DType::F32, {4});
  graph.inputs = {in};
  graph.outputs = {out};
  graph.add_node("a", fb::QuantizeT(), {in}, {a});
  add_unary(graph, fb::UnaryKind::Abs, a, b);
  graph.add_node("out", fb::DequantizeT(), {b}, {out});
  ASSERT_TRUE(u8_to_s8(graph).ok());
  EXPECT_EQ(graph.value(a).quantization.zero_points, std::vector<int32_t>{-128});
  EXPECT_EQ(graph.value(b).quantization.zero_point(), 0);
}

TEST(U8ToS8, ConstantsAreConvertedOnceAndNotInPlace) {
  Graph graph;
  const int in = add_u8(graph, "in"), out = add_u8(graph, "out");
  const int first =
      graph.add_constant<uint8_t>("first", {1, 4}, {0, 127, 128, 255}, per_tensor(0.5f, 128));
  Value copy = graph.value(first);
  copy.name = "second";
  const int second = graph.add_value(copy);
  const std::shared_ptr<const Bytes> original = graph.value(first).data;
  const int sum = add_u8(graph, "sum");
  graph.inputs = {in};
  graph.outputs = {out};
  graph.add_node("sum", fb::BinaryT(), {in, first}, {sum});
  graph.add_node("out", fb::BinaryT(), {sum, second}, {out});

  ASSERT_TRUE(u8_to_s8(graph).ok());
  EXPECT_EQ(*original, (Bytes{0, 127, 128, 255}));
  const int8_t* elements = graph.value(first).as<int8_t>();
  EXPECT_EQ(std::vector<int8_t>(elements, elements + 4), (std::vector<int8_t>{-128, -1, 0, 127}));
  EXPECT_EQ(graph.value(first).quantization.zero_point(), 0);
  EXPECT_EQ(graph.value(first).data, graph.value(second).data);
}

TEST(U8ToS8, ZeroPointsOfEveryChannelMove) {
  Graph graph;
  const int in = add_u8(graph, "in"), out = add_u8(graph, "out");
  const int weights =
      graph.add_constant<uint8_t>("w", {2, 4}, {0, 1, 2, 3, 4, 5, 6, 7}, {{1, 2}, {3, 128}, 0, 0});
  graph.inputs = {in};
  graph.outputs = {out};
  graph.add_node("out", fb::FullyConnectedT(), {in, weights, kAbsent}, {out});
  ASSERT_TRUE(u8_to_s8(graph).ok());
  EXPECT_EQ(graph.value(weights).type, DType::S8);
  EXPECT_EQ(graph.value(weights).quantization.zero_points, (std::vector<int32_t>{-125, 0}));
  EXPECT_EQ(graph.value(weights).quantization.axis, 0);
}

TEST(U8ToS8, AnOutputKeepsItsTypeAndItsOtherReadersGetS8) {
  Graph graph;
  const int in = graph.add_tensor("in", DType::F32, {1, 4});
  const int a = add_u8(graph, "a"), seen = add_u8(graph, "seen"), last = add_u8(graph, "last");
  graph.inputs = {in};
  graph.outputs = {seen, last};
  graph.add_node("a", fb::QuantizeT(), {in}, {a});
  add_unary(graph, fb::UnaryKind::Abs, a, seen);
  add_unary(graph, fb::UnaryKind::Neg, seen, last);

  ASSERT_TRUE(u8_to_s8(graph).ok());
  EXPECT_EQ(kinds(graph), "Quantize Unary.Abs Quantize Unary.Neg Quantize");
  EXPECT_EQ(graph.outputs, (std::vector<int>{seen, last}));
  EXPECT_EQ(graph.value(seen).type, DType::U8);
  EXPECT_EQ(graph.value(seen).name, "seen");
  EXPECT_EQ(graph.nodes[2].outputs, std::vector<int>{seen});
  const int twin = graph.nodes[1].outputs[0];
  EXPECT_EQ(graph.nodes[2].inputs, std::vector<int>{twin});
  EXPECT_EQ(graph.nodes[3].inputs, std::vector<int>{twin});
}

TEST(U8ToS8, QuantizeAndDequantizeTakeTheEndsAsTheyAre) {
  Graph graph;
  const int in = add_u8(graph, "in"), out = add_u8(graph, "out", 0.25f, 3);
  const int real = graph.add_tensor("real", DType::F32, {1, 4});
  graph.inputs = {in};
  graph.outputs = {out};
  graph.add_node("real", fb::DequantizeT(), {in}, {real});
  graph.add_node("out", fb::QuantizeT(), {real}, {out});
  ASSERT_TRUE(u8_to_s8(graph).ok());
  EXPECT_EQ(kinds(graph), "Dequantize Quantize");
  EXPECT_EQ(graph.nodes[0].inputs, std::vector<int>{in});
  EXPECT_EQ(graph.value(out).type, DType::U8);
}

TEST(U8ToS8, AnInputReadOnBothSidesIsConvertedOnce) {
  Graph graph;
  const int in = add_u8(graph, "in"), a = add_u8(graph, "a"), b = add_u8(graph, "b");
  const int real = graph.add_tensor("real", DType::F32, {1, 4});
  const int sum = add_u8(graph, "sum");
  graph.inputs = {in};
  graph.outputs = {real, sum};
  graph.add_node("real", fb::DequantizeT(), {in}, {real});
  add_unary(graph, fb::UnaryKind::Abs, in, a);
  add_unary(graph, fb::UnaryKind::Neg, in, b);
  graph.add_node("sum", fb::BinaryT(), {a, b}, {sum});
  ASSERT_TRUE(u8_to_s8(graph).ok());
  EXPECT_EQ(kinds(graph), "Dequantize Quantize Unary.Abs Unary.Neg Binary.Add Quantize");
}

// Cast takes the integers, not the real numbers: 200 must not become 72.
TEST(U8ToS8, WhatCastReadsAndWritesStaysU8) {
  Graph graph;
  const int in = graph.add_tensor("in", DType::F32, {1, 4});
  const int cast_in = add_u8(graph, "cast_in"), a = add_u8(graph, "a");
  const int out = graph.add_tensor("out", DType::S32, {1, 4});
  graph.inputs = {in};
  graph.outputs = {out};
  graph.add_node("cast_in", fb::CastT(), {in}, {cast_in});
  add_unary(graph, fb::UnaryKind::Abs, cast_in, a);
  graph.add_node("out", fb::CastT(), {a}, {out});
  ASSERT_TRUE(u8_to_s8(graph).ok());
  EXPECT_EQ(kinds(graph), "Cast Quantize Unary.Abs Quantize Cast");
  EXPECT_EQ(graph.value(cast_in).type, DType::U8);
  EXPECT_EQ(graph.value(a).type, DType::U8);
  EXPECT_EQ(graph.nodes[4].inputs, std::vector<int>{a});
}

TEST(U8ToS8, ValuesWithoutQuantizationAreLeftAlone) {
  Graph graph;
  const int in = graph.add_tensor("in", DType::U8, {2, 2});
  const int flat = graph.add_tensor("flat", DType::U8, {4});
  const int out = graph.add_tensor("out", DType::F32, {4});
  graph.inputs = {in};
  graph.outputs = {out};
  fb::ReshapeT reshape;
  reshape.shape = {4};
  graph.add_node("flat", std::move(reshape), {in}, {flat});
  graph.add_node("out", fb::CastT(), {flat}, {out});
  ASSERT_TRUE(u8_to_s8(graph).ok());
  EXPECT_EQ(kinds(graph), "Reshape Cast");
  EXPECT_EQ(graph.value(flat).type, DType::U8);
}

// An operator that moves bytes has one type on both sides.
TEST(U8ToS8, WhatMeetsAValueWithoutQuantizationStaysU8) {
  Graph graph;
  const int in = graph.add_tensor("in", DType::U8, {2, 2});
  const int flat = graph.add_tensor("flat", DType::U8, {4}, per_tensor(1, 10));
  const int a = graph.add_tensor("a", DType::U8, {4}, per_tensor(1, 10));
  const int out = graph.add_tensor("out", DType::F32, {4});
  graph.inputs = {in};
  graph.outputs = {out};
  fb::ReshapeT reshape;
  reshape.shape = {4};
  graph.add_node("flat", std::move(reshape), {in}, {flat});
  add_unary(graph, fb::UnaryKind::Abs, flat, a);
  graph.add_node("out", fb::DequantizeT(), {a}, {out});
  ASSERT_TRUE(u8_to_s8(graph).ok());
  EXPECT_EQ(kinds(graph), "Reshape Quantize Unary.Abs Dequantize");
  EXPECT_EQ(graph.value(flat).type, DType::U8);
  EXPECT_EQ(graph.value(a).type, DType::S8);
}

TEST(U8ToS8, AConstantOutputKeepsItsTypeAndItsReaderGetsAnotherConstant) {
  Graph graph;
  const int in = add_u8(graph, "in"), out = add_u8(graph, "out");
  const int constant =
      graph.add_constant<uint8_t>("constant", {1, 4}, {1, 2, 3, 4}, per_tensor(1, 0));
  graph.inputs = {in};
  graph.outputs = {out, constant};
  graph.add_node("out", fb::BinaryT(), {in, constant}, {out});
  ASSERT_TRUE(u8_to_s8(graph).ok());
  EXPECT_EQ(kinds(graph), "Quantize Binary.Add Quantize");
  EXPECT_EQ(graph.value(constant).type, DType::U8);
  const Value& twin = graph.value(graph.nodes[1].inputs[1]);
  EXPECT_EQ(twin.type, DType::S8);
  EXPECT_TRUE(twin.constant());
  EXPECT_EQ(named(graph, "constant/s8"), graph.nodes[1].inputs[1]);
}

}  // namespace
}  // namespace qrt::graph
