// Real models, exported to ONNX and imported again: quantized ones answer bit for bit as before.
#include <algorithm>
#include <filesystem>

#include "tests/export/onnx_round_trip.h"
#include "tests/support/npy_file.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;

graph::Graph imported(const fs::path& path) {
  auto graph = import::import_file(path.string());
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  return graph.ok() ? std::move(*graph) : graph::Graph{};
}

// What the model is given in a golden test: a picture, if there is one.
std::vector<graph::Bytes> golden_inputs(const std::string& model) {
  for (const char* name : {"cat", "random0"}) {
    const fs::path path = fs::path(kTestModels) / "golden" / (model + "." + name + ".in0.npy");
    if (fs::exists(path)) return {read_npy(path).data};
  }
  ADD_FAILURE() << "no golden input of " << model;
  return {};
}

TEST(ExportModels, Digits) {
  for (const char* name : {"digits_float.onnx", "digits_int8.qdq.onnx"}) {
    SCOPED_TRACE(name);
    expect_round_trip(imported(fs::path(kSourceDir) / "examples" / "digits" / name));
  }
}

class RealModels : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    path = fs::path(kTestModels) / "tflite" / (std::string(GetParam()) + ".tflite");
    if (!fs::exists(path)) {
      GTEST_SKIP() << "no models at " << kTestModels << " (set QRT_TEST_MODELS)";
    }
  }
  fs::path path;
};

TEST_P(RealModels, RoundTrip) {
  Allowance allowance = kWholeModel;
  // Coordinates of the likeliest pixels: see tests/golden/golden_test.cc.
  if (std::string(GetParam()).find("movenet") != std::string::npos) allowance.tolerance = 0.369;
  expect_round_trip(imported(path), 1, allowance, golden_inputs(GetParam()));
}

// No feature map is turned more than once on its way in, and once on its way out.
TEST_P(RealModels, FewTransposes) {
  const ::onnx::ModelProto model = parsed(exported(imported(path)));
  const auto transposes =
      std::count_if(model.graph().node().begin(), model.graph().node().end(),
                    [](const ::onnx::NodeProto& node) { return node.op_type() == "Transpose"; });
  // MoveNet looks up coordinates in several maps, which needs their channels last.
  const bool looks_up = std::string(GetParam()).find("movenet") != std::string::npos;
  EXPECT_LE(transposes, looks_up ? 5 : 1);
}

// Left out: keras_lstm_mnist_ptq, whose LSTM is one of floats in ONNX; kws_ref_model_float32, whose
// inputs libqrt quantizes at run time. onnx_judged_test.cc has them.
INSTANTIATE_TEST_SUITE_P(Export, RealModels,
                         testing::Values("ad01_fp32", "ad01_int8",
                                         "deeplabv3_mnv2_dm05_pascal_quant", "hello_world_int8",
                                         "kws_ref_model", "micro_speech_quantized",
                                         "mobilenet_v1_0.25_128_quant",
                                         "mobilenet_v2_1.0_224_quant",
                                         "movenet_single_pose_lightning_ptq", "pretrainedResnet",
                                         "pretrainedResnet_quant", "tf2_mobilenet_v2_1.0_224_ptq",
                                         "vww_96_float", "vww_96_int8"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace qrt::test
