// Real models, whole and damaged.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include "src/graph/passes.h"
#include "src/import/import.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

using graph::DType;
using graph::Graph;
using graph::Node;
using graph::Value;
using ShapeList = std::vector<int32_t>;

const Value& input_of(const Graph& graph, size_t node, size_t input) {
  return graph.value(graph.nodes[node].inputs[input]);
}

std::vector<uint8_t> read_model(const std::string& name) {
  std::ifstream file(std::string(kTestModels) + "/tflite/" + name + ".tflite", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(TfliteImport, RealModelsHaveTheirOperators) {
  if (!std::filesystem::exists(std::string(kTestModels) + "/tflite")) {
    GTEST_SKIP() << "no models in " << kTestModels;
  }
  const std::map<std::string, std::string> expected = {
      {"ad01_fp32", "FullyConnected:10"},
      {"ad01_int8", "FullyConnected:10"},
      {"deeplabv3_mnv2_dm05_pascal_quant",
       "ArgReduce:1 Binary.Add:10 Concat:1 Conv2D:55 Pool2D.Average:1 Quantize:1 Resize:3"},
      {"hello_world_int8", "FullyConnected:3"},
      {"keras_lstm_mnist_ptq", "FullyConnected:1 Lstm:1 Quantize:2 Reshape:1 Softmax:1"},
      {"kws_ref_model", "Conv2D:9 FullyConnected:1 Pool2D.Average:1 Reshape:1 Softmax:1"},
      {"kws_ref_model_float32", "Conv2D:9 FullyConnected:1 Pool2D.Average:1 Reshape:1 Softmax:1"},
      {"micro_speech_quantized", "Conv2D:1 FullyConnected:1 Reshape:2 Softmax:1"},
      {"mobilenet_v1_0.25_128_quant", "Conv2D:28 Pool2D.Average:1 Reshape:1 Softmax:1"},
      {"mobilenet_v2_1.0_224_quant",
       "Binary.Add:10 Conv2D:53 Pool2D.Average:1 Reshape:1 Softmax:1"},
      {"movenet_single_pose_lightning_ptq",
       "ArgReduce:2 Binary.Add:19 Binary.Div:1 Binary.FloorDiv:2 Binary.Mul:7 Binary.Sub:6 Cast:5 "
       "Concat:5 Conv2D:74 Dequantize:4 GatherNd:4 Quantize:8 Reshape:22 Resize:3 Split:2 "
       "Unary.Logistic:2 Unary.Sqrt:1"},
      {"pretrainedResnet",
       "Binary.Add:3 Conv2D:9 FullyConnected:1 Pool2D.Average:1 Reshape:1 Softmax:1"},
      {"pretrainedResnet_quant",
       "Binary.Add:3 Conv2D:9 FullyConnected:1 Pool2D.Average:1 Reshape:1 Softmax:1"},
      {"tf2_mobilenet_v2_1.0_224_ptq",
       "Binary.Add:10 Conv2D:53 Quantize:2 Reduce.Mean:1 Reshape:1 Softmax:1"},
      {"vww_96_float", "Conv2D:27 FullyConnected:1 Pool2D.Average:1 Reshape:1 Softmax:1"},
      {"vww_96_int8", "Conv2D:27 FullyConnected:1 Pool2D.Average:1 Reshape:1 Softmax:1"},
  };
  for (const auto& [name, wanted] : expected) {
    const std::vector<uint8_t> file = read_model(name);
    ASSERT_FALSE(file.empty()) << name;
    auto graph = import::import_tflite(file.data(), file.size(), name);
    ASSERT_TRUE(graph.ok()) << graph.status().message();
    std::map<std::string, int> counts;
    for (const Node& node : graph->nodes) ++counts[node_kind(node)];
    std::string text;
    for (const auto& [kind, count] : counts) {
      text += (text.empty() ? "" : " ") + kind + ":" + std::to_string(count);
    }
    EXPECT_EQ(text, wanted) << name;
  }
}

TEST(TfliteImport, AnInt8LstmHasItsStatesAndScales) {
  const std::vector<uint8_t> file = read_model("keras_lstm_mnist_ptq");
  if (file.empty()) GTEST_SKIP() << "no models in " << kTestModels;
  auto graph = import::import_tflite(file.data(), file.size(), "lstm");
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  size_t n = 0;
  while (graph->nodes[n].type() != fb::OpOptions::Lstm) ++n;
  const fb::LstmT& lstm = *graph->nodes[n].options.AsLstm();
  EXPECT_EQ(lstm.cell_clip, 10);
  EXPECT_FALSE(lstm.time_major);
  EXPECT_NEAR(lstm.hidden_scale, 0.007782f, 1e-6f);
  EXPECT_EQ(lstm.hidden_zero_point, -1);
  const Value& weights = input_of(*graph, n, 1);
  EXPECT_EQ(weights.shape, (ShapeList{80, 28}));
  EXPECT_EQ(weights.quantization.scales.size(), 80u);
  EXPECT_EQ(weights.quantization.scales[0], weights.quantization.scales[19]);
  EXPECT_NE(weights.quantization.scales[19], weights.quantization.scales[20]);
  EXPECT_EQ(input_of(*graph, n, 2).shape, (ShapeList{80, 20}));
  EXPECT_EQ(input_of(*graph, n, 3).type, DType::S32);
  EXPECT_EQ(input_of(*graph, n, 4).type, DType::S8);
  EXPECT_TRUE(input_of(*graph, n, 4).variable);
  EXPECT_EQ(input_of(*graph, n, 5).type, DType::S16);
  EXPECT_EQ(input_of(*graph, n, 5).quantization.scales[0], 0x1p-12f);
  EXPECT_TRUE(input_of(*graph, n, 5).variable);
}

// Whatever the importer accepts must carry the passes that follow it.
void import_and_rewrite(const uint8_t* data, size_t bytes) {
  auto graph = import::import_tflite(data, bytes, "damaged");
  if (!graph.ok()) {
    EXPECT_FALSE(graph.status().message().empty());
    return;
  }
  EXPECT_TRUE(graph::u8_to_s8(*graph).ok());
  EXPECT_TRUE(graph::fuse_activations(*graph).ok());
  EXPECT_TRUE(graph::remove_dead(*graph).ok());
}

TEST(TfliteImport, ATruncatedModelIsAnError) {
  for (const char* name : {"hello_world_int8", "keras_lstm_mnist_ptq", "kws_ref_model_float32"}) {
    const std::vector<uint8_t> file = read_model(name);
    if (file.empty()) GTEST_SKIP() << "no models in " << kTestModels;
    for (size_t bytes = 0; bytes < file.size(); bytes += 97) {
      // A copy of its own, so that a sanitizer sees a read past the end.
      const std::vector<uint8_t> cut(file.begin(), file.begin() + static_cast<ptrdiff_t>(bytes));
      EXPECT_FALSE(import::import_tflite(cut.data(), cut.size(), name).ok()) << bytes;
    }
  }
}

TEST(TfliteImport, ADamagedByteDoesNoHarm) {
  for (const char* name : {"hello_world_int8", "keras_lstm_mnist_ptq", "micro_speech_quantized"}) {
    const std::vector<uint8_t> file = read_model(name);
    if (file.empty()) GTEST_SKIP() << "no models in " << kTestModels;
    std::mt19937 random(20240229);
    for (int i = 0; i < 2000; ++i) {
      std::vector<uint8_t> damaged = file;
      damaged[random() % damaged.size()] ^= static_cast<uint8_t>(1 + random() % 255);
      import_and_rewrite(damaged.data(), damaged.size());
    }
  }
}

}  // namespace
}  // namespace qrt::test
