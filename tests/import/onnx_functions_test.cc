// Models with functions of their own, which are inlined.
#include <cmath>

#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

using Floats = std::vector<float>;
using Names = std::vector<std::string>;

class Function {
 public:
  Function(OnnxBuilder& b, const char* name, const Names& inputs, const Names& outputs)
      : proto_(b.model.add_functions()) {
    proto_->set_domain("test");
    proto_->set_name(name);
    for (const std::string& input : inputs) proto_->add_input(input);
    for (const std::string& output : outputs) proto_->add_output(output);
    proto_->add_opset_import()->set_version(13);
  }
  OnnxNode op(const char* type, const Names& inputs, const Names& outputs) {
    auto* node = proto_->add_node();
    node->set_op_type(type);
    for (const std::string& name : inputs) node->add_input(name);
    for (const std::string& name : outputs) node->add_output(name);
    return OnnxNode(node);
  }
  // An attribute of a node that is the call's.
  static void refer(OnnxNode node, const char* name, const char* to,
                    ::onnx::AttributeProto::AttributeType type) {
    node.add(name, type)->set_ref_attr_name(to);
  }
  // A default of the call's attribute: field 11, which ONNX 1.12 does not know by name.
  void add_default(const char* name, float value) {
    proto_->add_attribute(name);
    ::onnx::AttributeProto attribute;
    attribute.set_name(name);
    attribute.set_type(::onnx::AttributeProto::FLOAT);
    attribute.set_f(value);
    const std::string bytes = attribute.SerializeAsString();
    std::string file = proto_->SerializeAsString();
    file += static_cast<char>(11 << 3 | 2);
    file += static_cast<char>(bytes.size());
    ASSERT_TRUE(proto_->ParseFromString(file + bytes));
  }
  ::onnx::FunctionProto& proto() { return *proto_; }

 private:
  ::onnx::FunctionProto* proto_;
};

OnnxNode call(OnnxBuilder& b, const char* name, const Names& inputs, const Names& outputs) {
  OnnxNode node = b.op(name, inputs, outputs);
  node.node->set_domain("test");
  return node;
}

std::string refusal(const OnnxBuilder& b) {
  const auto graph = b.import();
  return graph.ok() ? "imported" : graph.status().message();
}

TEST(OnnxFunctions, CalledTwiceAndNested) {
  OnnxBuilder b;
  Function twice(b, "Twice", {"a"}, {"r"});
  twice.op("Add", {"a", "a"}, {"r"});
  Function inner(b, "TwicePlus", {"a", "b"}, {"r"});
  inner.op("Twice", {"a"}, {"t"}).node->set_domain("test");
  inner.op("Add", {"t", "b"}, {"r"});
  b.input("x", {2});
  b.floats("t", {2}, {10, 20});  // a name that the function uses, too
  call(b, "TwicePlus", {"x", "t"}, {"u"});
  call(b, "TwicePlus", {"u", "x"}, {"y"});
  b.output("y");
  EXPECT_EQ(run_floats(b.must_import(), {{1, 2}}), (Floats{25, 50}));
}

TEST(OnnxFunctions, AttributesOfTheCall) {
  OnnxBuilder b;
  Function leaky(b, "Leaky", {"a"}, {"r"});
  Function::refer(leaky.op("LeakyRelu", {"a"}, {"l"}), "alpha", "slope",
                  ::onnx::AttributeProto::FLOAT);
  Function::refer(leaky.op("Elu", {"l"}, {"r"}), "alpha", "nowhere", ::onnx::AttributeProto::FLOAT);
  leaky.add_default("slope", 0.5f);
  b.input("x", {2});
  call(b, "Leaky", {"x"}, {"given"}).set("slope", 0.25f);
  call(b, "Leaky", {"x"}, {"standard"});
  b.op("Concat", {"given", "standard"}, {"y"}).set("axis", 0);
  b.output("y");
  expect_near(run_floats(b.must_import(), {{-4, 3}}),
              {std::exp(-1.0f) - 1, 3, std::exp(-2.0f) - 1, 3});
}

TEST(OnnxFunctions, InBranchesAndWithBranches) {
  OnnxBuilder b;
  Function pick(b, "Pick", {"condition", "a"}, {"r"});
  OnnxNode choice = pick.op("If", {"condition"}, {"r"});
  for (const char* name : {"then_branch", "else_branch"}) {
    auto* graph = choice.add(name, ::onnx::AttributeProto::GRAPH)->mutable_g();
    graph->set_name(name);
    auto* node = graph->add_node();
    node->set_op_type(name[0] == 't' ? "Neg" : "Twice");
    if (name[0] != 't') node->set_domain("test");
    node->add_input("a");
    node->add_output("inside");
    graph->add_output()->set_name("inside");
  }
  Function twice(b, "Twice", {"a"}, {"r"});
  twice.op("Add", {"a", "a"}, {"r"});
  b.input("condition", {}, Onnx::BOOL);
  b.input("x", {2});
  call(b, "Pick", {"condition", "x"}, {"y"});
  b.output("y");
  Loaded loaded = must_load(b.must_import());
  for (const uint8_t yes : std::vector<uint8_t>{0, 1}) {
    loaded.set(0, std::vector<uint8_t>{yes});
    loaded.set(1, Floats{1, 2});
    loaded.run();
    EXPECT_EQ(loaded.get<float>(0), yes != 0 ? (Floats{-1, -2}) : (Floats{2, 4}));
  }
}

TEST(OnnxFunctions, AbsentInputsUnusedOutputsAndInputsPassedOn) {
  OnnxBuilder b;
  Function clip(b, "Limit", {"a", "low", "high"}, {"r", "same", "unused"});
  clip.op("Clip", {"a", "low", "high"}, {"r"});
  clip.op("Neg", {"a"}, {"unused"});
  clip.proto().set_output(1, "a");
  b.input("x", {3});
  b.floats("one", {}, {1});
  call(b, "Limit", {"x", "", "one"}, {"limited", "same"});
  b.op("Add", {"limited", "same"}, {"y"});
  b.output("y");
  EXPECT_EQ(run_floats(b.must_import(), {{-3, 0, 3}}), (Floats{-6, 0, 4}));
}

TEST(OnnxFunctions, WhatCannotBeInlinedIsSaid) {
  OnnxBuilder endless;
  Function loop(endless, "Loop", {"a"}, {"r"});
  loop.op("Loop", {"a"}, {"r"}).node->set_domain("test");
  endless.input("x", {1});
  call(endless, "Loop", {"x"}, {"y"});
  endless.output("y");
  EXPECT_NE(refusal(endless).find("the function 'Loop' calls itself"), std::string::npos)
      << refusal(endless);

  OnnxBuilder older;
  Function other(older, "Old", {"a"}, {"r"});
  other.op("Neg", {"a"}, {"r"});
  other.proto().mutable_opset_import(0)->set_version(11);
  older.input("x", {1});
  call(older, "Old", {"x"}, {"y"});
  older.output("y");
  EXPECT_NE(refusal(older).find("'Old' is of operator set 11, and the model of 13"),
            std::string::npos)
      << refusal(older);

  OnnxBuilder crowded;
  Function one(crowded, "One", {"a"}, {"r"});
  one.op("Neg", {"a"}, {"r"});
  crowded.input("x", {1});
  call(crowded, "One", {"x", "x"}, {"y"});
  crowded.output("y");
  EXPECT_NE(refusal(crowded).find("2 inputs and 1 outputs for the function 'One'"),
            std::string::npos)
      << refusal(crowded);
}

// A chain of functions that each call the next one twice.
TEST(OnnxFunctions, ExponentialGrowthIsRefused) {
  OnnxBuilder b;
  constexpr int kDepth = 31;
  for (int i = 0; i < kDepth; ++i) {
    const std::string name = "F" + std::to_string(i), next = "F" + std::to_string(i + 1);
    Function function(b, name.c_str(), {"a"}, {"r"});
    function.op(next.c_str(), {"a"}, {"t"}).node->set_domain("test");
    function.op(next.c_str(), {"t"}, {"r"}).node->set_domain("test");
  }
  const std::string last = "F" + std::to_string(kDepth);
  Function(b, last.c_str(), {"a"}, {"r"}).op("Neg", {"a"}, {"r"});
  b.input("x", {1});
  call(b, "F0", {"x"}, {"y"});
  b.output("y");
  EXPECT_NE(refusal(b).find("grow far beyond the model's own size"), std::string::npos)
      << refusal(b);
}

}  // namespace
}  // namespace qrt::test
