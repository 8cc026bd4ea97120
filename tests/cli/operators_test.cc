// The table of operators in the documentation is what the tool prints.
#include <fstream>
#include <sstream>

#include "tests/support/cli.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

using OperatorsTest = CliTest;

TEST_F(OperatorsTest, TheDocumentedTableIsTheBuilds) {
  const Ran ran = qrt("operators");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  std::ifstream file(std::string(kSourceDir) + "/schema/OPERATORS.md");
  std::ostringstream documented;
  documented << file.rdbuf();
  EXPECT_EQ(ran.out, documented.str()) << "make it anew: qrt operators > schema/OPERATORS.md";
}

// A custom operator from a file to the tool: convert leaves it to the app, nothing else runs it.
TEST_F(OperatorsTest, CustomOperatorsAreLeftToTheApp) {
  const std::string model = std::string(kSourceDir) + "/examples/custom_operator/smooth.onnx";
  const std::string refused =
      "example.RunningMedian: the operator is not supported; an app can compute it (qrt convert "
      "--custom)";
  const Ran without = qrt("convert " + model + " smooth.qrt");
  EXPECT_EQ(without.exit_code, 1);
  EXPECT_PRED2(contains, without.err, refused);
  const Ran with = qrt("convert " + model + " smooth.qrt --custom example.RunningMedian");
  EXPECT_EQ(with.exit_code, 0) << with.err;
  EXPECT_PRED2(contains, with.out, "left to the app  example.RunningMedian");
  const Ran inspected = qrt("inspect smooth.qrt");
  EXPECT_PRED2(contains, inspected.out + inspected.err, "RunningMedian");
  const Ran run = qrt("bench smooth.qrt");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_PRED2(contains, run.err, "the app gives no operator 'example.RunningMedian'");
  expect_failure("convert " + model + " other.qrt --custom example.RunningMedian --custom Missing",
                 1, {"the model has no operator 'Missing' to leave to the app"});
  EXPECT_FALSE(exists("other.qrt"));
}

}  // namespace
}  // namespace qrt::test
