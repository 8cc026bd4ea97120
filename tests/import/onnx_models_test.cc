// Real models in ONNX: what becomes of them, and whether they answer as they should.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "tests/import/onnx_builder.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;

std::vector<uint8_t> read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

::onnx::ModelProto read_model(const fs::path& path) {
  ::onnx::ModelProto model;
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(model.ParseFromIstream(&stream)) << path;
  return model;
}

// The elements of a .npy file of bytes; `type` says which of the two kinds.
std::vector<double> read_codes(const fs::path& path, rt::DType* type) {
  const std::vector<uint8_t> file = read_file(path);
  const auto begin = std::find(file.begin(), file.end(), '\n');
  const std::string header(file.begin(), begin);
  EXPECT_NE(begin, file.end()) << path;
  *type = header.find("'|i1'") != std::string::npos ? rt::DType::S8 : rt::DType::U8;
  EXPECT_TRUE(*type == rt::DType::S8 || header.find("'|u1'") != std::string::npos) << path;
  std::vector<double> result;
  for (auto byte = begin + (begin == file.end() ? 0 : 1); byte != file.end(); ++byte) {
    result.push_back(*type == rt::DType::S8 ? static_cast<int8_t>(*byte) : *byte);
  }
  return result;
}

// Three models whose weights exist as .tflite, too, with what TensorFlow Lite's reference kernels
// answer. The scales in the ONNX files are rounded to six digits, which costs some quantization
// steps more.
struct Bar {
  const char* model;
  double max, mean;  // in quantization steps, on pictures
};

class OnnxModels : public testing::TestWithParam<Bar> {
 protected:
  void SetUp() override {
    if (!fs::exists(fs::path(kTestModels) / "onnx")) {
      GTEST_SKIP() << "no models at " << kTestModels << " (set QRT_TEST_MODELS)";
    }
  }
  fs::path path() const {
    return fs::path(kTestModels) / "onnx" / (std::string(GetParam().model) + ".qdq.onnx");
  }
};

TEST_P(OnnxModels, BecomesIntegerOperatorsAltogether) {
  auto graph = import::import_file(path().string());
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  std::map<std::string, int> counts;
  for (const graph::Node& node : graph->nodes) {
    ++counts[graph::node_kind(node)];
    for (int v : node.inputs) {
      if (v == graph::kAbsent || graph->value(v).type != rt::DType::F32) continue;
      EXPECT_EQ(node.type(), fb::OpOptions::Quantize) << node.name << " reads floats";
    }
  }
  EXPECT_EQ(counts["Quantize"], 1);
  EXPECT_EQ(counts["Dequantize"], 1);
  EXPECT_EQ(counts["Transpose"], 1) << "only the picture is moved, as bytes";
  EXPECT_EQ(counts["Unary.Clip"], 0) << "activations are part of their layers";
  std::string all;
  for (const auto& [kind, count] : counts) all += " " + kind + "=" + std::to_string(count);
  std::printf("  %s:%s\n", GetParam().model, all.c_str());
}

TEST_P(OnnxModels, AnswersLikeTheSameWeightsInTensorFlowLite) {
  const Bar& bar = GetParam();
  auto graph = import::import_file(path().string());
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  const auto scale_of = [&](fb::OpOptions type, bool written) {
    for (const graph::Node& node : graph->nodes) {
      if (node.type() != type) continue;
      return graph->value(written ? node.outputs[0] : node.inputs[0]).quantization;
    }
    return graph::Quantization{};
  };
  // The integers inside are s8.
  const graph::Quantization in = scale_of(fb::OpOptions::Quantize, true);
  const graph::Quantization out = scale_of(fb::OpOptions::Dequantize, false);
  ASSERT_FALSE(in.empty() || out.empty());
  const std::vector<int32_t> nchw = graph->value(graph->inputs[0]).shape;
  const auto channels = static_cast<size_t>(nchw[1]),
             plane = static_cast<size_t>(nchw[2] * nchw[3]);
  Loaded loaded = must_load(*graph);
  ASSERT_NE(loaded.session, nullptr);

  for (const char* picture : {"bird", "cat", "sunflower"}) {
    const std::string prefix =
        (fs::path(kTestModels) / "golden" / bar.model).string() + "." + picture;
    rt::DType input_type, output_type;
    const std::vector<double> pixels = read_codes(prefix + ".in0.npy", &input_type);
    const std::vector<double> expected = read_codes(prefix + ".out0.npy", &output_type);
    ASSERT_EQ(pixels.size(), channels * plane);
    const int32_t input_zero = in.zero_point() + (input_type == rt::DType::U8 ? 128 : 0);
    std::vector<float> numbers(pixels.size());
    for (size_t i = 0; i < plane; ++i) {
      for (size_t c = 0; c < channels; ++c) {
        numbers[c * plane + i] =
            static_cast<float>((pixels[i * channels + c] - input_zero) * in.scales[0]);
      }
    }
    loaded.set(0, numbers);
    loaded.run();
    const std::vector<float> answer = loaded.get<float>();
    ASSERT_EQ(answer.size(), expected.size());
    const int32_t output_zero = out.zero_point() + (output_type == rt::DType::U8 ? 128 : 0);
    double max = 0, sum = 0;
    for (size_t i = 0; i < answer.size(); ++i) {
      const double code = answer[i] / out.scales[0] + output_zero;
      max = std::max(max, std::fabs(code - expected[i]));
      sum += std::fabs(code - expected[i]);
    }
    const double mean = sum / static_cast<double>(answer.size());
    std::printf("  %s.%s: max %g, mean %g steps\n", bar.model, picture, max, mean);
    EXPECT_LE(max, bar.max) << picture;
    EXPECT_LE(mean, bar.mean) << picture;
    EXPECT_EQ(std::max_element(answer.begin(), answer.end()) - answer.begin(),
              std::max_element(expected.begin(), expected.end()) - expected.begin())
        << "best class on " << picture;
  }
}

// Changed bytes in a real file. Its weights make most of it: the first kilobytes, where the nodes
// stand, are what matters.
TEST_P(OnnxModels, ScratchedFilesAreRefusedOrRead) {
  const std::vector<uint8_t> whole = read_file(path());
  ::onnx::ModelProto model = read_model(path());
  // Weights of zero elements' bytes keep the rounds short; what they break is reported as such.
  for (auto& tensor : *model.mutable_graph()->mutable_initializer()) {
    if (tensor.raw_data().size() > 4096) tensor.clear_raw_data();
  }
  const std::string text = model.SerializeAsString();
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    std::vector<uint8_t> bytes(text.begin(), text.end());
    for (int changes = 0; changes < 3; ++changes) {
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    }
    (void)import::import_onnx(bytes.data(), bytes.size(), "scratched").ok();
    const size_t cut = random() % whole.size();
    (void)import::import_onnx(whole.data(), cut, "cut").ok();
  }
}

INSTANTIATE_TEST_SUITE_P(Qdq, OnnxModels,
                         testing::Values(Bar{"pretrainedResnet_quant", 7, 1},
                                         Bar{"vww_96_int8", 4, 2},
                                         Bar{"tf2_mobilenet_v2_1.0_224_ptq", 15, 0.02}),
                         [](const auto& test) {
                           std::string name = test.param.model;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

// The example in this repository, in float and as PyTorch's quantization-aware training left it.
TEST(OnnxDigits, BothNetworksGiveTheSameAnswer) {
  const fs::path folder = fs::path(kSourceDir) / "examples" / "digits";
  auto floats = import::import_file((folder / "digits_float.onnx").string());
  auto integers = import::import_file((folder / "digits_int8.qdq.onnx").string());
  ASSERT_TRUE(floats.ok()) << floats.status().message();
  ASSERT_TRUE(integers.ok()) << integers.status().message();
  EXPECT_EQ(count_kind(*integers, "Quantize"), 1u);
  EXPECT_EQ(count_kind(*integers, "Transpose"), 0u) << "one channel needs none";
  for (const graph::Node& node : integers->nodes) {
    if (node.type() != fb::OpOptions::Conv2D) continue;
    EXPECT_EQ(integers->value(node.inputs[0]).type, rt::DType::S8) << node.name;
  }
  // A bar, as a one is drawn.
  std::vector<float> picture(28 * 28, 0.0f);
  for (size_t y = 4; y < 24; ++y) picture[y * 28 + 13] = picture[y * 28 + 14] = 1.0f;
  const auto best = [&](const graph::Graph& graph) {
    const std::vector<float> answer = run_floats(graph, {picture});
    return std::max_element(answer.begin(), answer.end()) - answer.begin();
  };
  EXPECT_EQ(best(*floats), 1);
  EXPECT_EQ(best(*integers), 1);
}

}  // namespace
}  // namespace qrt::test
