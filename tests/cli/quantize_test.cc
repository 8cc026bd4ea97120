// `qrt quantize`: what it writes and says, the same bytes again from a recipe, and what it says to
// wrong arguments and data.
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/cli.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

using Json = nlohmann::json;

class QuantizeTest : public CliTest {
 protected:
  const std::string digits_ = std::string(kSourceDir) + "/examples/digits";
  const std::string float_ = digits_ + "/digits_float.onnx";
  const std::string pictures_ = "--data " + digits_ + "/images --scale 1/255";

  // Four of each digit, in order.
  void write_labels() {
    std::string lines;
    for (int i = 0; i < 40; ++i) lines += std::to_string(i / 4) + "\n";
    write("labels.txt", lines);
  }
  Json json(const std::string& name) { return Json::parse(read(name), nullptr, false); }
};

TEST_F(QuantizeTest, DigitsBecomeIntegersThatReadAsWell) {
  write_labels();
  const Ran ran = qrt("quantize " + float_ + " out.qrt " + pictures_ +
                      " --samples 20 --labels labels.txt --metric top1 --json out.json --report "
                      "out.html --keep-recipe recipe.json");
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, ran.out, "times smaller");
  EXPECT_PRED2(contains, ran.out, "top1 100 %, was 100 %");
  EXPECT_PRED2(contains, ran.out, "Tensors that lose most");
  EXPECT_PRED2(contains, ran.err, "20 samples may not show all");
  const Json facts = json("out.json");
  ASSERT_FALSE(facts.is_discarded());
  EXPECT_EQ(facts["samples"]["calibration"], 20);
  EXPECT_EQ(facts["samples"]["evaluation"], 20);
  EXPECT_GT(facts["outputs"][0]["sqnr_db"].get<double>(), 30);
  EXPECT_GT(facts["size"]["before"].get<double>() / facts["size"]["after"].get<double>(), 3.5);
  EXPECT_EQ(facts["operators"].size(), 16u);
  EXPECT_PRED2(contains, read("out.html"), "<!doctype html>");
  const Ran inspect = qrt("inspect out.qrt");
  EXPECT_PRED2(contains, inspect.out, "1 in float") << inspect.out;
  // How pictures become numbers is in the model.
  const Ran run = qrt("run out.qrt --each " + digits_ + "/images/12_label3.png");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_PRED2(contains, run.out, "class 3");

  // The recipe gives the same bytes, with no choice left.
  const Ran again =
      qrt("quantize " + float_ + " again.qrt " + pictures_ + " --samples 20 --recipe recipe.json");
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(read("again.qrt"), read("out.qrt"));
}

TEST_F(QuantizeTest, EverySchemeRunsAndAMixKeepsItsBound) {
  for (const char* scheme : {"s8", "s16", "w4", "dynamic", "dynamic-w4"}) {
    const Ran ran = qrt("quantize " + float_ + " out.qrt " + pictures_ + " --scheme " + scheme);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(qrt("run out.qrt --input " + digits_ + "/images/12_label3.png").exit_code, 0);
  }
  const Ran ran =
      qrt("quantize " + float_ + " out.qrt " + pictures_ + " --max-drop 45dB --json mix.json");
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, ran.out, "Mixes that were tried");
  const Json mix = json("mix.json");
  for (const Json& point : mix["tradeoff"]) {
    if (point["chosen"]) {
      EXPECT_LE(point["loss"].get<double>(), -45);
    }
  }
  EXPECT_FALSE(mix["sensitivity"].empty());
}

TEST_F(QuantizeTest, WrongArgumentsAndDataWriteNothing) {
  const std::string start = "quantize " + float_ + " out.qrt " + pictures_;
  expect_failure("quantize " + float_ + " out.onnx " + pictures_, 2, {"must end in .qrt"});
  expect_failure(start + " --scheme s9", 2, {"--scheme", "'s9'", "s16"});
  expect_failure(start + " --observer best", 2, {"--observer", "'best'", "minmax"});
  expect_failure(start + " --set head", 2, {"PATTERN=SCHEME", "'head'"});
  expect_failure(start + " --max-drop 1%", 2, {"--metric", "--labels"});
  expect_failure(start + " --max-drop much", 2, {"--max-drop", "'much'"});
  expect_failure("quantize " + float_ + " none/out.qrt " + pictures_, 1, {"none", "create it"});
  expect_failure("quantize " + float_ + " out.qrt", 2, {"--data"});
  write("recipe.json", "{\"version\": 1, \"scheme\": \"s7\"}");
  expect_failure(start + " --recipe recipe.json", 2, {"recipe.json", "'s7'"});
  write("broken.json", "{");
  expect_failure(start + " --recipe broken.json", 2, {"broken.json", "no JSON"});
  std::filesystem::create_directory(path("empty"));
  expect_failure("quantize " + float_ + " out.qrt --data empty", 1, {"empty"});
  write_npy<float>("nan.npy", "<f4", "(2, 1, 28, 28)", std::vector<float>(2 * 784, NAN));
  expect_failure("quantize " + float_ + " out.qrt --data nan.npy", 1, {"nan.npy", "nan"});
  write_npy<float>("other.npy", "<f4", "(2, 1, 27, 28)", std::vector<float>(2 * 756, 0));
  expect_failure("quantize " + float_ + " out.qrt --data other.npy", 1, {"other.npy", "27"});
  write_classifier("rgb.qrt");
  write_bmp("a.bmp", 2, 2, 1, 2, 3);
  expect_failure("quantize rgb.qrt out.qrt --data a.bmp", 1, {"rgb.qrt", "nothing to quantize"});
  EXPECT_FALSE(exists("out.qrt"));
}

}  // namespace
}  // namespace qrt::test
