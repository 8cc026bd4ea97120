// `qrt eval`: metrics and labels of every kind, several models side by side, and what it says to
// wrong labels.
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "src/cli/progress.h"
#include "tests/support/cli.h"

namespace qrt::test {
namespace {

using Json = nlohmann::json;

class EvalTest : public CliTest {
 protected:
  EvalTest() {
    write_classifier("rgb.qrt");
    write_adder("add.qrt");
    write_same("same.qrt", {-1, 3});
  }

  // f32 in, the same out.
  void write_same(const std::string& name, const std::vector<int32_t>& shape) {
    graph::Graph graph;
    graph.inputs = {graph.add_tensor("x", rt::DType::F32, shape)};
    graph.outputs = {graph.add_tensor("y", rt::DType::F32, shape)};
    graph.add_node("clip", fb::UnaryT(), graph.inputs, graph.outputs);
    write_model(name, graph);
  }

  // Three classes; the best are 0, 1, 2, 1.
  void write_scores() {
    write_npy<float>("x.npy", "<f4", "(4, 3)", {9, 1, 2, 1, 9, 2, 1, 2, 9, 1, 9, 2});
  }

  Json eval(const std::string& arguments) {
    const Ran ran = qrt("eval " + arguments + " --json");
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    const Json json = Json::parse(ran.out, nullptr, false);
    EXPECT_FALSE(json.is_discarded()) << ran.out;
    return json;
  }
  double value(const std::string& arguments) {
    const Json json = eval(arguments);
    return json.is_discarded() ? NAN : json["models"][0]["value"].get<double>();
  }
};

TEST_F(EvalTest, Top1WithNumbersInTextOrArraysAndWithNames) {
  write_scores();
  write("right.txt", "0\n1\n2\n2\n");
  write("named.txt", "red\r\ngreen\r\nblue\r\nblue");
  write("names.txt", "red\ngreen\nblue\n");
  write_npy<int64_t>("right.npy", "<i8", "(4,)", {0, 1, 2, 2});
  write_npy<uint8_t>("column.npy", "|u1", "(4, 1)", {0, 1, 2, 2});
  const std::string run = "same.qrt --data x.npy --metric top1 --labels ";
  EXPECT_EQ(value(run + "right.txt"), 0.75);
  EXPECT_EQ(value(run + "right.npy"), 0.75);
  EXPECT_EQ(value(run + "column.npy"), 0.75);
  EXPECT_EQ(value(run + "named.txt --names names.txt"), 0.75);
  const Ran table = qrt("eval " + run + "right.txt");
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_PRED2(contains, table.out, "75.00 %");
  EXPECT_PRED2(contains, table.out, "4 samples");
  EXPECT_EQ(table.err, "");
  expect_failure("eval " + run + "named.txt", 1, {"named.txt', line 1", "'red'", "--names"});
  write("three.txt", "0\n1\n2\n");
  expect_failure("eval " + run + "three.txt", 1, {"3 labels for 4 samples"});
  write("high.txt", "0\n1\n3\n1\n");
  expect_failure("eval " + run + "high.txt", 1, {"x.npy[2]", "class 3", "3 scores"});
  write_npy<float>("float.npy", "<f4", "(4,)", {0, 1, 2, 2});
  expect_failure("eval " + run + "float.npy", 1, {"float.npy", "f32", "integers"});
  expect_failure("eval " + run + "none.txt", 1, {"none.txt"});
  expect_failure("eval same.qrt --data x.npy --metric top1", 1, {"top1 needs --labels"});
}

TEST_F(EvalTest, FoldersNameClasses) {
  std::filesystem::create_directories(path("d/blue"));
  std::filesystem::create_directories(path("d/red"));
  write_bmp("d/blue/1.bmp", 2, 2, 0, 0, 200);
  write_bmp("d/blue/2.bmp", 2, 2, 200, 0, 0);
  write_bmp("d/red/3.bmp", 2, 2, 200, 0, 0);
  write("names.txt", "red\ngreen\nblue\n");
  const std::string run = "rgb.qrt --data d --metric top1 --labels folders";
  EXPECT_NEAR(value(run + " --names names.txt"), 2.0 / 3, 1e-12);
  // Without names they are numbered in order: blue is 0, which the model calls red.
  EXPECT_NEAR(value(run), 1.0 / 3, 1e-12);
  EXPECT_PRED2(contains, qrt("eval " + run).err, "0 blue, 1 red");
  expect_failure("eval rgb.qrt --data d/red --metric top1 --labels folders", 1,
                 {"one folder, 'red'"});
  write("other.txt", "red\ngreen\n");
  expect_failure("eval " + run + " --names other.txt", 1, {"'blue'", "2 names"});
}

TEST_F(EvalTest, SamplesTakesSomeSpreadEvenly) {
  write_scores();
  write("labels.txt", "0\n0\n2\n0\n");
  const std::string run = "same.qrt --data x.npy --metric top1 --labels labels.txt";
  EXPECT_EQ(value(run), 0.5);
  const Json two = eval(run + " --samples 2");  // 0 and 2
  EXPECT_EQ(two["samples"], 2);
  EXPECT_EQ(two["models"][0]["value"], 1.0);
}

TEST_F(EvalTest, MseComparesWithExpectedOutputs) {
  write_npy<float>("a.npy", "<f4", "(2, 2, 3)", std::vector<float>(12, 1));
  write_npy<float>("b.npy", "<f4", "(2, 3)", std::vector<float>(6, 2));
  write_npy<float>("sum.npy", "<f4", "(2, 2, 3)", {3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 5});
  const std::string run = "add.qrt --data a=a.npy b=b.npy --metric mse --labels sum=sum.npy";
  const Json json = eval(run);
  EXPECT_NEAR(json["models"][0]["value"].get<double>(), 4.0 / 12, 1e-12);
  EXPECT_FALSE(json["higher_is_better"]);
  write_npy<float>("wrong.npy", "<f4", "(2, 3, 3)", std::vector<float>(18));
  expect_failure("eval add.qrt --data a.npy b.npy --metric mse --labels wrong.npy", 1,
                 {"wrong.npy", "2x3x3", "2x3"});
}

TEST_F(EvalTest, AucCerAndMiouFindTheirLabels) {
  write_same("one.qrt", {-1, 1});
  write_npy<float>("score.npy", "<f4", "(4, 1)", {0.1F, 0.7F, 0.4F, 0.9F});
  write("binary.txt", "0\n0\n1\n1\n");
  EXPECT_EQ(value("one.qrt --data score.npy --metric auc --labels binary.txt"), 0.75);
  write("ones.txt", "1\n1\n1\n1\n");
  expect_failure("eval one.qrt --data score.npy --metric auc --labels ones.txt", 1,
                 {"both labels"});

  write_same("steps.qrt", {1, -1, 3});
  write_npy<float>("steps.npy", "<f4", "(1, 2, 3)", {0, 1, 0, 0, 0, 1});
  write("text.txt", "ac\n");
  write("abc.txt", "a\nb\n");
  const std::string cer = "steps.qrt --data steps.npy --metric cer --labels text.txt";
  EXPECT_EQ(value(cer + " --alphabet abc.txt"), 0.5);
  expect_failure("eval " + cer, 1, {"cer needs --alphabet"});

  write_same("map.qrt", {1, 2, 2, 3});
  write_npy<float>("map.npy", "<f4", "(1, 2, 2, 3)", {9, 0, 0, 9, 0, 0, 0, 9, 0, 0, 9, 0});
  write_npy<uint8_t>("classes.npy", "|u1", "(2, 2)", {0, 1, 1, 1});
  EXPECT_NEAR(value("map.qrt --data map.npy --metric miou --labels classes.npy"),
              (1.0 / 2 + 2.0 / 3) / 2, 1e-12);
  write_bmp("rgb.bmp", 2, 2, 1, 2, 3);
  expect_failure("eval map.qrt --data map.npy --metric miou --labels rgb.bmp", 1,
                 {"rgb.bmp", "3 channels"});
  write_npy<uint8_t>("large.npy", "|u1", "(3, 2)", {0, 1, 1, 1, 0, 0});
  expect_failure("eval map.qrt --data map.npy --metric miou --labels large.npy", 1,
                 {"map.npy", "3x2", "1x2x2x3"});
}

TEST_F(EvalTest, ACommandIsGivenTheOutputsAndPrintsANumber) {
  write_scores();
  write("count.sh", "#!/bin/sh\nls \"$2\" >\"$1\"\nls \"$2\" | wc -l\n");
  EXPECT_EQ(value("same.qrt --data x.npy --metric 'sh count.sh listed'"), 4);
  EXPECT_EQ(read("listed"), "000000.0.npy\n000001.0.npy\n000002.0.npy\n000003.0.npy\n");
  // Nothing of it stays.
  std::filesystem::create_directories(path("temporary"));
  const Ran ran =
      qrt("eval same.qrt --data x.npy --metric 'echo 7 #'", "TMPDIR=" + path("temporary"));
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, ran.out, " 7\n");
  EXPECT_TRUE(std::filesystem::is_empty(path("temporary")));
  expect_failure("eval same.qrt --data x.npy --metric 'echo much; true'", 1,
                 {"print one number", "much"});
  const Ran failed = qrt("eval same.qrt --data x.npy --metric top9");
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_PRED2(contains, failed.err, "none of qrt's own");
}

TEST_F(EvalTest, SeveralModelsAreComparedWithTheFirst) {
  // The second adds the classes' numbers the other way round: it takes class 2 for 0.
  write_scores();
  graph::Graph graph;
  graph.inputs = {graph.add_tensor("x", rt::DType::F32, {-1, 3})};
  const int worse = graph.add_constant<float>("worse", {3}, {0, 0, 20});
  graph.outputs = {graph.add_tensor("y", rt::DType::F32, {-1, 3})};
  graph.add_node("add", fb::BinaryT(), {graph.inputs[0], worse}, graph.outputs);
  write_model("worse.qrt", graph);
  write("labels.txt", "0\n1\n2\n1\n");
  const std::string run =
      "same.qrt worse.qrt same.qrt --data x.npy --metric top1 --labels labels.txt";
  const Json json = eval(run);
  ASSERT_EQ(json["models"].size(), 3u);
  EXPECT_EQ(json["models"][1]["value"], 0.25);
  const Json& difference = json["models"][1]["difference"];
  EXPECT_EQ(difference["value"], -0.75);
  EXPECT_LT(difference["interval95"][0], -0.75);
  EXPECT_GT(difference["interval95"][1], -0.75);
  EXPECT_EQ(json["models"][2]["difference"]["value"], 0.0);
  EXPECT_GT(json["models"][0]["bytes"], 0);
  EXPECT_GT(json["models"][0]["median_us"], 0);
  const Ran table = qrt("eval " + run);
  EXPECT_PRED2(contains, table.out, "-75.00 [");
  EXPECT_PRED2(contains, table.out, "] points");
  EXPECT_PRED2(contains, table.out, "to the first");
}

TEST_F(EvalTest, TheOutputThatIsScoredCanBeChosen) {
  write_scores();
  write("labels.txt", "0\n1\n2\n1\n");
  const std::string run = "same.qrt --data x.npy --metric top1 --labels labels.txt --output ";
  EXPECT_EQ(value(run + "y"), 1);
  EXPECT_EQ(value(run + "0"), 1);
  // Ranking looks for scores of classes; others take the first output.
  graph::Graph graph;
  graph.inputs = {graph.add_tensor("x", rt::DType::F32, {1, 3})};
  graph.outputs = {graph.add_tensor("sum", rt::DType::F32, {1, 1}),
                   graph.add_tensor("y", rt::DType::F32, {1, 3})};
  fb::ReduceT reduce;
  reduce.kind = fb::ReduceKind::Sum;
  reduce.axes = {1};
  reduce.keep_dims = true;
  graph.add_node("sum", std::move(reduce), graph.inputs, {graph.outputs[0]});
  graph.add_node("clip", fb::UnaryT(), graph.inputs, {graph.outputs[1]});
  write_model("two.qrt", graph);
  EXPECT_EQ(value("two.qrt --data x.npy --metric top1 --labels labels.txt"), 1);
  write("binary.txt", "0\n0\n1\n1\n");
  EXPECT_EQ(value("two.qrt --data x.npy --metric auc --labels binary.txt"), 0.5);
  expect_failure("eval two.qrt --data x.npy --metric auc --labels binary.txt --output y", 1,
                 {"auc wants", "1x3"});
  expect_failure("eval " + run + "z", 1, {"no output 'z'", "'y' f32"});
}

TEST(Progress, LineSaysHowFarAndHowLong) {
  EXPECT_EQ(cli::progress_line("x", 0, 4, 9), "x  ────────────────────────  0 of 4");
  const std::string half = cli::progress_line("calibrating", 60, 120, 4);
  EXPECT_PRED2(contains, half, "calibrating  ████████████────────────  60 of 120, 4 s left");
  EXPECT_PRED2(contains, cli::progress_line("x", 1, 100, 10), "16 min 30 s left");
  EXPECT_PRED2(contains, cli::progress_line("x", 1, 1000, 10), "2 h 46 min left");
  EXPECT_PRED2(contains, cli::progress_line("x", 5, 5, 10), "5 of 5");
  EXPECT_FALSE(contains(cli::progress_line("x", 5, 5, 10), "left"));
  EXPECT_FALSE(contains(cli::progress_line("x", 0, 0, 10), "left"));
}

}  // namespace
}  // namespace qrt::test
