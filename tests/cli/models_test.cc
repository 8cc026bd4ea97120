// `qrt convert`, `inspect` and `bench`: models of every kind, sound and damaged.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/cli.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

class ModelsTest : public CliTest {
 protected:
  // A copy of one of the real models in the test's folder; false where there are none.
  bool copy_model(const std::string& from, const std::string& to) const {
    std::ifstream file(std::string(kTestModels) + "/" + from, std::ios::binary);
    if (!file) return false;
    std::stringstream bytes;
    bytes << file.rdbuf();
    write(to, bytes.str());
    return true;
  }
};

TEST_F(ModelsTest, InspectShowsWhatIsInAModel) {
  write_classifier("rgb.qrt");
  const Ran ran = qrt("inspect rgb.qrt");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  for (const char* part :
       {"image  s8 1x2x2x3, scale 1, zero point -128", "scores", "FullyConnected", "dense", "3x12",
        "constant", "all in integers", "In float", "nothing", "the brightest colour"}) {
    EXPECT_PRED2(contains, ran.out, part);
  }
  write_adder("add.qrt");
  EXPECT_PRED2(contains, qrt("inspect add.qrt").out, "all in float");
}

TEST_F(ModelsTest, InspectNamesKernelsForThisMachine) {
  write_classifier("rgb.qrt");
  const Ran ran = qrt("inspect rgb.qrt --cpu", "QRT_ISA=scalar");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, ran.out, "__scalar");
  EXPECT_PRED2(contains, ran.out, "for scalar");
}

TEST_F(ModelsTest, InspectJsonHasTheSameFacts) {
  write_classifier("rgb.qrt");
  const Ran ran = qrt("inspect rgb.qrt --json --cpu");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out[0], '{');
  for (const char* part :
       {"\"kind\": \"Softmax\"", "\"kernel\": ", "\"scales\": ", "\"macs\": 36.0",
        "\"float_operators\": []", "\"description\": \"the brightest colour\""}) {
    EXPECT_PRED2(contains, ran.out, part);
  }
}

TEST_F(ModelsTest, NamesCannotDriveTheTerminal) {
  graph::Graph graph;
  graph.inputs = {graph.add_tensor("\033[2Jevil\xFF", rt::DType::F32, {2})};
  graph.outputs = {graph.add_tensor("out\n", rt::DType::F32, {2})};
  graph.add_node("\a", fb::UnaryT(), graph.inputs, graph.outputs);
  write_model("evil.qrt", graph);
  for (const char* command : {"inspect evil.qrt", "inspect evil.qrt --json", "run evil.qrt",
                              "bench evil.qrt --seconds 0 --profile"}) {
    const Ran ran = qrt(command);
    EXPECT_EQ((ran.out + ran.err).find('\033'), std::string::npos) << ran.out << ran.err;
    EXPECT_EQ((ran.out + ran.err).find('\a'), std::string::npos);
    EXPECT_LE(ran.exit_code, 2);
  }
}

TEST_F(ModelsTest, BenchMeasures) {
  write_classifier("rgb.qrt");
  const Ran ran = qrt("bench rgb.qrt --seconds 0.01 --profile");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  for (const char* part : {"median", "load", "prepare", "arena", "FullyConnected", "By kind"}) {
    EXPECT_PRED2(contains, ran.out, part);
  }
}

TEST_F(ModelsTest, BenchJsonHasEveryNumber) {
  write_classifier("rgb.qrt");
  const Ran ran = qrt("bench rgb.qrt --seconds 0 --warmup 0 --threads 2 --profile --json");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  for (const char* key : {"min_us", "median_us", "p90_us", "p99_us", "mean_us", "runs", "threads",
                          "isa", "load_us", "prepare_us", "arena_bytes", "weight_bytes",
                          "peak_rss_bytes", "profile", "profile_by_kind"}) {
    EXPECT_PRED2(contains, ran.out, "\"" + std::string(key) + "\": ");
  }
  EXPECT_PRED2(contains, ran.out, "\"threads\": 2");
}

TEST_F(ModelsTest, BadModelsGetOneSentence) {
  write_classifier("rgb.qrt");
  const std::string whole = read("rgb.qrt");
  write("cut.qrt", whole.substr(0, whole.size() - 1));
  write("stub.qrt", whole.substr(0, 8));
  write("empty.qrt", "");
  write("text.qrt", "hello, this is not a model\n");
  write_bmp("picture.tflite", 2, 2, 1, 2, 3);
  for (const char* command : {"inspect ", "run ", "bench "}) {
    const std::string c = command;
    expect_failure(c + "cut.qrt", 1, {"cut.qrt", "truncated"});
    expect_failure(c + "stub.qrt", 1, {"stub.qrt"});
    expect_failure(c + "empty.qrt", 1, {"empty.qrt", "not a model", "empty"});
    expect_failure(c + "text.qrt", 1, {"text.qrt", "not a model"});
    expect_failure(c + "picture.tflite", 1, {"picture.tflite", "not a model"});
    expect_failure(c + "nowhere.qrt", 1, {"nowhere.qrt"});
    expect_failure(c + ".", 1, {"'.'"});
  }
}

TEST_F(ModelsTest, ANanScaleInAModelIsRefused) {
  graph::Graph graph;
  graph.inputs = {graph.add_tensor("in", rt::DType::S8, {2}, {{NAN}, {}, -1, 0})};
  graph.outputs = graph.inputs;
  write_model("nan.qrt", graph);
  expect_failure("run nan.qrt --input x.raw", 1, {"nan.qrt", "'in'", "scale of nan"});
}

TEST_F(ModelsTest, ConvertRefusesWhatCannotBeRight) {
  write_classifier("rgb.qrt");
  write("text.tflite", "hello");
  expect_failure("convert rgb.qrt out.qrt", 1, {"rgb.qrt", "already"});
  expect_failure("convert rgb.qrt rgb.qrt", 2, {"same file"});
  expect_failure("convert rgb.qrt ./rgb.qrt", 2, {"same file"});
  expect_failure("convert text.tflite out.tflite", 2, {".qrt or .onnx", "out.tflite"});
  expect_failure("convert text.tflite out.qrt", 1, {"text.tflite", "not a model"});
  expect_failure("convert nowhere.tflite out.qrt", 1, {"nowhere.tflite"});
  expect_failure("convert text.tflite out.onnx", 1, {"text.tflite", "not a model"});
  expect_failure("convert text.tflite no/out.qrt", 1, {"'no'", "does not exist"});
  EXPECT_EQ(surprises(), std::vector<std::string>());
}

TEST_F(ModelsTest, ConvertRefusesStateThatCannotBe) {
  if (!copy_model("onnx/vww_96_int8.qdq.onnx", "vww.onnx")) {
    GTEST_SKIP() << "no models in " << kTestModels;
  }
  for (const char* state : {"h", "=hn", "h="}) {
    const Ran ran = qrt(std::string("convert vww.onnx vww.qrt --state ") + state);
    EXPECT_NE(ran.exit_code, 0);
    EXPECT_PRED2(contains, ran.err, "--state wants INPUT=OUTPUT, as in --state h=hn, not '");
  }
  for (const char* state :
       {"h=hn:max=", "h=hn:max=0", "h=hn:max=-1", "h=hn:max=1x", "h=hn:max=9999999999"}) {
    const Ran ran = qrt(std::string("convert vww.onnx vww.qrt --state ") + state);
    EXPECT_NE(ran.exit_code, 0);
    EXPECT_PRED2(contains, ran.err, "--state wants a number of 1 or more behind ':max=', not '");
  }
  EXPECT_PRED2(contains, qrt("convert vww.onnx vww.qrt --state 'h.*=hn.*:max=4'").err,
               "there is no input 'h.*' to keep as state");
  EXPECT_PRED2(contains, qrt("convert vww.onnx vww.qrt --state 'h.*=hn'").err,
               "do not have one '*' each");
  EXPECT_PRED2(contains, qrt("convert vww.onnx vww.qrt --state h=hn").err,
               "there is no input 'h' to keep as state; the model has '");
  EXPECT_PRED2(contains, qrt("convert vww.onnx back.onnx --state h=hn").err,
               "--state is for .tflite and .onnx models that become .qrt files");
}

TEST_F(ModelsTest, ConvertsRealModelsAndRunsThem) {
  if (!copy_model("tflite/pretrainedResnet_quant.tflite", "m.tflite") ||
      !copy_model("golden/pretrainedResnet_quant.cat.in0.npy", "in.npy")) {
    GTEST_SKIP() << "no models in " << kTestModels;
  }
  const Ran converted = qrt("convert m.tflite m.qrt");
  ASSERT_EQ(converted.exit_code, 0) << converted.err;
  EXPECT_PRED2(contains, converted.out, "16: all in integers");
  EXPECT_EQ(surprises(), std::vector<std::string>{"m.qrt"});
  // The file, the model converted in memory, and the scalar kernels: the same bytes.
  EXPECT_EQ(qrt("run m.qrt --input in.npy --output file").exit_code, 0);
  EXPECT_EQ(qrt("run m.tflite --input in.npy --output memory").exit_code, 0);
  EXPECT_EQ(qrt("run m.qrt --input in.npy --output scalar --reference --threads 2").exit_code, 0);
  EXPECT_EQ(read("file.0.npy"), read("memory.0.npy"));
  EXPECT_EQ(read("file.0.npy"), read("scalar.0.npy"));
  EXPECT_PRED2(contains, qrt("inspect m.tflite").out, "TensorFlow Lite");
  EXPECT_EQ(qrt("bench m.tflite --seconds 0").exit_code, 0);
}

TEST_F(ModelsTest, ConvertsToOnnxAndBack) {
  write_classifier("rgb.qrt");
  write_npy<int8_t>("in.npy", "|i1", "(1, 2, 2, 3)", {9, -9, 1, 50, 3, 1, 9, 9, -128, 127, 0, 1});
  const Ran converted = qrt("convert rgb.qrt rgb.onnx");
  ASSERT_EQ(converted.exit_code, 0) << converted.err;
  EXPECT_PRED2(contains, converted.out, "rgb.onnx from rgb.qrt (libqrt)");
  ASSERT_EQ(qrt("convert rgb.onnx back.qrt").exit_code, 0);
  ASSERT_EQ(qrt("run rgb.qrt --input in.npy --output before").exit_code, 0);
  ASSERT_EQ(qrt("run back.qrt --input in.npy --output after").exit_code, 0);
  EXPECT_EQ(read("before.0.npy"), read("after.0.npy"));
}

TEST_F(ModelsTest, TruncatedForeignModelsLeaveNothingBehind) {
  if (!copy_model("tflite/hello_world_int8.tflite", "whole.tflite")) {
    GTEST_SKIP() << "no models in " << kTestModels;
  }
  const std::string whole = read("whole.tflite");
  for (size_t part = 1; part < 8; ++part) {
    write("cut.tflite", whole.substr(0, whole.size() * part / 8));
    expect_failure("convert cut.tflite out.qrt", 1, {"cut.tflite"});
  }
  EXPECT_EQ(surprises(), std::vector<std::string>());
}

TEST_F(ModelsTest, PicturesReachRealModels) {
  if (!copy_model("tflite/mobilenet_v1_0.25_128_quant.tflite", "m.tflite") ||
      !copy_model("images/sunflower.bmp", "sunflower.bmp") ||
      !copy_model("imagenet_labels.txt", "labels.txt")) {
    GTEST_SKIP() << "no models in " << kTestModels;
  }
  const Ran ran = qrt("run m.tflite --input sunflower.bmp --resize --labels labels.txt --top 1");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, ran.out, "daisy");
}

TEST_F(ModelsTest, AReadOnlyFolderGetsASentence) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  write_classifier("rgb.qrt");
  write("x.raw", std::string(12, '\5'));
  std::filesystem::create_directory(path("locked"));
  std::filesystem::permissions(
      path("locked"), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  expect_failure("run rgb.qrt --input x.raw --output locked/out", 1, {"locked/out.0.npy"});
}

}  // namespace
}  // namespace qrt::test
