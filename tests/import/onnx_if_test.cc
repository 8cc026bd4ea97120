// ONNX's If: branches read what is around them, and run or are folded.
#include "src/graph/subgraphs.h"
#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

// A graph of one node, for an attribute of If.
void add_branch(OnnxNode node, const char* attribute, const std::string& op,
                const std::vector<std::string>& inputs, const std::string& output) {
  ::onnx::GraphProto* graph = node.add(attribute, ::onnx::AttributeProto::GRAPH)->mutable_g();
  graph->set_name(attribute);
  ::onnx::NodeProto* inner = graph->add_node();
  inner->set_op_type(op);
  for (const std::string& input : inputs) inner->add_input(input);
  inner->add_output(output);
  graph->add_output()->set_name(output);
}

// y = condition ? x * two : x + x, with `two` a constant around it.
OnnxBuilder choosing() {
  OnnxBuilder b;
  b.input("x", {1, 3});
  b.input("condition", {1}, Onnx::BOOL);
  b.floats("two", {1}, {2});
  b.op("Neg", {"x"}, {"negative"});
  OnnxNode choice = b.op("If", {"condition"}, {"chosen"});
  add_branch(choice, "then_branch", "Mul", {"negative", "two"}, "product");
  add_branch(choice, "else_branch", "Add", {"x", "x"}, "sum");
  b.op("Abs", {"chosen"}, {"y"});
  b.output("y");
  return b;
}

std::vector<float> run(const graph::Graph& graph, const std::vector<float>& x, bool condition) {
  Loaded loaded = must_load(graph);
  if (loaded.session == nullptr) return {};
  loaded.set(0, x);
  loaded.set<uint8_t>(1, {static_cast<uint8_t>(condition)});
  loaded.run();
  return loaded.get<float>();
}

TEST(OnnxIf, RunsOneOfItsBranchesOnWhatIsAroundThem) {
  OnnxBuilder b = choosing();
  // So that both branches are told apart.
  b.graph().mutable_initializer(0)->set_raw_data(std::vector<float>{3}.data(), sizeof(float));
  for (const bool optimized : {false, true}) {
    const graph::Graph graph = optimized ? b.must_optimize() : b.must_import();
    EXPECT_EQ(graph.subgraphs.size(), 2u);
    EXPECT_EQ(run(graph, {1, -2, 3}, true), (std::vector<float>{3, 6, 9}));
    EXPECT_EQ(run(graph, {1, -2, 3}, false), (std::vector<float>{2, 4, 6}));
  }
}

// As PyTorch's scripts write squeeze(1): whether there is one element is known in a run.
TEST(OnnxIf, ThatSqueezesAnAxisOfOneElementExpectsIt) {
  OnnxBuilder b;
  b.open_input("x", {"2", "T"});
  b.op("Shape", {"x"}, {"s"});
  b.integers("one", {1});
  b.op("Gather", {"s", "one"}, {"t"});
  b.op("Equal", {"t", "one"}, {"condition"});
  OnnxNode choice = b.op("If", {"condition"}, {"chosen"});
  add_branch(choice, "then_branch", "Squeeze", {"x", "one"}, "dropped");
  add_branch(choice, "else_branch", "Identity", {"x"}, "same");
  b.op("Neg", {"chosen"}, {"y"});
  b.output("y");
  const graph::Graph graph = b.must_optimize();
  EXPECT_EQ(output_shape(graph), (std::vector<int32_t>{2}));
  Loaded loaded = must_load(graph);
  loaded.set(0, std::vector<float>{1, -2});
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (std::vector<float>{-1, 2}));
  ASSERT_TRUE(loaded.session->resize_input(0, {2, 3}).ok());
  EXPECT_NE(loaded.session->run().message().find("axis 1 of 2x3 is to be dropped"),
            std::string::npos);
}

TEST(OnnxIf, WhoseConditionIsKnownIsItsBranch) {
  for (const bool condition : {false, true}) {
    OnnxBuilder b = choosing();
    b.graph().mutable_input()->RemoveLast();
    b.constant<uint8_t>("condition", {1}, {static_cast<uint8_t>(condition)}, Onnx::BOOL);
    const graph::Graph graph = b.must_optimize();
    EXPECT_TRUE(graph.subgraphs.empty());
    EXPECT_EQ(count_kind(graph, "If") + count_kind(graph, "Call"), 0u);
    EXPECT_EQ(count_kind(graph, condition ? "Binary.Mul" : "Binary.Add"), 1u);
    EXPECT_EQ(run_floats(graph, {{1, -2, 3}}), (std::vector<float>{2, 4, 6}));
  }
}

TEST(OnnxIf, StandsWithinAnother) {
  OnnxBuilder b = choosing();
  ::onnx::NodeProto inner = b.graph().node(1);
  inner.set_output(0, "within");
  OnnxNode outer = b.op("If", {"condition"}, {"z"});
  ::onnx::GraphProto* then_graph =
      outer.add("then_branch", ::onnx::AttributeProto::GRAPH)->mutable_g();
  *then_graph->add_node() = inner;
  then_graph->add_output()->set_name("within");
  add_branch(outer, "else_branch", "Sub", {"x", "two"}, "difference");
  b.output("z");
  const graph::Graph graph = b.must_optimize();
  for (const bool condition : {true, false}) {
    Loaded loaded = must_load(graph);
    ASSERT_NE(loaded.session, nullptr);
    loaded.set<float>(0, {1, -2, 3});
    loaded.set<uint8_t>(1, {static_cast<uint8_t>(condition)});
    loaded.run();
    EXPECT_EQ(loaded.get<float>(1),
              condition ? (std::vector<float>{-2, 4, -6}) : (std::vector<float>{-1, -4, 1}));
  }
}

TEST(OnnxIf, BranchesMayGiveWhatIsAroundThem) {
  OnnxBuilder b = choosing();
  ::onnx::GraphProto* no = b.graph().mutable_node(1)->mutable_attribute(1)->mutable_g();
  no->clear_node();
  no->mutable_output(0)->set_name("x");
  EXPECT_EQ(run(b.must_optimize(), {1, -2, 3}, false), (std::vector<float>{1, 2, 3}));
}

void expect_refusal(const OnnxBuilder& b, const std::string& words) {
  const auto graph = b.import();
  ASSERT_FALSE(graph.ok()) << "expected: " << words;
  EXPECT_NE(graph.status().message().find(words), std::string::npos) << graph.status().message();
}

TEST(OnnxIf, WhatCannotRunIsSaid) {
  OnnxBuilder shapes = choosing();
  shapes.floats("wide", {2, 1}, {1, 2});
  shapes.graph().mutable_node(1)->mutable_attribute(0)->mutable_g()->mutable_node(0)->set_input(
      1, "wide");
  expect_refusal(shapes, "its branches give f32 of 2x3 and f32 of 1x3");

  OnnxBuilder unknown = choosing();
  unknown.graph().mutable_node(1)->mutable_attribute(0)->mutable_g()->mutable_node(0)->set_op_type(
      "Det");
  expect_refusal(unknown, "in its then_branch: ");

  OnnxBuilder missing = choosing();
  missing.graph().mutable_node(1)->mutable_attribute()->RemoveLast();
  expect_refusal(missing, "has no else_branch");

  OnnxBuilder nothing = choosing();
  nothing.graph().mutable_node(1)->mutable_attribute(0)->mutable_g()->mutable_node(0)->set_input(
      0, "nowhere");
  expect_refusal(nothing, "reads 'nowhere', which nothing makes");

  OnnxBuilder integer = choosing();
  integer.graph().mutable_input(1)->mutable_type()->mutable_tensor_type()->set_elem_type(
      Onnx::INT32);
  expect_refusal(integer, "its condition is no bool");
}

}  // namespace
}  // namespace qrt::test
