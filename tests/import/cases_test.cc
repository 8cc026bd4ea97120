// Models made from reports of what other converters and this one got wrong, one folder a report.
// For each the table says what is right now: the answers in the folder, or a refusal in the right
// words.
#include <gtest/gtest.h>

#include <cctype>
#include <cstring>
#include <filesystem>

#include "tests/support/import_file.h"
#include "tests/support/npy_file.h"
#include "tests/support/open_model.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* folder;
  const char* model;
  // Either words that the refusal must hold, or files: an input, and the output it gives.
  std::vector<std::string> words;
  const char* input = nullptr;
  const char* expected = nullptr;
  double tolerance = 0;  // in units of the output; of codes where it is quantized
};

const Case kCases[] = {
    {"cast_to_double", "m.onnx", {}, "i0.npy", "want.0.npy"},
    {"int4_weights", "o9_int4_blk.onnx", {}},
    {"int4_weights", "o9_int4_pc.onnx", {}},
    {"int4_weights", "w4_conv.tflite", {}},
    {"int4_weights", "w4_fc_dyn.tflite", {}},
    {"onnx_integer_operators", "o4.onnx", {}},
    {"onnx_integer_operators", "o5.onnx", {}},
    {"onnx_opset9_message", "slice9.onnx", {}},
    {"onnx_opset9_message", "slice9b.onnx", {}},
    {"onnx_qdq_floor_ceil_round", "o7_Floor.onnx", {}, "x.npy", "expected_Floor.npy"},
    {"onnx_resize_nearest_scales", "resize_1p2.onnx", {}, "x.npy", "expected_1p2.npy"},
    {"onnx_uint16_qdq", "o8_u16_21.onnx", {"QuantizeLinear: elements of type UINT16"}},
    {"onnx_uint16_qdq", "o8_u16_ms.onnx", {"QuantizeLinear: elements of type UINT16"}},
    {"resize_nearest_sizes_14_to_18", "m.onnx", {}, "i0.npy", "want.0.npy"},
    {"resize_scale_1.3_shape", "m.onnx", {}, "i0.npy", "want.0.npy"},
    {"tflite_int16x8", "i16_add.tflite", {}},
    {"tflite_int16x8", "i16_conv.tflite", {}},
    {"tflite_int16x8", "i16_fc.tflite", {}},
    {"tflite_int16x8", "i16_logistic.tflite", {}},
    {"tflite_int16x8", "i16_mul.tflite", {}},
    {"tflite_log_softmax_int8", "sm_log.tflite", {}},
    {"tflite_log_softmax_int8", "sm_s16.tflite", {}},
    {"tflite_prelu_int8", "r7_prelu.tflite", {}, "x.npy", "expected.npy", 1},
    {"tflite_space_to_batch", "r1_f32.tflite", {}, "x_f32.npy", "expected_f32.npy", 1e-5},
    {"tflite_space_to_batch", "r1_s8.tflite", {}, "x_s8.npy", "expected_s8.npy", 1},
    {"tflite_two_signatures", "twosig.tflite", {}},
    {"tflite_transpose_conv_int8", "r20_tconv.tflite", {}, "x.npy", "expected_by_tflite.npy", 1},
    {"tflite_transpose_conv_int8", "o1.onnx", {}},
    {"onnx_resize_linear_scale", "rz_tvm19698_lin.onnx", {}},
};

fs::path folder_of_cases() { return fs::path(kTestModels).parent_path() / "cases"; }

void expect_answers(const Case& c, const Imported& imported) {
  auto session = rt::Session::create(imported.program);
  ASSERT_TRUE(session.ok()) << session.status().message();
  if (c.input == nullptr) return;
  const cli::NpyArray input = read_npy(folder_of_cases() / c.folder / c.input);
  const cli::NpyArray want = read_npy(folder_of_cases() / c.folder / c.expected);
  ASSERT_EQ((*session)->input_bytes(0), input.data.size());
  std::memcpy((*session)->input_data(0), input.data.data(), input.data.size());
  (void)(*session)->run();
  cli::NpyArray got;
  got.type = (*session)->output(0).type;
  const auto* out = static_cast<const uint8_t*>((*session)->output_data(0));
  got.data.assign(out, out + (*session)->output_bytes(0));
  ASSERT_EQ(got.type, want.type);
  ASSERT_EQ(got.data.size(), want.data.size());
  const std::vector<double> ours = numbers(got), theirs = numbers(want);
  for (size_t i = 0; i < theirs.size(); ++i) {
    EXPECT_NEAR(ours[i], theirs[i], c.tolerance) << "element " << i;
  }
}

class Cases : public testing::TestWithParam<Case> {};

TEST_P(Cases, AnswersOrSaysWhyNot) {
  const Case& c = GetParam();
  const fs::path path = folder_of_cases() / c.folder / c.model;
  if (!fs::exists(path)) GTEST_SKIP() << "no model at " << path;
  auto built = import_and_build(path.string());
  if (c.words.empty()) {
    ASSERT_TRUE(built.ok()) << built.status().message();
    return expect_answers(c, *built);
  }
  ASSERT_FALSE(built.ok()) << "it is not refused";
  EXPECT_EQ(built.status().code(), rt::Code::Unsupported);
  for (const std::string& word : c.words) {
    EXPECT_NE(built.status().message().find(word), std::string::npos)
        << "'" << word << "' is not in\n"
        << built.status().message();
  }
}

// Models that leave the batch open: the answers of three are those of each.
TEST(OpenCases, ABatchGivesTheAnswersOfItsItems) {
  for (const char* name :
       {"onnx_dynamic_batch_reshape/dynb.onnx", "onnx_dynamic_batch_reshape/dyn_reshape_0m1.onnx",
        "tflite_dynamic_batch_tool/batch1.tflite"}) {
    const fs::path path = folder_of_cases() / name;
    if (!fs::exists(path)) GTEST_SKIP() << "no model at " << path;
    SCOPED_TRACE(name);
    const auto graph = import::import_file(path.string());
    ASSERT_TRUE(graph.ok()) << graph.status().message();
    expect_same_alone_and_in_a_batch(*graph, 3);
  }
}

// Tensors whose shape the file leaves out get it when they are computed.
TEST(OpenCases, ShapesThatTheFileLeavesOut) {
  const std::pair<const char*, rt::Shape> models[] = {{"ns_none", {1, 8, 8, 2}},
                                                      {"ns_mean", {1, 1, 1, 2}},
                                                      {"ns_mirrorpad", {1, 10, 10, 2}},
                                                      {"ns_pad", {1, 10, 10, 2}}};
  for (const auto& [name, shape] : models) {
    const fs::path path =
        folder_of_cases() / "tflite_unknown_shapes" / (std::string(name) + ".tflite");
    if (!fs::exists(path)) GTEST_SKIP() << "no model at " << path;
    SCOPED_TRACE(name);
    auto imported = import_and_build(path.string());
    ASSERT_TRUE(imported.ok()) << imported.status().message();
    auto session = rt::Session::create(imported->program);
    ASSERT_TRUE(session.ok()) << session.status().message();
    EXPECT_EQ((*session)->output_shape(0), shape) << (*session)->output_shape(0).str();
    EXPECT_TRUE((*session)->run().ok());
  }
}

INSTANTIATE_TEST_SUITE_P(Reports, Cases, testing::ValuesIn(kCases),
                         [](const testing::TestParamInfo<Case>& tested) {
                           std::string name =
                               std::string(tested.param.folder) + "_" + tested.param.model;
                           for (char& c : name) {
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace qrt::test
