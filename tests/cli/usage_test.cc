// The command line itself: help, versions, exit codes, and sentences for wrong usage.
#include <unistd.h>

#include <algorithm>

#include "tests/support/cli.h"

namespace qrt::test {
namespace {

using UsageTest = CliTest;

TEST_F(UsageTest, HelpGoesToStdoutAndSucceeds) {
  for (const char* command :
       {"", "convert ", "inspect ", "run ", "bench ", "eval ", "compare ", "cpu ", "operators "}) {
    const Ran ran = qrt(std::string(command) + "--help");
    EXPECT_EQ(ran.exit_code, 0) << command;
    EXPECT_PRED2(contains, ran.out, "Examples:");
    EXPECT_EQ(ran.err, "");
  }
  EXPECT_PRED2(contains, qrt("--help").out, "Exit codes: 0");
}

TEST_F(UsageTest, VersionIsOneLine) {
  const Ran ran = qrt("--version");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.out.substr(0, 4), "qrt ");
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1);
}

TEST_F(UsageTest, WithoutASubcommandTheHelpIsShownAndItIsWrongUsage) {
  const Ran ran = qrt("");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_PRED2(contains, ran.err, "Subcommands:");
}

TEST_F(UsageTest, WrongUsageExitsWith2AndNamesWhatIsWrong) {
  expect_failure("convrt a b", 2, {"convrt", "convert, inspect"});
  expect_failure("run m.qrt --colour", 2, {"--colour", "qrt run --help"});
  expect_failure("run", 2, {"MODEL is required"});
  expect_failure("eval m.qrt --metric top1", 2, {"--data is required"});
  expect_failure("compare a.qrt --data x", 2, {"B is required"});
  expect_failure("eval m.qrt --data x", 2, {"--metric is required"});
  expect_failure("convert a.tflite", 2, {"OUT is required"});
  expect_failure("run m.qrt --input", 2, {"--input"});
  expect_failure("run m.qrt --threads many", 2, {"--threads", "many"});
  expect_failure("run m.qrt --threads -3", 2, {"--threads", "-3"});
  expect_failure("run m.qrt --draw-width 41", 2, {"--draw-width", "40"});
  expect_failure("run m.qrt --top 0", 2, {"--top"});
  expect_failure("run m.qrt --isa sse1", 2, {"unknown instruction set 'sse1'", "avx2"});
  expect_failure("run m.qrt --isa scalar --reference", 2, {"--isa", "--reference"});
  expect_failure("run m.qrt --each a.png --input b.png", 2, {"--each", "--input"});
  expect_failure("run m.qrt --each a.png --output x", 2, {"--output", "--each"});
  expect_failure("bench m.qrt --seconds -1", 2, {"--seconds", "-1"});
  expect_failure("bench m.qrt --seconds nan", 2, {"--seconds", "nan"});
}

TEST_F(UsageTest, ScaleAndMeanMustBeNumbers) {
  for (const char* scale : {"nan", "inf", "1/0", "0/0", "x", "1/", "1,,2", "1e99", "0"}) {
    expect_failure("run m.qrt --input a.png --scale " + std::string(scale), 2, {"--scale"});
  }
  expect_failure("run m.qrt --input a.png --mean nan", 2, {"--mean", "'nan'"});
}

TEST_F(UsageTest, CpuNamesTheInstructionSets) {
  const Ran ran = qrt("cpu");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, ran.out, "scalar");
  EXPECT_PRED2(contains, qrt("cpu", "QRT_ISA=scalar").out, "scalar (forced by QRT_ISA)");
  EXPECT_PRED2(contains, ran.out, "features");
  const std::string json = qrt("cpu --json").out;
  EXPECT_PRED2(contains, json, "\"isa_available\"");
  EXPECT_PRED2(contains, json, "\"features\"");
  const Ran unknown = qrt("cpu", "QRT_ISA=sse1");
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_PRED2(contains, unknown.err, "unknown instruction set 'sse1'");
}

TEST_F(UsageTest, OutputThatCannotBeWrittenIsAnError) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  // The test's own redirection comes later in the command and would win: the shell is told to
  // first.
  write("to_full.sh", "exec \"$@\" >/dev/full\n");
  const Ran ran = qrt("cpu", "sh " + path("to_full.sh"));
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_PRED2(contains, ran.err, "cannot write the output");
}

}  // namespace
}  // namespace qrt::test
