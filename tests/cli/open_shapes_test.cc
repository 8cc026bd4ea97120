// The tool and models whose inputs leave dimensions open.
#include <nlohmann/json.hpp>

#include "tests/import/onnx_builder.h"
#include "tests/support/cli.h"

namespace qrt::test {
namespace {

class OpenShapesTool : public CliTest {
 protected:
  // y = -x of [batch, 3, w].
  OpenShapesTool() {
    graph::Graph g;
    const int x = g.add_tensor("x", rt::DType::F32, {-1, 3, -1});
    g.value(x).dim_names = {"batch", "", "w"};
    const int y = g.add_tensor("y", rt::DType::F32, {-1, 3, -1});
    fb::UnaryT negative;
    negative.kind = fb::UnaryKind::Neg;
    g.add_node("negative", std::move(negative), {x}, {y});
    g.inputs = {x};
    g.outputs = {y};
    write_model("m.qrt", g);
  }
  void write_onnx(const OnnxBuilder& b) const {
    const auto bytes = b.bytes();
    write("m.onnx", std::string(bytes.begin(), bytes.end()));
  }
};

TEST_F(OpenShapesTool, RunTakesTheShapeOfItsFile) {
  write_npy<float>("x.npy", "<f4", "(2, 3, 2)", std::vector<float>(12, 1.5f));
  const Ran ran = qrt("run m.qrt --input x.npy --output out");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, read("out.0.npy"), "(2,3,2,)");
  write_npy<float>("four.npy", "<f4", "(2, 4, 2)", std::vector<float>(16, 1));
  expect_failure("run m.qrt --input four.npy", 1, {"2x4x2"});
}

TEST_F(OpenShapesTool, RunSaysThatAnOutputHasNoElements) {
  graph::Graph g;  // what stands behind the first row
  const int x = g.add_tensor("x", rt::DType::F32, {-1, 2});
  const int y = g.add_tensor("y", rt::DType::F32, {-1, 2});
  fb::SliceT slice;
  slice.begins = {1, 0};
  slice.ends = {INT32_MAX, 2};
  slice.strides = {1, 1};
  g.add_node("rest", std::move(slice), {x}, {y});
  g.inputs = {x};
  g.outputs = {y};
  write_model("rest.qrt", g);
  write_npy<float>("row.npy", "<f4", "(1, 2)", {1, 2});
  const Ran ran = qrt("run rest.qrt --input row.npy");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, ran.out, "no elements");
  const auto json = nlohmann::json::parse(qrt("run rest.qrt --input row.npy --json").out);
  EXPECT_EQ(json["outputs"][0]["shape"], nlohmann::json({0, 2}));
}

TEST_F(OpenShapesTool, InspectShowsTheNames) {
  const Ran ran = qrt("inspect m.qrt");
  EXPECT_PRED2(contains, ran.out, "x  f32 [batch, 3, w]");
  EXPECT_PRED2(contains, ran.out, "y  f32 [batch, 3, w]");
  const auto json = nlohmann::json::parse(qrt("inspect m.qrt --json").out);
  EXPECT_EQ(json["tensors"][0]["dims"], nlohmann::json({"batch", 3, "w"}));
  EXPECT_EQ(json["tensors"][0]["shape"], nlohmann::json({-1, 3, -1}));
}

TEST_F(OpenShapesTool, ConvertOpensWhatTheFileFixes) {
  OnnxBuilder b;
  b.input("x", {1, 3});
  b.constant<int64_t>("first", {}, {0}, Onnx::INT64);
  b.op("Neg", {"x"}, {"y"});
  b.op("Gather", {"y", "first"}, {"z"});
  b.output("y");
  b.output("z");
  write_onnx(b);
  EXPECT_EQ(qrt("convert m.onnx fixed.qrt").out.find("note"), std::string::npos);
  expect_failure("bench fixed.qrt --shape x=2x3", 1, {"the model fixes dimension 0 at 1"});
  const Ran ran = qrt("convert m.onnx open.qrt --shape x=batchx3");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, ran.out, "output 'z' is 3 whatever the sizes that --shape opens");
  EXPECT_EQ(ran.out.find("output 'y'"), std::string::npos);
  EXPECT_PRED2(contains, qrt("inspect open.qrt").out, "x  f32 [batch, 3]");
  EXPECT_EQ(qrt("bench open.qrt --seconds 0 --warmup 0 --shape x=2x3").exit_code, 0);
  expect_failure("bench open.qrt --shape x=?x3", 2, {"NAME=1x3x224x224"});
}

// A cache with room for two: the third run begins anew.
TEST_F(OpenShapesTool, BenchRunsAModelWhoseStateGrows) {
  OnnxBuilder b;
  b.input("x", {1, 3});
  b.open_input("past", {"length", "3"});
  b.op("Concat", {"past", "x"}, {"present"}).set("axis", 0);
  b.op("Neg", {"x"}, {"y"});
  b.output("y");
  b.output("present");
  write_onnx(b);
  const Ran ran = qrt("convert m.onnx cache.qrt --state past=present:max=2");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  const Ran bench = qrt("bench cache.qrt --seconds 0.01 --profile");
  EXPECT_EQ(bench.exit_code, 0) << bench.err;
}

TEST_F(OpenShapesTool, BenchTakesAShape) {
  const std::string bench = "bench m.qrt --seconds 0 --warmup 0 --profile --json ";
  const auto json = nlohmann::json::parse(qrt(bench + "--shape x=4x3x7").out);
  EXPECT_EQ(json["profile"][0]["output_shape"], nlohmann::json({4, 3, 7}));
  const auto without = nlohmann::json::parse(qrt(bench).out);
  EXPECT_EQ(without["profile"][0]["output_shape"], nlohmann::json({1, 3, 1}));
}

TEST_F(OpenShapesTool, ShapesThatAreNone) {
  for (const char* text :
       {"x", "x=", "=1x2", "x=1x", "x=1x-2", "x=1x2y", "x=1x99999999999", "x=1x1x1x1x1x1x1x1x1"}) {
    expect_failure(std::string("bench m.qrt --shape ") + text, 2, {"NAME=1x3x224x224", text});
  }
  expect_failure("bench m.qrt --shape z=1x3x1", 1, {"'z'", "no input"});
  expect_failure("bench m.qrt --shape x=1x3x1 x=2x3x1", 1, {"'x' twice"});
  expect_failure("bench m.qrt --shape x=1x3", 1, {"'x' has 3 dimensions, not 2"});
}

TEST_F(OpenShapesTool, ConvertFixesDimensions) {
  OnnxBuilder b;
  b.open_input("x", {"N", "3"});
  b.op("Neg", {"x"}, {"y"});
  b.output("y");
  write_onnx(b);
  EXPECT_EQ(qrt("convert m.onnx open.qrt").exit_code, 0);
  EXPECT_PRED2(contains, qrt("inspect open.qrt").out, "x  f32 [N, 3]");
  EXPECT_EQ(qrt("convert m.onnx fixed.qrt --shape x=5x3").exit_code, 0);
  EXPECT_PRED2(contains, qrt("inspect fixed.qrt").out, "x  f32 5x3");
  expect_failure("convert m.onnx no.qrt --shape x=5x4", 1, {"'x' is ?x3", "5x4"});
  expect_failure("convert open.qrt no.onnx --shape x=5x3", 1, {"--shape", ".qrt model already"});
}

// A batch that some operator needs as a number is 1, and convert says so.
TEST_F(OpenShapesTool, ConvertSaysWhatItAssumes) {
  OnnxBuilder b;
  b.open_input("x", {"N", "3"});
  b.floats("scales", {2}, {2, 1});
  b.op("Resize", {"x", "", "scales"}, {"y"}).named("border");
  b.output("y");
  write_onnx(b);
  const Ran ran = qrt("convert m.onnx m2.qrt");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, ran.out, "x[0] ('N') is 1, because of Resize: ");
  EXPECT_PRED2(contains, ran.out, "'border'");
}

}  // namespace
}  // namespace qrt::test
