// What a user is told of a model that libqrt cannot run: everything at once, by the names that its
// author knows.
#include <cstring>

#include "src/import/runnable.h"
#include "tests/import/onnx_builder.h"
#include "tests/import/tflite_builder.h"

namespace qrt::test {
namespace {

using rt::Code;

void expect_parts(const rt::Status& status, const std::vector<std::string>& parts,
                  const std::vector<std::string>& absent = {}) {
  EXPECT_EQ(status.code(), Code::Unsupported);
  for (const std::string& part : parts) {
    EXPECT_NE(status.message().find(part), std::string::npos) << "'" << part << "' is not in\n"
                                                              << status.message();
  }
  for (const std::string& part : absent) {
    EXPECT_EQ(status.message().find(part), std::string::npos) << "'" << part << "' is in\n"
                                                              << status.message();
  }
}

// --- ONNX

TEST(OnnxMessages, AnOldOperatorSetIsToldBeforeItsNodesAreMisread) {
  OnnxBuilder b(6);
  b.input("x", {4});
  b.op("Slice", {"x"}, {"s"}).set("starts", Dims64{1}).set("ends", Dims64{3});
  b.op("Unique", {"s"}, {"y"});
  b.output("y");
  expect_parts(b.import().status(),
               {"for 2 reasons", "opset 6: operator sets 7 to 26 are supported",
                "Unique: the operator is not supported"},
               {"Slice", "needs"});
}

TEST(OnnxMessages, NoOperatorSetOfOnnxIsNotSetZero) {
  OnnxBuilder b;
  b.model.mutable_opset_import(0)->set_domain("com.microsoft");
  b.model.mutable_opset_import(0)->set_version(1);
  b.input("x", {4});
  b.op("Exp", {"x"}, {"y"});
  b.output("y");
  expect_parts(b.import().status(),
               {"the model does not say which of ONNX's operator sets", "com.microsoft only"},
               {"opset 0"});
  // Where no node needs it, nothing is missing.
  b.graph().clear_node();
  b.floats("s", {}, {0.5f});
  b.constant<int8_t>("z", {}, {0}, Onnx::INT8);
  b.op("QuantizeLinear", {"x", "s", "z"}, {"q"}).node->set_domain("com.microsoft");
  b.op("DequantizeLinear", {"q", "s", "z"}, {"y"}).node->set_domain("com.microsoft");
  EXPECT_TRUE(b.import().ok());
}

TEST(OnnxMessages, TypesAreToldWhereTheyAreUsed) {
  OnnxBuilder b(21);
  b.input("x", {4});
  b.floats("s", {}, {0.5f});
  b.constant<uint16_t>("z", {}, {7}, Onnx::UINT16);
  b.constant<uint8_t>("w", {4}, {1, 2}, 21);
  b.constant<uint8_t>("unused", {4}, {1, 2}, 20);
  for (int i = 0; i < 2; ++i) {
    const std::string k = std::to_string(i);
    b.op("QuantizeLinear", {"x", "s", "z"}, {"q" + k}).named("quantize" + k);
    b.op("DequantizeLinear", {"q" + k, "s", "z"}, {"y" + k}).named("dequantize" + k);
    b.output("y" + k);
  }
  b.op("DequantizeLinear", {"w", "s"}, {"v"}).named("weights");
  b.output("v");
  expect_parts(b.import().status(),
               {"QuantizeLinear: elements of type UINT16 (2 times)", "node 'quantize0'",
                "DequantizeLinear: elements of type UINT16 (2 times)", "node 'dequantize1'",
                "DequantizeLinear: elements of type UINT4", "node 'weights'"},
               {"constant", "'unused'", "type 21"});
}

TEST(OnnxMessages, OperatorsOfIntegersNameTheFormatThatIsRead) {
  OnnxBuilder b;
  b.input("x", {2, 2}, Onnx::UINT8);
  b.op("QLinearMatMul", {"x", "x"}, {"y"});  // which lacks its scales
  b.output("y");
  expect_parts(b.import().status(), {"QLinearMatMul: the operator is not supported", "QDQ"});
}

TEST(OnnxMessages, ManyNodesOfOneReasonAreCounted) {
  OnnxBuilder b;
  b.input("x", {4});
  for (int i = 0; i < 40; ++i) b.op("Unique", {"x"}, {"y" + std::to_string(i)});
  b.output("y0");
  expect_parts(
      b.import().status(),
      {"for 40 reasons", "Unique: the operator is not supported (40 times)", "and 30 more"});
}

// --- TensorFlow Lite

TEST(TfliteMessages, EveryOperatorOfTheSchemaHasAName) {
  for (int code = 0; code <= 209; ++code) {
    EXPECT_STRNE(tfl::EnumNameBuiltin(static_cast<Builtin>(code)), "") << code;
  }
  TfliteBuilder b;
  const int in = b.add_input("in", {4}), out = b.add_output("out", {4});
  b.add_op(static_cast<Builtin>(208), {in}, {out});
  expect_parts(b.import().status(), {"STABLEHLO_CBRT: the operator is not supported"});
}

std::shared_ptr<const rt::Model> model_of(const graph::Graph& g, rt::AlignedBuffer* bytes) {
  auto file = graph::serialize(g);
  EXPECT_TRUE(file.ok()) << file.status().message();
  *bytes = rt::allocate_aligned(file->size());
  std::memcpy(bytes->get(), file->data(), file->size());
  auto model = rt::Model::from_buffer(bytes->get(), file->size(), "model");
  EXPECT_TRUE(model.ok()) << model.status().message();
  return *model;
}

TfliteBuilder int16_model() {
  TfliteBuilder b;
  const auto q16 = [&](int tensor) {
    b.quantize(tensor, {0.001f}, {0});
    return tensor;
  };
  const int x = q16(b.add_input("x", {4}, TensorType::INT16));
  const int a = q16(b.add("sum", {4}, TensorType::INT16));
  const int m = q16(b.add("product", {4}, TensorType::INT16));
  const int y = q16(b.add_output("y", {4}, TensorType::INT16));
  b.add_op(Builtin::LOG_SOFTMAX, {x}, {a});
  b.add_op(Builtin::CUMSUM, {a, b.add_ints("axis", {0})}, {m}, tfl::CumsumOptionsT());
  b.add_op(Builtin::LOG_SOFTMAX, {m}, {y});
  return b;
}

TEST(TfliteMessages, AllOperatorsThatCannotRunAreToldAtOnce) {
  const auto g = int16_model().import();
  ASSERT_TRUE(g.ok()) << g.status().message();
  rt::AlignedBuffer bytes;
  const auto program = import::build_program(model_of(*g, &bytes));
  expect_parts(program.status(),
               {"model: cannot be run, for 3 reasons", "Softmax: 16-bit activations", "'sum'",
                "CumSum: 16-bit activations", "'product'", "'y'"},
               {"without one scale each", "operator 0"});
}

TEST(TfliteMessages, NarrowIntegersAreToldBesideWhatHasNoRule) {
  TfliteBuilder b = int16_model();
  const int out = b.add_output("top", {4}, TensorType::INT16);
  b.add_op(Builtin::UNIQUE, {0}, {out});
  expect_parts(b.import().status(), {"for 4 reasons", "UNIQUE: the operator is not supported",
                                     "Softmax: 16-bit activations", "CumSum: 16-bit activations"});
}

TEST(TfliteMessages, FourBitIntegersAreNamed) {
  TfliteBuilder b;
  const int x = b.add_input("x", {1, 4}, TensorType::INT8);
  const int w = b.add_constant<uint8_t>("w", {4, 2}, TensorType::INT4, {1, 2, 3, 4});
  const int y = b.add_output("y", {1, 2}, TensorType::INT8);
  for (int tensor : {x, w, y}) b.quantize(tensor, {0.5f}, {0});
  b.add_op(Builtin::BATCH_MATMUL, {x, w}, {y}, tfl::BatchMatMulOptionsT());
  const auto g = b.import();
  ASSERT_TRUE(g.ok()) << g.status().message();
  rt::AlignedBuffer bytes;
  expect_parts(import::build_program(model_of(*g, &bytes)).status(),
               {"MatMul: 4-bit integers (s4) are not supported here"});
}

}  // namespace
}  // namespace qrt::test
