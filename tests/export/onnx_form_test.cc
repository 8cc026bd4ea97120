// The form of exported models: layouts, quantization, clamps, names, and what is refused.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "tests/export/onnx_round_trip.h"

namespace qrt::test {
namespace {

using graph::Graph;
using rt::DType;
using Dims = std::vector<int32_t>;
using Strings = std::vector<std::string>;

const graph::Quantization kScale = {{0.5f}, {3}, -1, 0};

Strings operators(const ::onnx::ModelProto& model) {
  Strings names;
  for (const auto& node : model.graph().node()) names.push_back(node.op_type());
  return names;
}

size_t count(const ::onnx::ModelProto& model, const std::string& op) {
  const Strings all = operators(model);
  return static_cast<size_t>(std::count(all.begin(), all.end(), op));
}

// The elements of the initializer of this name.
std::string elements(const ::onnx::ModelProto& model, const std::string& name) {
  for (const auto& tensor : model.graph().initializer()) {
    if (tensor.name() == name) return tensor.raw_data();
  }
  ADD_FAILURE() << "no initializer " << name;
  return {};
}

const ::onnx::NodeProto& the(const ::onnx::ModelProto& model, const std::string& op) {
  for (const auto& node : model.graph().node()) {
    if (node.op_type() == op) return node;
  }
  ADD_FAILURE() << "no " << op;
  static const ::onnx::NodeProto none;
  return none;
}

// The node that makes a tensor.
const ::onnx::NodeProto& maker(const ::onnx::ModelProto& model, const std::string& tensor) {
  for (const auto& node : model.graph().node()) {
    if (std::count(node.output().begin(), node.output().end(), tensor) > 0) return node;
  }
  ADD_FAILURE() << "nothing makes " << tensor;
  static const ::onnx::NodeProto none;
  return none;
}

// A 1x1 convolution of two channels, from "in" to "out".
Graph convolution(DType type, const graph::Quantization& out, std::unique_ptr<fb::ClampT> clamp,
                  const graph::Quantization& weights = {{0.25f}, {}, -1, 0}) {
  Graph g;
  const bool quantized = type == DType::S8;
  const auto q = [&](const graph::Quantization& given) {
    return quantized ? given : graph::Quantization{};
  };
  const int in = g.add_tensor("in", type, {1, 2, 3, 2}, q(kScale));
  const int w = quantized ? g.add_constant<int8_t>("w", {2, 1, 1, 2}, {1, -2, 3, -128}, weights)
                          : g.add_constant<float>("w", {2, 1, 1, 2}, {1, -2, 3, -128});
  const int y = g.add_tensor("out", type, {1, 2, 3, 2}, q(out));
  fb::Conv2DT conv;
  conv.window = std::make_unique<fb::Window2DT>();
  conv.clamp = std::move(clamp);
  g.add_node("conv", std::move(conv), {in, w}, {y});
  g.inputs = {in};
  g.outputs = {y};
  return g;
}

TEST(ExportForm, FeatureMapsTurnAtTheEdgesOnly) {
  Graph g = convolution(DType::F32, {}, nullptr);
  int last = g.outputs[0];
  for (int i = 0; i < 3; ++i) {
    const int sum = g.add_tensor("sum", DType::F32, {1, 2, 3, 2});
    g.add_node("add", fb::BinaryT(),
               {last, g.add_constant<float>("k", {2}, {1.0f, 2.0f + static_cast<float>(i)})},
               {sum});
    const int next = g.add_tensor("next", DType::F32, {1, 2, 3, 2});
    fb::Conv2DT conv;
    conv.window = std::make_unique<fb::Window2DT>();
    g.add_node("conv", std::move(conv), {sum, g.nodes[0].inputs[1]}, {next});
    last = next;
  }
  g.outputs = {last};
  const auto model = parsed(must_export(g));
  const Strings all = operators(model);
  EXPECT_EQ(count(model, "Transpose"), 2u);
  EXPECT_EQ(all.front(), "Transpose");
  EXPECT_EQ(all.back(), "Transpose");
}

// Graphs that were NCHW before they were imported need no turning at all.
TEST(ExportForm, TransposesOfTheGraphOnlyRenameAxes) {
  Graph g = convolution(DType::F32, {}, nullptr);
  const int nchw = g.add_tensor("nchw", DType::F32, {1, 2, 2, 3});
  fb::TransposeT transpose;
  transpose.perm = {0, 3, 1, 2};
  g.add_node("turn", transpose, {g.outputs[0]}, {nchw});
  const int outer = g.add_tensor("outer", DType::F32, {1, 2, 2, 3});
  transpose.perm = {0, 2, 3, 1};
  g.nodes.insert(g.nodes.begin(), Graph::make_node("turn", transpose, {outer}, {g.inputs[0]}));
  g.inputs = {outer};
  g.outputs = {nchw};
  EXPECT_EQ(operators(parsed(must_export(g))), Strings{"Conv"});
}

TEST(ExportForm, ActivationsAreUnsignedWeightsSigned) {
  const auto model = parsed(must_export(convolution(DType::S8, kScale, nullptr)));
  const auto& conv = the(model, "Conv");
  const auto& x = maker(model, conv.input(0));
  const auto& w = maker(model, conv.input(1));
  EXPECT_EQ(x.op_type(), "DequantizeLinear");
  EXPECT_EQ(elements(model, x.input(2)), std::string(1, static_cast<char>(128 + 3)));
  EXPECT_EQ(w.op_type(), "DequantizeLinear");
  EXPECT_EQ(elements(model, w.input(0)), "\x01\xfe\x03\x80");
  EXPECT_EQ(elements(model, w.input(2)), std::string(1, '\0'));
}

TEST(ExportForm, WeightsKeepTheirZeroPoint) {
  const graph::Quantization weights = {{0.25f}, {-100}, -1, 0};
  const auto model = parsed(must_export(convolution(DType::S8, kScale, nullptr, weights)));
  const auto& w = maker(model, the(model, "Conv").input(1));
  EXPECT_EQ(elements(model, w.input(0)), "\x01\xfe\x03\x80");
  EXPECT_EQ(elements(model, w.input(2)), std::string(1, static_cast<char>(-100)));
}

TEST(ExportForm, ScalesAnOutputStandAlongAxisZero) {
  const graph::Quantization weights = {{0.25f, 0.5f}, {}, 0, 0};
  const auto model = parsed(must_export(convolution(DType::S8, kScale, nullptr, weights)));
  const auto& w = maker(model, the(model, "Conv").input(1));
  ASSERT_EQ(w.attribute_size(), 1);
  EXPECT_EQ(w.attribute(0).name(), "axis");
  EXPECT_EQ(w.attribute(0).i(), 0);
}

// The codes of the result end where the clamp does: nothing is left to do.
TEST(ExportForm, ClampsThatTheCodesImplyAreLeftOut) {
  const graph::Quantization relu6 = {{6.0f / 255}, {-128}, -1, 0};
  const auto model = parsed(must_export(convolution(DType::S8, relu6, graph::make_clamp(0, 6))));
  EXPECT_EQ(count(model, "Clip") + count(model, "Relu"), 0u);
}

// Between Conv and QuantizeLinear nothing may stand, or runtimes compute in float.
TEST(ExportForm, OtherClampsOfIntegersComeAfterQuantizing) {
  const auto model = parsed(must_export(convolution(DType::S8, kScale, graph::make_clamp(0, 6))));
  const auto& clip = the(model, "Clip");
  const auto& quantize = maker(model, clip.input(0));
  EXPECT_EQ(quantize.op_type(), "QuantizeLinear");
  EXPECT_EQ(maker(model, quantize.input(0)).op_type(), "Conv");
  EXPECT_EQ(elements(model, clip.input(1)), std::string(1, static_cast<char>(128 + 3)));
  EXPECT_EQ(elements(model, clip.input(2)), std::string(1, static_cast<char>(128 + 3 + 12)));
}

TEST(ExportForm, ClampsOfFloatsAreReluOrClip) {
  const auto relu =
      parsed(must_export(convolution(DType::F32, {}, graph::make_clamp(0, INFINITY))));
  EXPECT_EQ(maker(relu, the(relu, "Relu").input(0)).op_type(), "Conv");
  const auto relu6 = parsed(must_export(convolution(DType::F32, {}, graph::make_clamp(0, 6))));
  EXPECT_EQ(maker(relu6, the(relu6, "Clip").input(0)).op_type(), "Conv");
}

TEST(ExportForm, InputsAndOutputsKeepNameTypeAndShape) {
  Graph g = convolution(DType::S8, kScale, nullptr);
  g.value(g.inputs[0]).shape[0] = -1;
  g.value(g.outputs[0]).shape[0] = -1;
  const auto model = parsed(must_export(g));
  ASSERT_EQ(model.graph().input_size(), 1);
  ASSERT_EQ(model.graph().output_size(), 1);
  for (const auto* info : {&model.graph().input(0), &model.graph().output(0)}) {
    EXPECT_EQ(info->name(), info == &model.graph().input(0) ? "in" : "out");
    const auto& tensor = info->type().tensor_type();
    EXPECT_EQ(tensor.elem_type(), ::onnx::TensorProto::INT8);
    ASSERT_EQ(tensor.shape().dim_size(), 4);
    EXPECT_EQ(tensor.shape().dim(0).value_case(),
              ::onnx::TensorShapeProto::Dimension::VALUE_NOT_SET);
    EXPECT_EQ(tensor.shape().dim(3).dim_value(), 2);
  }
}

TEST(ExportForm, OpenDimensionsKeepTheirNames) {
  Graph g = convolution(DType::F32, {}, nullptr);
  g.value(g.inputs[0]).shape = {-1, -1, -1, 2};
  g.value(g.inputs[0]).dim_names = {"batch", "", "w", ""};
  g.value(g.outputs[0]).shape = {-1, -1, -1, g.value(g.outputs[0]).shape[3]};
  const graph::Bytes file = must_export(g);
  const graph::Value back = [&] {
    const Graph again = must_import(file);
    return again.value(again.inputs[0]);
  }();
  EXPECT_EQ(back.shape, (Dims{-1, -1, -1, 2}));
  EXPECT_EQ(back.dim_names, (Strings{"batch", "", "w", ""}));
}

TEST(ExportForm, AReshapeKeepsSeveralOpenDimensions) {
  Graph g;
  const int x = g.add_tensor("x", DType::F32, {-1, -1, 6}),
            y = g.add_tensor("y", DType::F32, {-1, -1, 2, 3});
  fb::ReshapeT reshape;
  reshape.shape = {0, 0, 2, -1};
  reshape.keep_mask = 3;
  g.add_node("split", std::move(reshape), {x}, {y});
  g.inputs = {x};
  g.outputs = {y};
  const Graph again = must_import(must_export(g));
  EXPECT_EQ(again.value(again.outputs[0]).shape, (Dims{-1, -1, 2, 3}));
  Loaded loaded = must_load(again);
  ASSERT_NE(loaded.session, nullptr);
  ASSERT_TRUE(loaded.session->resize_input(0, {4, 5, 6}).ok());
  EXPECT_EQ(loaded.session->output_shape(0), (rt::Shape{4, 5, 2, 3}));
}

// Two outputs of one value, and an input that is an output: each name is made once.
TEST(ExportForm, OutputsThatAreTheSameValue) {
  Graph g = convolution(DType::F32, {}, nullptr);
  g.outputs = {g.outputs[0], g.outputs[0], g.inputs[0]};
  const auto model = parsed(must_export(g));
  std::map<std::string, int> made;
  for (const auto& input : model.graph().input()) ++made[input.name()];
  for (const auto& node : model.graph().node()) {
    for (const auto& output : node.output()) ++made[output];
  }
  for (const auto& output : model.graph().output()) EXPECT_EQ(made[output.name()], 1);
}

// Ours: input, forget, cell, output. ONNX's: input, output, forget, cell.
TEST(ExportForm, GatesOfLstmChangePlaces) {
  Graph g;
  const graph::Quantization gates = {{1, 2, 3, 4}, {}, 0, 0};
  const int x = g.add_tensor("x", DType::S8, {2, 3, 1}, kScale);
  const int w = g.add_constant<int8_t>("w", {4, 1}, {10, 20, 30, 40}, gates);
  const int r = g.add_constant<int8_t>("r", {4, 1}, {50, 60, 70, 80}, {{0.5f}, {}, -1, 0});
  const int b = g.add_constant<int32_t>("b", {4}, {1, 2, 3, 4});
  const int h = g.add_tensor("h", DType::S8, {2, 1}, kScale);
  const int cell = g.add_tensor("c", DType::S16, {2, 1}, {{1.0f / 2048}, {0}, -1, 0});
  const int y = g.add_tensor("y", DType::S8, {2, 3, 1}, kScale);
  g.value(h).variable = g.value(cell).variable = true;
  g.add_node("lstm", fb::LstmT(), {x, w, r, b, h, cell}, {y});
  g.inputs = {x};
  g.outputs = {y};
  const auto model = parsed(must_export(g));
  const auto& lstm = the(model, "LSTM");
  const auto& weights = maker(model, lstm.input(1));
  EXPECT_EQ(elements(model, weights.input(0)), (std::string{10, 40, 20, 30}));
  const std::vector<float> scales = {1, 4, 2, 3};
  EXPECT_EQ(std::memcmp(elements(model, weights.input(1)).data(), scales.data(), 16), 0);
  EXPECT_EQ(elements(model, maker(model, lstm.input(2)).input(0)), (std::string{50, 80, 60, 70}));
  // Each in steps of the input's scale and its own weights': 0.5 * scale.
  const std::vector<float> bias = {0.5f, 8, 2, 4.5f, 0, 0, 0, 0};
  const std::string floats = elements(model, lstm.input(3));
  ASSERT_EQ(floats.size(), 32u);
  EXPECT_EQ(std::memcmp(floats.data(), bias.data(), 32), 0);
}

TEST(ExportForm, OneMessageListsAllThatIsNotSupported) {
  Graph g;
  const int x = g.add_tensor("x", DType::F32, {3, 4});
  const int padded = g.add_tensor("padded", DType::F32, {5, 4});
  const int picked = g.add_tensor("picked", DType::F32, {5, 2});
  fb::PadT pad;
  pad.before = {1, 0};
  pad.after = {1, 0};
  pad.mode = fb::PadMode::Symmetric;
  g.add_node("mirror", pad, {x}, {padded});
  fb::GatherT gather;
  gather.axis = 1;
  gather.batch_dims = 1;
  const int indices = g.add_constant<int32_t>("i", {5, 2}, std::vector<int32_t>(10, 0));
  g.add_node("choose", gather, {padded, indices}, {picked});
  g.inputs = {x};
  g.outputs = {picked};
  const auto file = onnx_export::export_onnx(g);
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.status().code(), rt::Code::Unsupported);
  for (const char* part : {"cannot be exported, for 2 reasons", "Pad: symmetric padding",
                           "'mirror'", "Gather: indices of their own", "'choose'"}) {
    EXPECT_NE(file.status().message().find(part), std::string::npos)
        << file.status().message() << "\nexpected: " << part;
  }
}

template <class Options>
void expect_not_exported(const char* kind, const std::vector<DType>& inputs, bool variable) {
  Graph g;
  std::vector<int> operands;
  for (DType type : inputs) operands.push_back(g.add_tensor("x", type, {1}));
  const int y = g.add_tensor("y", DType::F32, {1});
  g.inputs = operands;
  if (variable) {
    g.value(operands[0]).variable = true;
    g.inputs.erase(g.inputs.begin());
  }
  g.add_node("n", Options(), operands, {y});
  g.outputs = {y};
  const auto file = onnx_export::export_onnx(g);
  ASSERT_FALSE(file.ok()) << kind;
  EXPECT_EQ(file.status().code(), rt::Code::Unsupported);
  const std::string words = std::string(kind) + ": variables and control flow are not exported";
  EXPECT_NE(file.status().message().find(words), std::string::npos)
      << file.status().message() << "\nexpected: " << words;
}

TEST(ExportForm, VariablesAndControlFlowAreRefused) {
  expect_not_exported<fb::CallT>("Call", {DType::F32}, false);
  expect_not_exported<fb::IfT>("If", {DType::Bool, DType::F32}, false);
  expect_not_exported<fb::WhileT>("While", {DType::F32}, false);
  expect_not_exported<fb::ReadVariableT>("ReadVariable", {DType::F32}, true);
  expect_not_exported<fb::AssignVariableT>("AssignVariable", {DType::F32, DType::F32}, true);
}

}  // namespace
}  // namespace qrt::test
