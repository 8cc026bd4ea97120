// Operators of TensorFlow Lite and ONNX files that are left to the app.
#include <gtest/gtest.h>

#include "src/import/import.h"
#include "tests/import/onnx_builder.h"
#include "tests/import/tflite_builder.h"

namespace qrt::test {
namespace {

const fb::CustomT* custom_of(const graph::Graph& graph, size_t node) {
  return graph.nodes.size() > node ? graph.nodes[node].options.AsCustom() : nullptr;
}

// "name: ints, floats, text".
std::string described(const fb::CustomT& custom) {
  std::string all;
  for (const auto& attribute : custom.attributes) {
    all += attribute->name + ":";
    for (int64_t i : attribute->ints) all += " " + std::to_string(i);
    for (double f : attribute->floats) all += " " + std::to_string(f).substr(0, 5);
    if (!attribute->text.empty()) all += " '" + attribute->text + "'";
    all += "; ";
  }
  return all;
}

TfliteBuilder tflite(std::vector<uint8_t> options) {
  TfliteBuilder b;
  const int in = b.add_input("in", {1, 4});
  const int weights = b.add_floats("weights", {2, 4});
  const int mine = b.add("mine", {3, 2});
  const int out = b.add_output("out", {3, 2});
  b.add_op(Builtin::CUSTOM, {in, -1, weights}, {mine}).custom_options = std::move(options);
  b.model.operator_codes.back()->custom_code = "Mine";
  b.add_op(Builtin::ABS, {mine}, {out});
  return b;
}

rt::Result<graph::Graph> import_with(const TfliteBuilder& b, const std::string& custom) {
  const std::vector<uint8_t> file = b.bytes();
  import::ImportOptions options;
  options.customs = {custom};
  return import::import_tflite(file.data(), file.size(), "test.tflite", options);
}

TEST(CustomImport, TfliteOptionsAreKeptAsTheyAre) {
  const auto graph = import_with(tflite({1, 2, 3}), "Mine");
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  const fb::CustomT* custom = custom_of(*graph, 0);
  ASSERT_NE(custom, nullptr);
  EXPECT_EQ(custom->name, "Mine");
  EXPECT_EQ(custom->data, (std::vector<uint8_t>{1, 2, 3}));
  EXPECT_EQ(described(*custom), "");
  const graph::Node& node = graph->nodes[0];
  ASSERT_EQ(node.inputs.size(), 3u);
  EXPECT_EQ(node.inputs[1], graph::kAbsent);
  EXPECT_EQ(graph->value(node.outputs[0]).shape, (std::vector<int32_t>{3, 2}));
}

// What FlexBuffers' own builder makes of {"b": True, "f": 0.5, "i": -3, "l": [1, 2.5],
// "s": "text"}.
const std::vector<uint8_t> kFlexMap = {
    98,  0,   102, 0,   105, 0, 108, 0,   2,   0,   0, 0,   1,  0,  0,  0,  0,  0,  32,
    64,  6,   14,  115, 0,   4, 116, 101, 120, 116, 0, 5,   31, 30, 29, 28, 13, 5,  0,
    0,   0,   1,   0,   0,   0, 5,   0,   0,   0,   1, 0,   0,  0,  0,  0,  0,  63, 253,
    255, 255, 255, 48,  0,   0, 0,   39,  0,   0,   0, 106, 14, 6,  42, 20, 25, 38, 1};

TEST(CustomImport, TfliteOptionsThatAreAMapAreRead) {
  const auto graph = import_with(tflite(kFlexMap), "Mine");
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(described(*custom_of(*graph, 0)), "b: 1; f: 0.500; i: -3; l: 1.000 2.500; s: 'text'; ");
}

// Untrusted bytes: a damaged map is none, or another one.
TEST(CustomImport, DamagedMapsAreSafe) {
  for (size_t at = 0; at < kFlexMap.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<uint8_t> damaged = kFlexMap;
      damaged[at] ^= static_cast<uint8_t>(1 << bit);
      const auto graph = import_with(tflite(damaged), "Mine");
      ASSERT_TRUE(graph.ok()) << graph.status().message();
      EXPECT_EQ(custom_of(*graph, 0)->data, damaged);
    }
    const std::vector<uint8_t> cut(kFlexMap.begin(),
                                   kFlexMap.begin() + static_cast<std::ptrdiff_t>(at));
    ASSERT_TRUE(import_with(tflite(cut), "Mine").ok());
  }
}

// One that libqrt knows can be left to the app, too; others are told how.
TEST(CustomImport, ByTheNameOfTheFile) {
  const TfliteBuilder b = tflite({});
  EXPECT_EQ(import_with(b, "Other").status().message(),
            "test.tflite: cannot be imported, for 1 reason:\n"
            "  CUSTOM 'Mine': the operator is not supported; an app can compute it (qrt convert "
            "--custom)\n"
            "    operator 0 CUSTOM 'Mine' 'mine'");
  TfliteBuilder known;
  const int in = known.add_input("in", {2});
  known.add_op(Builtin::ABS, {in}, {known.add_output("out", {2})});
  const auto graph = import_with(known, "ABS");
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(kinds(*graph), (std::vector<std::string>{"Custom.ABS"}));
}

rt::Result<graph::Graph> import_with(const OnnxBuilder& b, const std::string& custom) {
  const std::vector<uint8_t> file = b.bytes();
  import::ImportOptions options;
  options.customs = {custom};
  return import::import_onnx(file.data(), file.size(), "test.onnx", options);
}

// A convolution, whose results lie as [N,H,W,C] inside, then one that the app computes.
OnnxBuilder onnx(bool declared) {
  OnnxBuilder b;
  b.open_input("x", {"n", "3", "8", "8"});
  b.floats("w", {2, 3, 1, 1}, ramp(6));
  b.op("Conv", {"x", "w"}, {"c"});
  OnnxNode mine = b.op("Mine", {"c", "", "w"}, {"m", "k"});
  mine.named("mine").set("count", 7).set("ratio", 0.25f).set("mode", "fast").set("axes", {1, 2});
  mine.node->set_domain("app");
  mine.add("list", ::onnx::AttributeProto::FLOATS)->add_floats(1.5f);
  if (declared) {
    auto* m = b.graph().add_value_info();
    OnnxBuilder scratch;
    m->CopyFrom(*scratch.input("m", {5, 2, 4}));
    m->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_param("n");
    b.graph().add_value_info()->CopyFrom(*scratch.input("k", {1}, Onnx::INT64));
  }
  b.op("Abs", {"m"}, {"y"});
  b.output("y");
  b.output("k");
  return b;
}

TEST(CustomImport, OnnxOperatorsSeeOnnxsLayoutAndAttributes) {
  const auto graph = import_with(onnx(true), "app.Mine");
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  ASSERT_EQ(count_kind(*graph, "Custom.app.Mine"), 1u);
  for (size_t i = 0; i < graph->nodes.size(); ++i) {
    const fb::CustomT* custom = custom_of(*graph, i);
    if (custom == nullptr) continue;
    EXPECT_EQ(described(*custom), "count: 7; ratio: 0.250; mode: 'fast'; axes: 1 2; list: 1.500; ");
    const graph::Node& node = graph->nodes[i];
    EXPECT_EQ(graph->value(node.inputs[0]).shape, (std::vector<int32_t>{-1, 2, 8, 8}));
    EXPECT_EQ(node.inputs[1], graph::kAbsent);
    EXPECT_EQ(graph->value(node.outputs[0]).shape, (std::vector<int32_t>{-1, 2, 4}));
    EXPECT_EQ(graph->value(node.outputs[1]).type, rt::DType::S64);
  }
}

TEST(CustomImport, OnnxOutputsAreDeclared) {
  const auto graph = import_with(onnx(false), "app.Mine");
  ASSERT_FALSE(graph.ok());
  EXPECT_NE(graph.status().message().find(
                "app.Mine: the model declares no type and shape for its output 'm'; let the "
                "exporter write value_info for it\n"),
            std::string::npos)
      << graph.status().message();
  EXPECT_NE(onnx(true).import().status().message().find(
                "app.Mine: the operator is not supported; an app can compute it (qrt convert "
                "--custom)\n"),
            std::string::npos);
}

}  // namespace
}  // namespace qrt::test
