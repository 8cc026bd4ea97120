// The importer's frame: names, shapes, order of nodes, constants, what it refuses and how.
#include <unistd.h>
#include <algorithm>

#include <filesystem>
#include <fstream>

#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;
using rt::Code;
using testing::TempDir;
using Names = std::vector<std::string>;
using Shape = std::vector<int32_t>;

std::string metadata(const graph::Graph& graph, const std::string& key) {
  for (const auto& [name, value] : graph.metadata) {
    if (name == key) return value;
  }
  return "(absent)";
}

TEST(Onnx, KeepsNamesShapesAndProvenance) {
  OnnxBuilder b;
  b.input("image", {2, 3});
  b.op("Exp", {"image"}, {"hidden"}).named("first");
  b.op("Neg", {"hidden"}, {"answer"});
  b.output("answer");
  const graph::Graph g = b.must_import();
  EXPECT_EQ(kinds(g), (Names{"Unary.Exp", "Unary.Neg"}));
  EXPECT_EQ(g.value(g.inputs[0]).name, "image");
  EXPECT_EQ(g.value(g.outputs[0]).name, "answer");
  EXPECT_EQ(g.value(g.nodes[0].outputs[0]).name, "hidden");
  EXPECT_EQ(g.nodes[0].name, "first");
  EXPECT_EQ(g.nodes[1].name, "answer") << "an unnamed node is called what it makes";
  EXPECT_EQ(output_shape(g), (Shape{2, 3}));
  EXPECT_EQ(metadata(g, "source_format"), "onnx");
  EXPECT_EQ(metadata(g, "source_opset"), "13");
  EXPECT_EQ(metadata(g, "source_producer"), "a test");
}

TEST(Onnx, ListsEverythingItCannotImportAtOnce) {
  OnnxBuilder b;
  b.input("x", {1, 3});
  b.op("Unique", {"x"}, {"a"}).named("odd");
  b.op("Exp", {"a"}, {"b"});  // behind it: not looked at
  b.op("Multinomial", {"b"}, {"c"});
  b.op("Elu", {"x"}, {"d"}).set("gamma", 2.0f);
  b.op("Softmax", {"x"}, {"e"}).named("fine");
  b.op("Unique", {"x"}, {"f"});
  b.output("c");
  const auto g = b.import();
  ASSERT_FALSE(g.ok());
  EXPECT_EQ(g.status().code(), Code::Unsupported);
  const std::string& message = g.status().message();
  for (const char* part :
       {"test.onnx: ", "for 4 reasons", "Unique: the operator is not supported", "node 'odd'",
        "the node that makes 'f'", "Multinomial", "attribute 'gamma'"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " is not in\n" << message;
  }
  EXPECT_EQ(message.find("Softmax"), std::string::npos);
  EXPECT_EQ(message.find("Exp"), std::string::npos);
}

TEST(Onnx, SaysWhichOperatorSetsItReads) {
  for (int64_t opset : {0, 6, 27, 99}) {
    OnnxBuilder b(opset);
    b.input("x", {1});
    b.op("Exp", {"x"}, {"y"});
    b.output("y");
    const auto g = b.import();
    ASSERT_FALSE(g.ok()) << opset;
    EXPECT_EQ(g.status().code(), Code::Unsupported);
    EXPECT_NE(g.status().message().find("opset " + std::to_string(opset)), std::string::npos);
  }
}

TEST(Onnx, SortsNodes) {
  OnnxBuilder b;
  b.input("x", {4});
  b.op("Neg", {"t"}, {"y"});
  b.op("Exp", {"s"}, {"t"});
  b.op("Abs", {"x"}, {"s"});
  b.output("y");
  EXPECT_EQ(kinds(b.must_import()), (Names{"Unary.Abs", "Unary.Exp", "Unary.Neg"}));
}

TEST(Onnx, OutputsThatAreInputsConstantsOrEachOther) {
  OnnxBuilder b;
  b.input("x", {2});
  b.floats("k", {2}, {5, 6});
  b.op("Neg", {"x"}, {"n"});
  for (const char* name : {"a", "b"}) b.op("Identity", {"n"}, {name});
  b.op("Identity", {"x"}, {"c"});
  for (const char* name : {"a", "b", "c", "k"}) b.output(name);
  const graph::Graph g = b.must_optimize();
  ASSERT_EQ(g.outputs.size(), 4u);
  const Names expected = {"a", "b", "c", "k"};
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(g.value(g.outputs[i]).name, expected[i]);
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<float>(0, {1, 2});
  loaded.run();
  EXPECT_EQ(loaded.get<float>(0), (std::vector<float>{-1, -2}));
  EXPECT_EQ(loaded.get<float>(1), (std::vector<float>{-1, -2}));
  EXPECT_EQ(loaded.get<float>(2), (std::vector<float>{1, 2}));
  EXPECT_EQ(loaded.get<float>(3), (std::vector<float>{5, 6}));
}

// What exporters write for x.view(x.size(0), -1).
TEST(Onnx, EvaluatesChainsOfShapes) {
  OnnxBuilder b;
  b.input("x", {2, 3, 4, 5});
  b.op("Shape", {"x"}, {"shape"});
  b.constant<int64_t>("zero", {}, {0}, Onnx::INT64);
  b.op("Gather", {"shape", "zero"}, {"n"}).set("axis", 0);
  b.integers("axes", {0});
  b.op("Unsqueeze", {"n", "axes"}, {"n1"});
  b.integers("rest", {-1});
  b.op("Concat", {"n1", "rest"}, {"to"}).set("axis", 0);
  b.op("Reshape", {"x", "to"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_import();
  EXPECT_EQ(output_shape(g), (Shape{2, 60}));
  EXPECT_EQ(kinds(g), (Names{"Reshape"}));
}

// What PyTorch writes for padding: a list built, turned around pair by pair, and cast.
TEST(Onnx, EvaluatesPyTorchsPadding) {
  OnnxBuilder b;
  b.input("x", {1, 1, 2, 2});
  b.integers("pads", {1, 0, 0, 2});
  b.integers("four", {4});
  b.op("ConstantOfShape", {"four"}, {"zeros"}).add("value", ::onnx::AttributeProto::TENSOR);
  auto* value = b.graph().mutable_node(0)->mutable_attribute(0)->mutable_t();
  value->set_data_type(Onnx::INT64);
  value->add_dims(1);
  value->add_int64_data(0);
  b.op("Concat", {"pads", "zeros"}, {"all"}).set("axis", 0);
  b.integers("pairs", {-1, 2});
  b.op("Reshape", {"all", "pairs"}, {"table"});
  b.integers("minus", {-1});
  b.integers("end", {-9223372036854775807});
  b.integers("axis", {0});
  b.op("Slice", {"table", "minus", "end", "axis", "minus"}, {"turned"});
  b.op("Transpose", {"turned"}, {"columns"}).set("perm", Dims64{1, 0});
  b.op("Reshape", {"columns", "minus"}, {"flat"});
  b.op("Cast", {"flat"}, {"final"}).set("to", Onnx::INT64);
  b.op("Pad", {"x", "final"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(output_shape(g), (Shape{1, 1, 4, 3}));
  EXPECT_EQ(run_floats(g, {{1, 2, 3, 4}}),
            (std::vector<float>{0, 1, 2, 0, 3, 4, 0, 0, 0, 0, 0, 0}));
}

TEST(Onnx, ReadsEveryFieldThatHoldsElements) {
  OnnxBuilder b;
  b.input("x", {2});
  Onnx* typed = b.graph().add_initializer();
  typed->set_name("typed");
  typed->set_data_type(Onnx::FLOAT);
  typed->add_dims(2);
  typed->add_float_data(3);
  typed->add_float_data(4);
  Onnx* wide = b.graph().add_initializer();
  wide->set_name("wide");
  wide->set_data_type(Onnx::DOUBLE);
  wide->add_dims(2);
  wide->add_double_data(0.5);
  wide->add_double_data(0.25);
  b.op("Mul", {"x", "typed"}, {"t"});
  b.op("Cast", {"t"}, {"d"}).set("to", Onnx::DOUBLE);
  b.op("Add", {"d", "wide"}, {"sum"});
  b.op("Cast", {"sum"}, {"y"}).set("to", Onnx::FLOAT);
  b.output("y");
  EXPECT_EQ(run_floats(b.must_optimize(), {{1, 2}}), (std::vector<float>{3.5f, 8.25f}));
}

// A folder of its own, with a model whose weights are in `file`.
struct ExternalData : testing::Test {
  void SetUp() override {
    folder = fs::path(TempDir()) / ("onnx_external_" + std::to_string(getpid()));
    fs::create_directories(folder / "model");
    write(folder / "model" / "weights.bin", 20);
    write(folder / "secret.bin", 20);
  }
  void TearDown() override { fs::remove_all(folder); }
  static void write(const fs::path& path, size_t floats) {
    const std::vector<float> elements = ramp(floats);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(elements.data()),
               static_cast<std::streamsize>(floats * sizeof(float)));
  }
  rt::Result<graph::Graph> import(const std::string& location, const std::string& offset = "",
                                  const std::string& length = "") const {
    OnnxBuilder b;
    b.input("x", {2});
    Onnx* tensor = b.graph().add_initializer();
    tensor->set_name("w");
    tensor->set_data_type(Onnx::FLOAT);
    tensor->add_dims(2);
    tensor->set_data_location(Onnx::EXTERNAL);
    const auto entry = [&](const char* key, const std::string& value) {
      if (value.empty()) return;
      auto* data = tensor->add_external_data();
      data->set_key(key);
      data->set_value(value);
    };
    entry("location", location);
    entry("offset", offset);
    entry("length", length);
    b.op("Mul", {"x", "w"}, {"y"});
    b.output("y");
    return b.import((folder / "model" / "net.onnx").string());
  }
  void expect_refused(const rt::Result<graph::Graph>& graph, const std::string& words) const {
    ASSERT_FALSE(graph.ok()) << words;
    EXPECT_EQ(graph.status().code(), Code::InvalidModel);
    EXPECT_NE(graph.status().message().find(words), std::string::npos) << graph.status().message();
  }
  fs::path folder;
};

TEST_F(ExternalData, IsReadBesideTheModel) {
  auto graph = import("weights.bin", "8", "8");
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(run_floats(*graph, {{1, 1}}), (std::vector<float>{3, 4}));
}

TEST_F(ExternalData, StaysInTheModelsFolder) {
  expect_refused(import("../secret.bin"), "must stay in the model's folder");
  expect_refused(import((folder / "secret.bin").string()), "must stay in the model's folder");
  expect_refused(import(""), "must stay in the model's folder");
  expect_refused(import("."), "no readable file");
  expect_refused(import("absent.bin"), "absent.bin");
  fs::create_symlink(folder / "secret.bin", folder / "model" / "link.bin");
  expect_refused(import("link.bin"), "is a link that leaves");
  fs::create_symlink(folder, folder / "model" / "up");
  expect_refused(import("up/secret.bin"), "is a link that leaves");
  fs::create_symlink("weights.bin", folder / "model" / "inner.bin");
  EXPECT_TRUE(import("inner.bin").ok()) << "a link within the folder leads nowhere else";
}

TEST_F(ExternalData, LiesWithinItsFile) {
  expect_refused(import("weights.bin", "76"), "outside its 80 bytes");
  expect_refused(import("weights.bin", "18446744073709551612"), "outside its 80 bytes");
  expect_refused(import("weights.bin", "99999999999999999999"), "as a position");
  expect_refused(import("weights.bin", "-4"), "as a position");
  expect_refused(import("weights.bin", "0", "12"), "needs 8");
}

}  // namespace
}  // namespace qrt::test
