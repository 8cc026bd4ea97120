// `qrt compare`: a float model and an integer one, tensor by tensor.
#include <nlohmann/json.hpp>

#include "tests/support/cli.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

using Json = nlohmann::json;

class CompareTest : public CliTest {
 protected:
  const std::string digits_ = std::string(kSourceDir) + "/examples/digits/";
  const std::string data_ = " --scale 1/255 --data " + digits_ + "images";
};

TEST_F(CompareTest, OfAFloatModelAndItsIntegersShowsHowCloseTheOutputsAre) {
  const std::string run = "compare " + digits_ + "digits_float.onnx " + digits_ +
                          "digits_int8.qdq.onnx" + data_ + " --samples 8";
  const Ran table = qrt(run);
  EXPECT_EQ(table.exit_code, 0) << table.err;
  for (const char* part : {"Outputs", "SQNR dB", "cosine", "8 samples"}) {
    EXPECT_PRED2(contains, table.out, part);
  }
  const Json json = Json::parse(qrt(run + " --json").out, nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_EQ(json["samples"], 8);
  // Convolutions are found by their operators' names.
  EXPECT_GT(json["tensors"].size(), 12u);
  EXPECT_EQ(json["tensors"][0]["name_a"], "/net/stem_relu/Relu_output_0");
  ASSERT_EQ(json["outputs"].size(), 1u);
  EXPECT_GT(json["outputs"][0]["sqnr_db"], 10.0);
  EXPECT_GT(json["outputs"][0]["cosine"], 0.95);
  EXPECT_FALSE(json["outputs"][0]["equal"]);
}

TEST_F(CompareTest, OfAModelWithItselfIsEqualEverywhere) {
  const std::string model = digits_ + "digits_float.onnx";
  const std::string run = "compare " + model + " " + model + data_ + " --samples 2";
  const Json json = Json::parse(qrt(run + " --json").out, nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_GT(json["tensors"].size(), 3u);
  EXPECT_EQ(json["unmatched_a"], 0);
  for (const Json& tensor : json["tensors"]) {
    EXPECT_TRUE(tensor["equal"]) << tensor;
    EXPECT_EQ(tensor["sqnr_db"], nullptr);
  }
  const Ran worst = qrt(run + " --worst 1");
  EXPECT_PRED2(contains, worst.out, "Worst tensors");
  EXPECT_PRED2(contains, worst.out, "equal");
}

TEST_F(CompareTest, SaysWhatDoesNotFit) {
  write_classifier("rgb.qrt");
  write_adder("add.qrt");
  write_npy<float>("x.npy", "<f4", "(1, 2, 2, 3)", std::vector<float>(12));
  expect_failure("compare rgb.qrt add.qrt --data x.npy", 1, {"x.npy", "'a'", "2x3"});
  expect_failure("compare rgb.qrt none.qrt --data x.npy", 1, {"none.qrt"});
  expect_failure("compare rgb.qrt rgb.qrt --data nowhere", 1, {"nowhere"});
  expect_failure("compare rgb.qrt rgb.qrt --data x.npy --worst 0", 2, {"--worst"});
}

}  // namespace
}  // namespace qrt::test
