// --data: which files become which samples, in which order, and what is said of those that cannot.
#include "src/cli/dataset.h"

#include <cstring>
#include <filesystem>
#include <numeric>

#include "tests/support/cli.h"

namespace qrt::test {
namespace {

using cli::Dataset;

class DatasetTest : public CliTest {
 protected:
  DatasetTest() {
    write_classifier("rgb.qrt");
    write_adder("add.qrt");
  }

  // Arguments are names in the test's folder, "NAME=file" too.
  rt::Result<std::unique_ptr<Dataset>> open(const std::string& model,
                                            const std::vector<std::string>& data) {
    auto opened = cli::open_model(path(model));
    if (!opened.ok()) return opened.status();
    model_ = std::move(*opened);
    cli::DataArguments arguments;
    arguments.pictures = pictures_;
    for (const std::string& text : data) {
      const size_t equals = text.find('=');
      arguments.data.push_back(equals == std::string::npos
                                   ? path(text)
                                   : text.substr(0, equals + 1) + path(text.substr(equals + 1)));
    }
    ::testing::internal::CaptureStderr();
    auto dataset = cli::open_dataset(*model_, arguments);
    notes_ = ::testing::internal::GetCapturedStderr();
    return dataset;
  }

  std::unique_ptr<Dataset> must_open(const std::string& model,
                                     const std::vector<std::string>& data) {
    auto dataset = open(model, data);
    EXPECT_TRUE(dataset.ok()) << dataset.status().message();
    return dataset.ok() ? std::move(*dataset) : nullptr;
  }

  void expect_refused(const std::string& model, const std::vector<std::string>& data,
                      const std::vector<std::string>& parts) {
    const auto dataset = open(model, data);
    ASSERT_FALSE(dataset.ok());
    for (const std::string& part : parts) {
      EXPECT_PRED2(contains, dataset.status().message(), part);
    }
  }

  // "image" f32 of this shape, handed through.
  void write_floats(const std::string& name, const std::vector<int32_t>& shape) {
    graph::Graph graph;
    graph.inputs = {graph.add_tensor("image", rt::DType::F32, shape)};
    graph.outputs = {graph.add_tensor("y", rt::DType::F32, shape)};
    graph.add_node("clip", fb::UnaryT(), graph.inputs, graph.outputs);
    write_model(name, graph);
  }

  // 0, 1, 2, ...
  void write_counting(const std::string& name, const std::string& shape, size_t count) {
    std::vector<float> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0.0F);
    write_npy<float>(name, "<f4", shape, numbers);
  }

  static std::vector<float> floats(const Dataset& dataset, size_t sample, size_t input = 0) {
    const auto loaded = dataset.load(sample);
    EXPECT_TRUE(loaded.ok()) << loaded.status().message();
    if (!loaded.ok()) return {};
    const std::vector<uint8_t>& bytes = loaded->inputs[input].bytes;
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }

  std::optional<cli::OpenModel> model_;
  cli::PictureArguments pictures_;
  std::string notes_;
};

TEST_F(DatasetTest, AFolderGivesItsFilesByNameWithThoseOfItsFolders) {
  std::filesystem::create_directories(path("d/b/deep"));
  for (const char* name : {"d/b/deep/1.bmp", "d/a.bmp", "d/c.BMP"}) write_bmp(name, 2, 2, 1, 2, 3);
  write("d/notes.md", "x");
  write("d/b/more.md", "x");
  const auto dataset = must_open("rgb.qrt", {"d"});
  ASSERT_NE(dataset, nullptr);
  ASSERT_EQ(dataset->size(), 3u);
  EXPECT_EQ(dataset->file(0), path("d/a.bmp"));
  EXPECT_EQ(dataset->file(1), path("d/b/deep/1.bmp"));
  EXPECT_EQ(dataset->file(2), path("d/c.BMP"));
  EXPECT_PRED2(contains, notes_, "2 files in");
  EXPECT_PRED2(contains, notes_, "more.md");
  const auto sample = dataset->load(1);
  ASSERT_TRUE(sample.ok());
  EXPECT_EQ(sample->name, path("d/b/deep/1.bmp"));
  EXPECT_EQ(sample->inputs[0].shape, (rt::Shape{1, 2, 2, 3}));
  EXPECT_EQ(sample->inputs[0].bytes[0], static_cast<uint8_t>(1 - 128));
}

TEST_F(DatasetTest, AFolderWithoutUsableFilesSaysWhatWasLookedFor) {
  std::filesystem::create_directories(path("empty"));
  expect_refused("rgb.qrt", {"empty"}, {"empty'", "no usable file", ".png", "found 0"});
  write("empty/a.md", "x");
  expect_refused("rgb.qrt", {"empty"}, {"found 1 of other kinds"});
  expect_refused("rgb.qrt", {"nowhere"}, {"nowhere", "no file or folder"});
}

TEST_F(DatasetTest, AListNamesFilesFromItsOwnFolder) {
  std::filesystem::create_directories(path("lists"));
  write_bmp("lists/b.bmp", 2, 2, 1, 2, 3);
  write_bmp("a.bmp", 2, 2, 9, 2, 3);
  write("lists/all.txt", "b.bmp\r\n\n../a.bmp\nb.bmp\n");
  const auto dataset = must_open("rgb.qrt", {"lists/all.txt"});
  ASSERT_NE(dataset, nullptr);
  ASSERT_EQ(dataset->size(), 3u);
  EXPECT_EQ(std::filesystem::path(dataset->file(1)).filename(), "a.bmp");
  EXPECT_EQ(dataset->load(1)->inputs[0].bytes[0], static_cast<uint8_t>(9 - 128));
  write("lists/bad.txt", "b.bmp\nmissing.bmp\n");
  expect_refused("rgb.qrt", {"lists/bad.txt"}, {"bad.txt', line 2", "missing.bmp"});
  write("lists/none.txt", "\n\n");
  expect_refused("rgb.qrt", {"lists/none.txt"}, {"none.txt", "names no files"});
}

TEST_F(DatasetTest, AnArrayWithOneMoreDimensionIsAStack) {
  write_counting("stack.npy", "(4, 2, 3)", 24);
  write_counting("one.npy", "(2, 3)", 6);
  const auto dataset = must_open("add.qrt", {"stack.npy", "one.npy"});
  ASSERT_NE(dataset, nullptr);
  ASSERT_EQ(dataset->size(), 4u);
  EXPECT_PRED2(contains, notes_, "'b' has one sample");
  EXPECT_EQ(dataset->load(2)->name, path("stack.npy") + "[2]");
  EXPECT_EQ(floats(*dataset, 2), (std::vector<float>{12, 13, 14, 15, 16, 17}));
  EXPECT_EQ(floats(*dataset, 3)[0], 18);
  EXPECT_EQ(floats(*dataset, 3, 1)[5], 5);
}

// Where the input's first dimension is 1 or open, that of an array counts samples.
TEST_F(DatasetTest, AnArraysFirstDimensionCountsSamplesWhereTheInputsIsOneOrOpen) {
  const struct {
    std::vector<int32_t> input;
    const char* array;
    size_t samples;
    rt::Shape shape;
  } cases[] = {
      {{1, 2, 3}, "(2, 2, 3)", 2, {1, 2, 3}},
      {{-1, 2, 3}, "(2, 2, 3)", 2, {1, 2, 3}},
      {{-1, -1}, "(3, 4)", 3, {1, 4}},
      {{1, 2, 3}, "(2, 1, 2, 3)", 2, {1, 2, 3}},
      {{-1, -1}, "(1, 3, 4)", 1, {3, 4}},
      {{2, 6}, "(2, 6)", 1, {2, 6}},
      {{1, 1, 2, 3}, "(2, 2, 3)", 2, {1, 1, 2, 3}},
      {{1, 1, 4, 3}, "(4, 3)", 1, {1, 1, 4, 3}},
      {{}, "(12,)", 12, {}},
      {{1}, "(12,)", 12, {1}},
      {{12}, "(12,)", 1, {12}},
      {{1, 12}, "(12,)", 1, {1, 12}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.array) + " for " + rt::Shape(c.input.data(), c.input.size()).str());
    write_floats("m.qrt", c.input);
    write_counting("x.npy", c.array, 12);
    const auto dataset = must_open("m.qrt", {"x.npy"});
    ASSERT_NE(dataset, nullptr);
    ASSERT_EQ(dataset->size(), c.samples);
    const auto last = dataset->load(c.samples - 1);
    ASSERT_TRUE(last.ok());
    EXPECT_EQ(last->inputs[0].shape, c.shape);
    const std::vector<float> values = floats(*dataset, c.samples - 1);
    ASSERT_EQ(values.size(), 12 / c.samples);
    EXPECT_EQ(values.back(), 11);
  }
}

TEST_F(DatasetTest, StacksAreCheckedBeforeAnySampleIsRead) {
  write_counting("shape.npy", "(4, 3, 2)", 24);
  expect_refused("add.qrt", {"shape.npy", "shape.npy"}, {"shape.npy", "'a'", "4x3x2", "2x3"});
  write("cut.npy", npy_header("<f4", "(4, 2, 3)") + std::string(95, 'x'));
  expect_refused("add.qrt", {"cut.npy", "cut.npy"}, {"cut.npy", "truncated"});
  write("zero.npy", npy_header("<f4", "(0, 2, 3)"));
  expect_refused("add.qrt", {"zero.npy", "zero.npy"}, {"zero.npy", "no samples", "0x2x3"});
  write_npy<int16_t>("type.npy", "<i2", "(4, 2, 3)", std::vector<int16_t>(24));
  expect_refused("add.qrt", {"type.npy", "type.npy"}, {"type.npy[0]", "holds s16", "wants f32"});
}

TEST_F(DatasetTest, StacksOfFloatsAreQuantizedAndBigEndianOnesTurned) {
  write_npy<float>("f.npy", "<f4", "(2, 2, 2, 3)", std::vector<float>(24, 133));
  const auto quantized = must_open("rgb.qrt", {"f.npy"});
  ASSERT_NE(quantized, nullptr);
  EXPECT_PRED2(contains, notes_, "quantized from float to s8");
  EXPECT_EQ(quantized->load(1)->inputs[0].bytes, std::vector<uint8_t>(12, 5));
  write_floats("two.qrt", {2});
  write("be.npy", npy_header(">f4", "(2, 2)") + std::string("\x3f\x80\0\0\x40\0\0\0"
                                                            "\x40\x40\0\0\x40\x80\0\0",
                                                            16));
  const auto turned = must_open("two.qrt", {"be.npy"});
  ASSERT_NE(turned, nullptr);
  EXPECT_EQ(floats(*turned, 1), (std::vector<float>{3, 4}));
}

TEST_F(DatasetTest, SeveralInputsAreNamedOrInOrderAndEquallyMany) {
  write_counting("two.npy", "(2, 2, 3)", 12);
  write_npy<float>("ten.npy", "<f4", "(2, 2, 3)", std::vector<float>(12, 10));
  write_counting("three.npy", "(3, 2, 3)", 18);
  for (const std::vector<std::string>& data : std::vector<std::vector<std::string>>{
           {"two.npy", "ten.npy"}, {"b=ten.npy", "a=two.npy"}, {"b=ten.npy", "two.npy"}}) {
    const auto dataset = must_open("add.qrt", data);
    ASSERT_NE(dataset, nullptr);
    EXPECT_EQ(dataset->size(), 2u);
    EXPECT_EQ(floats(*dataset, 1, 0)[0], 6);
    EXPECT_EQ(floats(*dataset, 1, 1)[0], 10);
  }
  const auto joined =
      must_open("add.qrt", {"a=two.npy", "a=three.npy", "b=ten.npy", "b=three.npy"});
  ASSERT_NE(joined, nullptr);
  EXPECT_EQ(joined->size(), 5u);
  EXPECT_EQ(floats(*joined, 3)[0], 6);
  expect_refused("add.qrt", {"two.npy"}, {"nothing for 'b'", "--data b=PATH", "'a' f32 2x3"});
  expect_refused("add.qrt", {}, {"nothing for 'a'"});
  expect_refused("add.qrt", {"two.npy", "three.npy"}, {"'a' has 2 samples, 'b' has 3", "or 1"});
  expect_refused("add.qrt", {"two.npy", "ten.npy", "two.npy"}, {"one too many", "'b' f32 2x3"});
  expect_refused("add.qrt", {"c=two.npy"}, {"names none of the model's", "'a' f32 2x3"});
}

TEST_F(DatasetTest, PicturesFollowTheOptionsAndFilesAreNamedWhenTheyDoNotFit) {
  write_bmp("ok.bmp", 2, 2, 100, 50, 0);
  write_bmp("large.bmp", 3, 2, 1, 2, 3);
  write_floats("f.qrt", {1, 2, 2, 3});
  pictures_.mean = "50";
  pictures_.scale = "1/50";
  const auto dataset = must_open("f.qrt", {"ok.bmp", "large.bmp"});
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(floats(*dataset, 0)[0], 1);
  EXPECT_EQ(floats(*dataset, 0)[1], 0);
  const auto large = dataset->load(1);
  ASSERT_FALSE(large.ok());
  EXPECT_PRED2(contains, large.status().message(), "large.bmp");
  EXPECT_PRED2(contains, large.status().message(), "3 x 2");
  pictures_.scale = "much";
  expect_refused("f.qrt", {"ok.bmp"}, {"--scale", "'much'"});
}

TEST_F(DatasetTest, ArraysOfBytesArePixelsWhereMeanOrScaleIsGiven) {
  write_npy<uint8_t>("last.npy", "|u1", "(2, 2, 1, 3)", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  write_npy<uint8_t>("first.npy", "|u1", "(2, 3, 1, 2)", {1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12});
  write_floats("last.qrt", {1, 2, 1, 3});
  write_floats("first.qrt", {1, 3, 1, 2});
  expect_refused("last.qrt", {"last.npy"}, {"holds u8", "wants f32", "--mean and --scale"});
  pictures_.mean = "0,1,2";
  pictures_.scale = "10";
  const auto last = must_open("last.qrt", {"last.npy"});
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(floats(*last, 1), (std::vector<float>{70, 70, 70, 100, 100, 100}));
  const auto first = must_open("first.qrt", {"first.npy"});
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(floats(*first, 1), (std::vector<float>{70, 100, 70, 100, 70, 100}));
  pictures_.mean = "0,1";
  expect_refused("first.qrt", {"first.npy"}, {"--mean has 2 values", "3 channels"});
}

// Whoever writes a model writes them once, and only for inputs that take pictures.
TEST(PictureOptions, AreKeptForInputsThatTakePictures) {
  graph::Graph graph;
  graph.inputs = {graph.add_tensor("image", rt::DType::F32, {1, 4, 4, 3}),
                  graph.add_tensor("sound", rt::DType::F32, {1, 16000})};
  graph.metadata = {{"input:image", "resize"}, {"labels", "a"}};
  cli::PictureArguments arguments;
  EXPECT_TRUE(cli::keep_picture_options(arguments, &graph).ok());
  EXPECT_EQ(graph.metadata[0].second, "resize");
  arguments.mean = "1,2,3";
  EXPECT_TRUE(cli::keep_picture_options(arguments, &graph).ok());
  const std::vector<std::pair<std::string, std::string>> kept = {{"labels", "a"},
                                                                 {"input:image", "mean=1,2,3"}};
  EXPECT_EQ(graph.metadata, kept);
  graph.inputs.erase(graph.inputs.begin());
  EXPECT_FALSE(cli::keep_picture_options(arguments, &graph).ok());
}

TEST(Samples, NumbersAreSpreadEvenlyAndTheOthersHeldBack) {
  using V = std::vector<size_t>;
  EXPECT_EQ(quantize::spread(10, 4), (V{0, 2, 5, 7}));
  EXPECT_EQ(quantize::spread(3, 5), (V{0, 1, 2}));
  EXPECT_EQ(quantize::spread(3, 0), V());
  const size_t large = SIZE_MAX / 4 + 1;
  EXPECT_EQ(quantize::spread(large, 3)[2], large / 3 * 2);
  EXPECT_EQ(quantize::others(5, {0, 3}), (V{1, 2, 4}));
  EXPECT_EQ(quantize::range(2, 5), (V{2, 3, 4}));
}

}  // namespace
}  // namespace qrt::test
