// f16, bf16 and f64: what computes in which type, and what comes back.
#include <cmath>

#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

using rt::BFloat16;
using rt::Half;

void declare_output(OnnxBuilder& b, const std::string& name, int32_t type) {
  b.output(name);
  b.graph()
      .mutable_output(b.graph().output_size() - 1)
      ->mutable_type()
      ->mutable_tensor_type()
      ->set_elem_type(type);
}

template <class Out, class In>
std::vector<Out> run(const OnnxBuilder& b, const std::vector<In>& x) {
  const graph::Graph g = b.must_optimize();
  Loaded loaded = must_load(g);
  if (loaded.session == nullptr) return {};
  EXPECT_EQ(loaded.session->output(0).type, rt::DTypeOf<Out>::value);
  loaded.set(0, x);
  loaded.run();
  return loaded.get<Out>();
}

TEST(OnnxTypes, DoublesStayDoubles) {
  OnnxBuilder b;
  b.input("x", {3}, Onnx::DOUBLE);
  b.constant<double>("tenth", {1}, {0.1}, Onnx::DOUBLE);
  b.op("Add", {"x", "tenth"}, {"sum"});
  b.op("Exp", {"sum"}, {"y"});
  declare_output(b, "y", Onnx::DOUBLE);
  std::vector<double> want;
  const std::vector<double> x = {0.2, -1.0 / 3, 1e-12};
  for (double v : x) want.push_back(std::exp(v + 0.1));
  EXPECT_EQ(run<double>(b, x), want);
}

TEST(OnnxTypes, DoublesInsideAModelOfFloats) {
  OnnxBuilder b;
  b.input("x", {2});
  b.constant<double>("tiny", {1}, {0x1p-40}, Onnx::DOUBLE);
  b.op("Cast", {"x"}, {"wide"}).set("to", Onnx::DOUBLE);
  b.op("Add", {"wide", "tiny"}, {"sum"});
  b.op("Sub", {"sum", "wide"}, {"rest"});
  b.op("Cast", {"rest"}, {"y"}).set("to", Onnx::FLOAT);
  b.output("y");
  EXPECT_EQ((run<float, float>(b, {1, 3})), (std::vector<float>{0x1p-40f, 0x1p-40f}));
}

TEST(OnnxTypes, MatricesOfDoubles) {
  OnnxBuilder b;
  b.input("x", {1, 2}, Onnx::DOUBLE);
  b.constant<double>("w", {2, 1}, {1, 0x1p-50}, Onnx::DOUBLE);
  b.op("MatMul", {"x", "w"}, {"product"});
  b.op("Einsum", {"product", "w"}, {"y"}).set("equation", "ij,jk->k");
  b.graph().mutable_initializer(0)->set_raw_data(std::vector<double>{1, 0x1p-50}.data(), 16);
  b.constant<double>("v", {1, 1}, {3}, Onnx::DOUBLE);
  b.graph().mutable_node(1)->set_input(1, "v");
  declare_output(b, "y", Onnx::DOUBLE);
  EXPECT_EQ((run<double, double>(b, {1, 1})), std::vector<double>{3 * (1 + 0x1p-50)});
}

TEST(OnnxTypes, PowersOfDoubles) {
  OnnxBuilder b(15);
  b.input("x", {3}, Onnx::DOUBLE);
  b.integers("three", {3});
  b.op("Pow", {"x", "three"}, {"y"});
  declare_output(b, "y", Onnx::DOUBLE);
  EXPECT_EQ((run<double, double>(b, {2, -3, 0.1})),
            (std::vector<double>{8, -27, std::pow(0.1, 3)}));
}

TEST(OnnxTypes, WhatHasNoFormInDoubleIsRefused) {
  OnnxBuilder b;
  b.input("x", {1, 1, 2, 2}, Onnx::DOUBLE);
  b.constant<double>("w", {1, 1, 1, 1}, {2}, Onnx::DOUBLE);
  b.op("Conv", {"x", "w"}, {"y"});
  declare_output(b, "y", Onnx::DOUBLE);
  const rt::Status status = b.import().status();
  EXPECT_EQ(status.code(), rt::Code::Unsupported);
  EXPECT_NE(status.message().find("Conv: input 0 of type f64"), std::string::npos)
      << status.message();
}

// Half a unit in the last place of f16, twice: lost if each sum were rounded.
template <class Small>
void check_small(int32_t type, double half_unit) {
  OnnxBuilder b;
  b.input("x", {2}, type);
  b.constant<Small>("step", {1}, {Small(half_unit)}, type);
  b.op("Add", {"x", "step"}, {"once"});
  b.op("Add", {"once", "step"}, {"y"});
  declare_output(b, "y", type);
  const graph::Graph g = b.must_optimize();
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  EXPECT_EQ(loaded.session->input(0).type, rt::DTypeOf<Small>::value);
  EXPECT_EQ(loaded.session->output(0).type, rt::DTypeOf<Small>::value);
  loaded.set<Small>(0, {Small(1.0), Small(-2.0)});
  loaded.run();
  const auto got = loaded.get<Small>();
  EXPECT_EQ(static_cast<double>(got[0]), 1 + 2 * half_unit);
  EXPECT_EQ(static_cast<double>(got[1]), -2 + 2 * half_unit);
}

TEST(OnnxTypes, SmallFloatsAreComputedInF32) {
  check_small<Half>(Onnx::FLOAT16, 0x1p-11);
  check_small<BFloat16>(Onnx::BFLOAT16, 0x1p-8);
}

TEST(OnnxTypes, ACastToASmallFloatRounds) {
  for (int32_t type : {Onnx::FLOAT16, Onnx::BFLOAT16}) {
    OnnxBuilder b;
    b.input("x", {3});
    b.op("Cast", {"x"}, {"small"}).set("to", type);
    b.op("Cast", {"small"}, {"y"}).set("to", Onnx::FLOAT);
    b.output("y");
    const std::vector<float> x = {1.001f, 0.1f, 70000};
    std::vector<float> want;
    for (float v : x) {
      want.push_back(type == Onnx::FLOAT16 ? static_cast<float>(Half(static_cast<double>(v)))
                                           : static_cast<float>(BFloat16(static_cast<double>(v))));
    }
    EXPECT_EQ((run<float, float>(b, x)), want);
  }
}

TEST(OnnxTypes, TypedFieldsHoldSmallFloatsAsBits) {
  OnnxBuilder b;
  b.input("x", {2});
  for (int32_t type : {Onnx::FLOAT16, Onnx::BFLOAT16}) {
    Onnx* tensor = b.graph().add_initializer();
    tensor->set_name(type == Onnx::FLOAT16 ? "half" : "brain");
    tensor->set_data_type(type);
    tensor->add_dims(1);
    tensor->add_int32_data(type == Onnx::FLOAT16 ? Half(0.5).bits : BFloat16(3.0).bits);
  }
  b.op("Mul", {"x", "half"}, {"m"});
  b.op("Add", {"m", "brain"}, {"y"});
  b.output("y");
  EXPECT_EQ((run<float, float>(b, {1, 2})), (std::vector<float>{3.5f, 4}));
}

TEST(OnnxTypes, BranchesHandOnWhatIsComputed) {
  OnnxBuilder b;
  b.input("x", {2}, Onnx::FLOAT16);
  b.input("condition", {1}, Onnx::BOOL);
  OnnxNode choice = b.op("If", {"condition"}, {"chosen"});
  for (const char* attribute : {"then_branch", "else_branch"}) {
    ::onnx::GraphProto* branch = choice.add(attribute, ::onnx::AttributeProto::GRAPH)->mutable_g();
    ::onnx::NodeProto* node = branch->add_node();
    node->set_op_type(attribute[0] == 't' ? "Neg" : "Abs");
    node->add_input("x");
    node->add_output("inner");
    branch->add_output()->set_name("inner");
    branch->mutable_output(0)->mutable_type()->mutable_tensor_type()->set_elem_type(Onnx::FLOAT16);
  }
  b.op("Mul", {"chosen", "x"}, {"y"});
  declare_output(b, "y", Onnx::FLOAT16);
  Loaded loaded = must_load(b.must_optimize());
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<Half>(0, {Half(3.0), Half(-0.5)});
  loaded.set<uint8_t>(1, {1});
  loaded.run();
  EXPECT_EQ(static_cast<double>(loaded.get<Half>()[0]), -9);
  loaded.set<uint8_t>(1, {0});
  loaded.run();
  EXPECT_EQ(static_cast<double>(loaded.get<Half>()[1]), -0.25);
}

}  // namespace
}  // namespace qrt::test
