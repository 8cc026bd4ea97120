#include <gtest/gtest.h>

#include <limits>

#include "src/graph/passes.h"

namespace qrt::graph {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Quantization per_tensor(float scale, int32_t zero_point) { return {{scale}, {zero_point}, -1, 0}; }

std::string kinds(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes) text += (text.empty() ? "" : " ") + node_kind(node);
  return text;
}

fb::UnaryT unary(fb::UnaryKind kind) {
  fb::UnaryT options;
  options.kind = kind;
  return options;
}
fb::UnaryT clip(float min, float max) {
  fb::UnaryT options = unary(fb::UnaryKind::Clip);
  options.clamp = make_clamp(min, max);
  return options;
}
fb::ReshapeT reshape(std::vector<int32_t> shape) {
  fb::ReshapeT options;
  options.shape = std::move(shape);
  return options;
}

// Values v0, v1, ... of one type; the first is the graph's input.
struct Line {
  Graph graph;
  explicit Line(int count, DType type = DType::F32, const Quantization& quantization = {}) {
    for (int i = 0; i < count; ++i) {
      graph.add_tensor("v" + std::to_string(i), type, {4}, quantization);
    }
    graph.inputs = {0};
    graph.outputs = {count - 1};
  }
  template <class Options>
  void add(Options options, int from, int to) {
    graph.add_node(graph.value(to).name, std::move(options), {from}, {to});
  }
};

TEST(RemoveDead, DropsWhatNobodyReads) {
  Line line(4);
  line.add(unary(fb::UnaryKind::Abs), 0, 1);
  line.add(unary(fb::UnaryKind::Neg), 1, 2);  // read by nobody, so v1 neither
  line.add(unary(fb::UnaryKind::Exp), 0, 3);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  EXPECT_EQ(kinds(line.graph), "Unary.Exp");
}

TEST(RemoveDead, StepsOverOperatorsThatDoNothing) {
  Line line(6);
  line.add(unary(fb::UnaryKind::Abs), 0, 1);
  line.add(reshape({4}), 1, 2);
  line.add(clip(-kInfinity, kInfinity), 2, 3);
  line.add(fb::CastT(), 3, 4);
  line.add(unary(fb::UnaryKind::Exp), 4, 5);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  EXPECT_EQ(kinds(line.graph), "Unary.Abs Unary.Exp");
  EXPECT_EQ(line.graph.nodes[1].inputs, std::vector<int>{1});
}

TEST(RemoveDead, KeepsOperatorsThatDoSomething) {
  Line line(5);
  line.graph.value(2).shape = {2, 2};
  line.add(clip(0, kInfinity), 0, 1);
  line.add(reshape({2, 2}), 1, 2);
  line.add(reshape({4}), 2, 3);
  fb::SliceT reversed;
  reversed.begins = {-1};
  reversed.ends = {0};
  reversed.strides = {-1};
  reversed.end_mask = 1;
  line.add(std::move(reversed), 3, 4);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  EXPECT_EQ(kinds(line.graph), "Unary.Clip Reshape Reshape Slice");
}

TEST(RemoveDead, AShapeThatIsNotKnownMayDiffer) {
  Line line(3);
  line.graph.value(0).shape = line.graph.value(1).shape = {-1, 4};
  line.add(reshape({-1, 4}), 0, 1);
  line.add(unary(fb::UnaryKind::Exp), 1, 2);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  EXPECT_EQ(kinds(line.graph), "Reshape Unary.Exp");
}

TEST(RemoveDead, AGraphOutputKeepsItsNameAndTakesItsInputsPlace) {
  Line line(4);
  line.graph.outputs = {2, 3};
  line.add(unary(fb::UnaryKind::Abs), 0, 1);
  line.add(reshape({4}), 1, 2);
  line.add(unary(fb::UnaryKind::Exp), 1, 3);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  EXPECT_EQ(kinds(line.graph), "Unary.Abs Unary.Exp");
  EXPECT_EQ(line.graph.outputs, (std::vector<int>{2, 3}));
  EXPECT_EQ(line.graph.nodes[0].outputs, std::vector<int>{2});
  EXPECT_EQ(line.graph.nodes[1].inputs, std::vector<int>{2});
}

TEST(RemoveDead, KeepsTheOneOperatorBetweenInputAndOutput) {
  Line line(2);
  line.add(reshape({4}), 0, 1);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  EXPECT_EQ(kinds(line.graph), "Reshape");
  EXPECT_EQ(line.graph.outputs, std::vector<int>{1});
}

TEST(RemoveDead, KeepsOneOfARowBetweenInputAndOutput) {
  Line line(4);
  line.add(reshape({4}), 0, 1);
  line.add(reshape({4}), 1, 2);
  line.add(reshape({4}), 2, 3);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  ASSERT_EQ(kinds(line.graph), "Reshape");
  EXPECT_EQ(line.graph.nodes[0].inputs, std::vector<int>{0});
  EXPECT_EQ(line.graph.nodes[0].outputs, std::vector<int>{3});
}

TEST(RemoveDead, KeepsAnOperatorBetweenTwoOutputs) {
  Line line(3);
  line.graph.outputs = {1, 2};
  line.add(unary(fb::UnaryKind::Abs), 0, 1);
  line.add(reshape({4}), 1, 2);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  EXPECT_EQ(kinds(line.graph), "Unary.Abs Reshape");
}

TEST(RemoveDead, AClampBeyondWhatTheIntegersHoldDoesNothing) {
  // [-12.8, 12.7]
  Line line(4, DType::S8, per_tensor(0.1f, 0));
  line.add(clip(-12.9f, 12.8f), 0, 1);
  line.add(clip(-12.9f, 12.0f), 1, 2);
  line.add(unary(fb::UnaryKind::Neg), 2, 3);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  EXPECT_EQ(kinds(line.graph), "Unary.Clip Unary.Neg");
  EXPECT_EQ(line.graph.nodes[0].inputs, std::vector<int>{0});
}

TEST(RemoveDead, AClampThatAlsoRequantizesStays) {
  Line line(2, DType::S8, per_tensor(0.1f, 0));
  line.graph.value(1).quantization = per_tensor(0.2f, 0);
  line.add(clip(-kInfinity, kInfinity), 0, 1);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  EXPECT_EQ(line.graph.nodes.size(), 1u);
}

TEST(RemoveDead, AQuantizeToTheSameQuantizationGoes) {
  Line line(3, DType::S8, per_tensor(0.1f, 5));
  line.add(fb::QuantizeT(), 0, 1);
  line.add(unary(fb::UnaryKind::Neg), 1, 2);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  EXPECT_EQ(kinds(line.graph), "Unary.Neg");
}

TEST(RemoveDead, ThereAndBackBetweenU8AndS8Goes) {
  Line line(4, DType::U8, per_tensor(0.1f, 133));
  line.graph.value(1).type = DType::S8;
  line.graph.value(1).quantization = per_tensor(0.1f, 5);
  line.graph.value(3).type = DType::F32;
  line.graph.value(3).quantization = {};
  line.add(fb::QuantizeT(), 0, 1);
  line.add(fb::QuantizeT(), 1, 2);
  line.add(fb::DequantizeT(), 2, 3);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  EXPECT_EQ(kinds(line.graph), "Dequantize");
  EXPECT_EQ(line.graph.nodes[0].inputs, std::vector<int>{0});
}

TEST(RemoveDead, AQuantizeBehindAMereChangeOfSignReadsTheOriginal) {
  Line line(4, DType::S8, per_tensor(0.2f, 3));
  line.graph.value(0).type = DType::U8;
  line.graph.value(0).quantization = per_tensor(0.1f, 133);
  line.graph.value(1).quantization = per_tensor(0.1f, 5);
  line.add(fb::QuantizeT(), 0, 1);
  line.add(fb::QuantizeT(), 1, 2);
  line.add(unary(fb::UnaryKind::Neg), 2, 3);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  EXPECT_EQ(kinds(line.graph), "Quantize Unary.Neg");
  EXPECT_EQ(line.graph.nodes[0].inputs, std::vector<int>{0});
}

// The first rounding is part of the model's numbers.
TEST(RemoveDead, TwoQuantizeThatBothRoundStay) {
  Line line(4, DType::S8, per_tensor(0.1f, 5));
  line.graph.value(1).quantization = per_tensor(0.3f, 5);
  line.add(fb::QuantizeT(), 0, 1);
  line.add(fb::QuantizeT(), 1, 2);
  line.add(unary(fb::UnaryKind::Neg), 2, 3);
  ASSERT_TRUE(remove_dead(line.graph).ok());
  EXPECT_EQ(kinds(line.graph), "Quantize Quantize Unary.Neg");
  EXPECT_EQ(line.graph.nodes[1].inputs, std::vector<int>{1});
}

TEST(RemoveDead, AnOperatorWhoseStateIsReadElsewhereStays) {
  Line line(2);
  Graph& graph = line.graph;
  Value value;
  value.name = "state";
  value.shape = {4};
  value.variable = true;
  const int state = graph.add_value(value);
  const int sequence = graph.add_tensor("sequence", DType::F32, {4});
  graph.add_node("sequence", fb::LstmT(), {0, state}, {sequence});
  graph.add_node("v1", fb::BinaryT(), {0, state}, {1});
  ASSERT_TRUE(remove_dead(graph).ok());
  EXPECT_EQ(kinds(graph), "Lstm Binary.Add");
}

TEST(RemoveDead, ACopyOfAStateIsNoIdentity) {
  Line line(2);
  Graph& graph = line.graph;
  Value value;
  value.name = "state";
  value.shape = {4};
  value.variable = true;
  const int state = graph.add_value(value);
  const int copy = graph.add_tensor("copy", DType::F32, {4});
  graph.add_node("copy", reshape({4}), {state}, {copy});
  graph.add_node("v1", fb::BinaryT(), {0, copy}, {1});
  ASSERT_TRUE(remove_dead(graph).ok());
  EXPECT_EQ(kinds(graph), "Reshape Binary.Add");
}

}  // namespace
}  // namespace qrt::graph
