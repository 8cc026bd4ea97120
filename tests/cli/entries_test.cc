// A model that can do several things: `qrt inspect` lists them, --signature chooses one.
#include <filesystem>

#include "tests/support/cli.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

class EntriesTest : public CliTest {
 protected:
  // y = x + x, and as the entry "square" z = w * w, three elements each.
  void write_two() const {
    graph::Graph parts[2];
    for (int i = 0; i < 2; ++i) {
      graph::Graph& g = parts[i];
      g.name = i == 0 ? "twice" : "square";
      g.inputs = {g.add_tensor(i == 0 ? "x" : "w", rt::DType::F32, {3})};
      g.outputs = {g.add_tensor(i == 0 ? "y" : "z", rt::DType::F32, {3})};
      fb::BinaryT options;
      options.kind = i == 0 ? fb::BinaryKind::Add : fb::BinaryKind::Mul;
      g.add_node("node", std::move(options), {g.inputs[0], g.inputs[0]}, {g.outputs[0]});
    }
    parts[0].subgraphs.push_back(std::move(parts[1]));
    parts[0].subgraphs[0].entry = true;
    write_model("two.qrt", parts[0]);
    const float x[] = {1, 2, 5};
    write("x.bin", std::string(reinterpret_cast<const char*>(x), sizeof x));
  }
};

TEST_F(EntriesTest, InspectListsThemAndShowsOne) {
  write_two();
  const Ran first = qrt("inspect two.qrt");
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_PRED2(contains, first.out, "'twice', 'square'; below is 'twice'");
  EXPECT_PRED2(contains, first.out, "Binary.Add");
  const Ran second = qrt("inspect two.qrt --signature square --cpu");
  EXPECT_PRED2(contains, second.out, "below is 'square'");
  EXPECT_PRED2(contains, second.out, "Binary.Mul");
  EXPECT_EQ(second.out.find("Binary.Add"), std::string::npos) << second.out;
  const std::string json = qrt("inspect two.qrt --json --signature square").out;
  EXPECT_PRED2(contains, json, "\"entry\": \"square\"");
  EXPECT_PRED2(contains, json, "\"twice\"");
}

TEST_F(EntriesTest, RunAndBenchDoTheOneThatIsChosen) {
  write_two();
  EXPECT_PRED2(contains, qrt("run two.qrt --input x.bin").out, "from 2 to 10");
  EXPECT_PRED2(contains, qrt("run two.qrt --input x.bin --signature square").out, "from 1 to 25");
  const Ran bench = qrt("bench two.qrt --seconds 0 --profile --signature square");
  EXPECT_EQ(bench.exit_code, 0) << bench.err;
  EXPECT_PRED2(contains, bench.out, "Binary.Mul");
}

TEST_F(EntriesTest, OneThatIsNotThereIsNamedWithThoseThatAre) {
  write_two();
  for (const char* command : {"run", "inspect", "bench"}) {
    expect_failure(std::string(command) + " two.qrt --signature cube", 1,
                   {"no entry 'cube'", "'twice', 'square'"});
  }
}

TEST_F(EntriesTest, AnOnnxFileTakesOneThatMustBeChosen) {
  write_two();
  expect_failure("convert two.qrt two.onnx", 1, {"'twice', 'square'", "--signature"});
  const Ran ran = qrt("convert two.qrt square.onnx --signature square");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, qrt("run square.onnx --input x.bin").out, "from 1 to 25");
}

TEST_F(EntriesTest, ASignatureOfTensorFlowLiteIsKeptAloneOrWithTheOthers) {
  const auto path = std::filesystem::path(kTestModels).parent_path() /
                    "cases/tflite_two_signatures/twosig.tflite";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no model at " << path;
  const float x[] = {5, 7};
  write("x.bin", std::string(reinterpret_cast<const char*>(x), sizeof x));
  const Ran both = qrt("convert " + path.string() + " both.qrt");
  EXPECT_EQ(both.exit_code, 0) << both.err;
  EXPECT_PRED2(contains, both.out, "'encode', 'decode'");
  EXPECT_PRED2(contains, qrt("run both.qrt --input x.bin").out, "from 6 to 8");
  EXPECT_PRED2(contains, qrt("run both.qrt --input x.bin --signature decode").out, "from 10 to 14");
  const Ran one = qrt("convert " + path.string() + " one.qrt --signature decode");
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_PRED2(contains, qrt("run one.qrt --input x.bin").out, "from 10 to 14");
  expect_failure("convert " + path.string() + " none.qrt --signature code", 1,
                 {"no signature 'code'", "'decode', 'encode'"});
}

}  // namespace
}  // namespace qrt::test
