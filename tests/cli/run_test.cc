// `qrt run`: inputs of every kind, what it prints and writes, and what it says to wrong inputs.
#include <cmath>
#include <cstring>
#include <filesystem>

#include "tests/support/cli.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

class RunTest : public CliTest {
 protected:
  RunTest() {
    write_classifier("rgb.qrt");
    write_adder("add.qrt");
    write("labels.txt", "red\ngreen\nblue\n");
  }
};

TEST_F(RunTest, ClassifiesAPictureWithLabels) {
  write_bmp("green.bmp", 2, 2, 10, 200, 150);
  const Ran ran = qrt("run rgb.qrt --input green.bmp --labels labels.txt --top 2");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, ran.out, "probability");
  const size_t green = ran.out.find("green"), blue = ran.out.find("blue");
  EXPECT_LT(green, blue) << ran.out;
  EXPECT_EQ(ran.out.find("  red"), std::string::npos) << "only the best two";
  EXPECT_PRED2(contains, ran.out, "95.");
}

TEST_F(RunTest, SaysWhenAPictureHasTheWrongSizeAndResizesItWhenTold) {
  write_bmp("large.bmp", 9, 7, 250, 0, 0);
  expect_failure("run rgb.qrt --input large.bmp", 1, {"9 x 7", "2 x 2", "--resize"});
  const Ran ran = qrt("run rgb.qrt --input large.bmp --resize --labels labels.txt --top 1");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, ran.out, "red");
}

TEST_F(RunTest, MeanAndScaleMakeRealNumbersOfPixels) {
  // s8 at scale 1 and zero point -128: the real number is the pixel.
  write_bmp("grey.bmp", 2, 2, 100, 100, 100);
  EXPECT_EQ(qrt("run rgb.qrt --input grey.bmp --mean 50,100,40 --scale 1 --output m").exit_code, 0);
  write_npy<int8_t>("same.npy", "|i1", "(1, 2, 2, 3)",
                    {-78, -128, -68, -78, -128, -68, -78, -128, -68, -78, -128, -68});
  EXPECT_EQ(qrt("run rgb.qrt --input same.npy --output n").exit_code, 0);
  EXPECT_EQ(read("m.0.npy"), read("n.0.npy"));
  expect_failure("run rgb.qrt --input grey.bmp --mean 1,2", 1,
                 {"--mean has 2 values", "3 channels"});
}

TEST_F(RunTest, TakesNpyOfTheModelsTypeAndQuantizesFloats) {
  write_npy<int8_t>("s8.npy", "|i1", "(1, 2, 2, 3)", std::vector<int8_t>(12, 5));
  write_npy<int8_t>("no_batch.npy", "|i1", "(2, 2, 3)", std::vector<int8_t>(12, 5));
  write_npy<float>("f32.npy", "<f4", "(1, 2, 2, 3)", std::vector<float>(12, 133));
  write_npy<double>("f64.npy", "<f8", "(1, 1, 2, 2, 3)", std::vector<double>(12, 133));
  for (const char* name : {"s8", "no_batch", "f32", "f64"}) {
    const Ran ran = qrt("run rgb.qrt --input " + std::string(name) + ".npy --output " + name);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(read(std::string(name) + ".0.npy"), read("s8.0.npy"));
    EXPECT_EQ(contains(ran.err, "note"), name[0] == 'f') << ran.err;
  }
}

// Each double becomes the nearest float.
TEST_F(RunTest, NarrowsDoublesForAModelOfFloats) {
  write_npy<double>("a.npy", "<f8", "(2, 3)", {1.5, -2.25, 0.1, 1e300, 16777217, 0});
  write_npy<float>("b.npy", "<f4", "(2, 3)", {0, 0, 0, 0, 0, 0});
  const Ran ran = qrt("run add.qrt --input a.npy b.npy --output sum");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, ran.err, "converted from f64 to f32");
  const std::string file = read("sum.0.npy");
  ASSERT_GT(file.size(), 24u);
  float sums[6];
  std::memcpy(sums, file.data() + file.size() - sizeof sums, sizeof sums);
  const float want[6] = {1.5f, -2.25f, 0.1f, INFINITY, 16777216, 0};
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(sums[i], want[i]) << i;
}

TEST_F(RunTest, RefusesNpyOfAnotherTypeOrShape) {
  write_npy<uint8_t>("u8.npy", "|u1", "(1, 2, 2, 3)", std::vector<uint8_t>(12, 5));
  expect_failure("run rgb.qrt --input u8.npy", 1, {"u8.npy", "'image'", "holds u8", "wants s8"});
  write_npy<int8_t>("shape.npy", "|i1", "(1, 2, 3, 2)", std::vector<int8_t>(12, 5));
  expect_failure("run rgb.qrt --input shape.npy", 1, {"1x2x3x2", "1x2x2x3"});
  write_npy<int8_t>("batch.npy", "|i1", "(2, 2, 2, 3)", std::vector<int8_t>(24, 5));
  expect_failure("run rgb.qrt --input batch.npy", 1, {"2x2x2x3", "1x2x2x3"});
  write_npy<float>("nan.npy", "<f4", "(1, 2, 2, 3)", std::vector<float>(12, NAN));
  expect_failure("run rgb.qrt --input nan.npy", 1, {"not a number"});
  const std::string whole = npy_header("|i1", "(1, 2, 2, 3)") + std::string(12, 'x');
  write("cut.npy", whole.substr(0, whole.size() - 1));
  expect_failure("run rgb.qrt --input cut.npy", 1, {"cut.npy", "truncated"});
}

TEST_F(RunTest, OpenDimensionsTakeTheFilesSize) {
  graph::Graph graph;
  graph.inputs = {graph.add_tensor("x", rt::DType::F32, {-1, -1, -1, 3})};
  graph.outputs = {graph.add_tensor("y", rt::DType::F32, {-1, -1, -1, 3})};
  graph.add_node("clip", fb::UnaryT(), graph.inputs, graph.outputs);
  write_model("open.qrt", graph);
  write_bmp("p.bmp", 5, 4, 200, 0, 0);
  const Ran picture = qrt("run open.qrt --input p.bmp");
  EXPECT_EQ(picture.exit_code, 0) << picture.err;
  EXPECT_PRED2(contains, picture.out, "f32 1x4x5x3");
  EXPECT_PRED2(contains, picture.err, "pixels go in as 0 to 255");
  write_npy<float>("x.npy", "<f4", "(2, 3, 1, 3)", std::vector<float>(18, 1));
  EXPECT_PRED2(contains, qrt("run open.qrt --input x.npy").out, "f32 2x3x1x3");
  write_npy<float>("wrong.npy", "<f4", "(2, 3, 1, 4)", std::vector<float>(24, 1));
  expect_failure("run open.qrt --input wrong.npy", 1, {"2x3x1x4", "?x?x?x3"});
}

TEST_F(RunTest, TakesRawElementsOfExactlyTheRightSize) {
  write("x.raw", std::string(12, '\5'));
  write("x.bin", std::string(12, '\5'));
  EXPECT_EQ(qrt("run rgb.qrt --input x.raw").exit_code, 0);
  EXPECT_EQ(qrt("run rgb.qrt --input x.bin").exit_code, 0);
  write("short.raw", std::string(11, '\5'));
  expect_failure("run rgb.qrt --input short.raw", 1, {"11 bytes", "12", "1x2x2x3"});
}

TEST_F(RunTest, FeedsInputsInOrderOrByName) {
  write_npy<float>("one.npy", "<f4", "(2, 3)", {1, 2, 3, 4, 5, 6});
  write_npy<float>("ten.npy", "<f4", "(2, 3)", {10, 20, 30, 40, 50, 60});
  for (const char* inputs : {"one.npy ten.npy", "b=ten.npy a=one.npy", "b=ten.npy one.npy"}) {
    const Ran ran = qrt("run add.qrt --input " + std::string(inputs) + " --output sum");
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_PRED2(contains, ran.out, "sum  f32 2x3");
    EXPECT_PRED2(contains, ran.out, "from 11 to 66");
    const std::string file = read("sum.0.npy");
    float first;
    std::memcpy(&first, file.data() + file.size() - 24, sizeof first);
    EXPECT_EQ(first, 11);
  }
}

TEST_F(RunTest, MissingAndSurplusInputsListTheModelsInputs) {
  write_npy<float>("x.npy", "<f4", "(2, 3)", std::vector<float>(6, 1));
  expect_failure("run add.qrt", 2, {"input 0", "'a' f32 2x3", "'b' f32 2x3", "--input"});
  expect_failure("run add.qrt --input x.npy", 2, {"input 1, 'b'", "'a' f32 2x3"});
  expect_failure("run add.qrt --input x.npy x.npy x.npy", 2, {"one input too many"});
  expect_failure("run add.qrt --input a=x.npy a=x.npy", 2, {"one input too many"});
  expect_failure("run add.qrt --input c=x.npy b=x.npy", 2, {"'c=x.npy' names no input"});
  expect_failure("run add.qrt --each x.npy", 2, {"--each", "has 2"});
}

TEST_F(RunTest, SaysWhatIsWrongWithAnInputsFile) {
  expect_failure("run rgb.qrt --input nowhere.png", 1, {"nowhere.png"});
  write("empty.png", "");
  expect_failure("run rgb.qrt --input empty.png", 1, {"empty.png", "empty"});
  write("text.txt", "hello");
  expect_failure("run rgb.qrt --input text.txt", 1, {"text.txt", ".npy", ".wav"});
  write("bad.png", "\x89PNG\r\n\x1a\n and nonsense");
  expect_failure("run rgb.qrt --input bad.png", 1, {"bad.png", "damaged"});
  std::filesystem::create_directory(path("folder"));
  expect_failure("run rgb.qrt --input folder", 1, {"folder"});
  write_bmp("ok.bmp", 2, 2, 1, 2, 3);
  expect_failure("run add.qrt --input ok.bmp ok.bmp", 1, {"ok.bmp", "'a'"});
}

TEST_F(RunTest, LabelsMayBeKeptInTheModel) {
  const std::string digits = std::string(kSourceDir) + "/examples/digits/";
  write("names.txt", "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n");
  const std::string convert = "convert " + digits + "digits_int8.qdq.onnx ";
  EXPECT_EQ(qrt(convert + "named.qrt --labels names.txt").exit_code, 0);
  const std::string picture = " --input " + digits + "images/02_label0.png --scale 1/255";
  const Ran own = qrt("run named.qrt" + picture);
  EXPECT_EQ(own.exit_code, 0) << own.err;
  EXPECT_PRED2(contains, own.out, "zero");
  // A file goes before them.
  write("other.txt", "A\nB\nC\nD\nE\nF\nG\nH\nI\nJ\n");
  const Ran other = qrt("run named.qrt --labels other.txt --top 1" + picture);
  EXPECT_PRED2(contains, other.out, " A ");
  const Ran each = qrt("run named.qrt --scale 1/255 --each " + digits + "images/02_label0.png");
  EXPECT_PRED2(contains, each.out, "zero");
  expect_failure(convert + "named.onnx --labels names.txt", 2, {"--labels"});
  expect_failure(convert + "none.qrt --labels missing.txt", 1, {"missing.txt"});
}

TEST_F(RunTest, HowPicturesArePreparedMayBeKeptInTheModel) {
  const std::string digits = std::string(kSourceDir) + "/examples/digits/";
  const std::string source = digits + "digits_int8.qdq.onnx ";
  const std::string picture = " --input " + digits + "images/02_label0.png";
  EXPECT_EQ(qrt("convert " + source + "plain.qrt").exit_code, 0);
  EXPECT_EQ(qrt("convert " + source + "kept.qrt --scale 1/255 --resize").exit_code, 0);
  EXPECT_PRED2(contains, qrt("inspect kept.qrt").out, "input:");
  EXPECT_PRED2(contains, qrt("inspect kept.qrt").out, "scale=1/255;resize");
  EXPECT_EQ(qrt("run plain.qrt --output a --scale 1/255" + picture).exit_code, 0);
  const Ran own = qrt("run kept.qrt --output b" + picture);
  EXPECT_PRED2(contains, own.err, "prepared as the model itself says: scale=1/255;resize");
  EXPECT_EQ(read("b.0.npy"), read("a.0.npy"));
  // The command line goes before it.
  EXPECT_EQ(qrt("run plain.qrt --output c --scale 1/2000" + picture).exit_code, 0);
  EXPECT_NE(read("c.0.npy"), read("a.0.npy"));
  EXPECT_EQ(qrt("run kept.qrt --output d --scale 1/2000" + picture).exit_code, 0);
  EXPECT_EQ(read("d.0.npy"), read("c.0.npy"));
  write_bmp("large.bmp", 40, 40, 1, 2, 3);
  EXPECT_EQ(qrt("run kept.qrt --each large.bmp").exit_code, 0);
  expect_failure("convert " + source + "x.onnx --scale 1", 2, {"--scale", ".onnx"});
  expect_failure("convert " + source + "x.qrt --scale 0", 2, {"--scale 0"});
  EXPECT_FALSE(exists("x.qrt"));
}

TEST_F(RunTest, WhatAModelKeepsOfPicturesIsCheckedWhenItIsUsed) {
  for (const char* text : {"mean=1;size=3", "mean=", "scale=0", "mean=much", "resize=1"}) {
    graph::Graph graph;
    graph.inputs = {graph.add_tensor("x", rt::DType::F32, {1, 2, 2, 3})};
    graph.outputs = {graph.add_tensor("y", rt::DType::F32, {1, 2, 2, 3})};
    graph.add_node("clip", fb::UnaryT(), graph.inputs, graph.outputs);
    graph.metadata = {{"input:x", text}};
    write_model("odd.qrt", graph);
    write_bmp("p.bmp", 2, 2, 1, 2, 3);
    expect_failure("run odd.qrt --input p.bmp", 1, {"odd.qrt", "metadata 'input:x'"});
  }
}

TEST_F(RunTest, LabelsMustFitTheModel) {
  write_bmp("red.bmp", 2, 2, 200, 0, 0);
  write("two.txt", "a\nb\n");
  expect_failure("run rgb.qrt --input red.bmp --labels two.txt", 1, {"two.txt", "2 labels", "1x3"});
  write("none.txt", "\n\n");
  expect_failure("run rgb.qrt --input red.bmp --labels none.txt", 1, {"none.txt", "one a line"});
  expect_failure("run rgb.qrt --input red.bmp --labels missing.txt", 1, {"missing.txt"});
}

TEST_F(RunTest, WritesNothingWhenTheFolderIsMissingOrTheInputIsBad) {
  write("x.raw", std::string(12, '\5'));
  expect_failure("run rgb.qrt --input x.raw --output no/where", 1, {"'no'", "does not exist"});
  write("short.raw", "abc");
  expect_failure("run rgb.qrt --input short.raw --output out", 1, {"3 bytes"});
  EXPECT_EQ(surprises(), std::vector<std::string>());
}

TEST_F(RunTest, EachPrintsARowAFile) {
  write_bmp("r.bmp", 2, 2, 200, 0, 0);
  write_bmp("b.bmp", 2, 2, 0, 0, 200);
  const Ran ran = qrt("run rgb.qrt --labels labels.txt --each r.bmp b.bmp --draw");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  for (const char* part :
       {"file", "prediction", "probability", "time", "r.bmp", "red", "b.bmp", "blue", "2 runs"}) {
    EXPECT_PRED2(contains, ran.out, part);
  }
  // One bad file: no half of a table.
  expect_failure("run rgb.qrt --each r.bmp nowhere.bmp", 1, {"nowhere.bmp"});
}

TEST_F(RunTest, JsonSaysTheSameToPrograms) {
  write_bmp("r.bmp", 2, 2, 200, 0, 0);
  const Ran one = qrt("run rgb.qrt --labels labels.txt --input r.bmp --output o --json");
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_EQ(one.out[0], '{');
  for (const char* part :
       {"\"label\": \"red\"", "\"top\": [", "\"file\": \"o.0.npy\"", "\"us\": "}) {
    EXPECT_PRED2(contains, one.out, part);
  }
  const Ran each = qrt("run rgb.qrt --labels labels.txt --each r.bmp --json");
  EXPECT_EQ(each.exit_code, 0) << each.err;
  EXPECT_PRED2(contains, each.out, "\"file\": \"r.bmp\"");
  EXPECT_PRED2(contains, each.out, "\"label\": \"red\"");
  expect_failure("run rgb.qrt --input r.bmp --json --draw", 2, {"--draw", "--json"});
}

TEST_F(RunTest, DrawsWithinTheWidthInColourOrInShades) {
  write_bmp("wide.bmp", 300, 20, 255, 255, 255);
  const Ran shades = qrt("run rgb.qrt --input wide.bmp --resize --draw");
  EXPECT_EQ(shades.exit_code, 0) << shades.err;
  std::string line;
  for (int i = 0; i < 40; ++i) line += "█";
  EXPECT_EQ(shades.out.substr(0, line.size() + 1), line + "\n");
  const Ran ascii = qrt("run rgb.qrt --input wide.bmp --resize --draw --draw-width 5", "LC_ALL=C");
  EXPECT_EQ(ascii.out.substr(0, 6), "#####\n");
  const Ran colour = qrt("run rgb.qrt --input wide.bmp --resize --draw", "FORCE_COLOR=1 NO_COLOR=");
  EXPECT_PRED2(contains, colour.out, "\033[38;2;255;255;255m");
}

TEST_F(RunTest, ReferenceAndIsaChooseKernels) {
  write("x.raw", std::string(12, '\5'));
  EXPECT_PRED2(contains, qrt("run rgb.qrt --input x.raw --reference").out, "(scalar, 1 thread)");
  EXPECT_PRED2(contains, qrt("run rgb.qrt --input x.raw --isa scalar").out, "(scalar, 1 thread)");
  EXPECT_PRED2(contains, qrt("run rgb.qrt --input x.raw --threads 2").out, "2 threads)");
  EXPECT_EQ(qrt("run rgb.qrt --input x.raw", "QRT_ISA=sse1").exit_code, 1);
}

// A 16-bit mono sound of `samples` samples.
std::string wav(int samples, int channels = 1) {
  const auto number = [](int value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 255);
    return text;
  };
  const int bytes = samples * channels * 2;
  std::string file = "RIFF" + number(36 + bytes, 4) + "WAVEfmt " + number(16, 4) + number(1, 2) +
                     number(channels, 2) + number(16000, 4) + number(32000 * channels, 4) +
                     number(2 * channels, 2) + number(16, 2) + "data" + number(bytes, 4);
  for (int i = 0; i < samples * channels; ++i) file += number(16384, 2);
  return file;
}

TEST_F(RunTest, TakesSoundsOfTheRightLength) {
  write("six.wav", wav(6));
  const Ran ran = qrt("run add.qrt --input six.wav six.wav");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_PRED2(contains, ran.out, "from 1 to 1");  // a half and a half
  write("five.wav", wav(5));
  expect_failure("run add.qrt --input five.wav six.wav", 1, {"five.wav", "5 samples", "wants 6"});
  write("seven.wav", wav(7));
  expect_failure("run add.qrt --input seven.wav six.wav", 1, {"7 samples", "6"});
  write("stereo.wav", wav(6, 2));
  expect_failure("run add.qrt --input stereo.wav six.wav", 1, {"2 channels"});
}

}  // namespace
}  // namespace qrt::test
