// Real models against the outputs of TensorFlow Lite's reference kernels, which we did not write.
// The bar, per model: no further from the reference than TensorFlow Lite's own XNNPACK delegate is,
// at most and on average; and the same best class on every picture. README.md names the exceptions.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "src/cli/model_source.h"
#include "tests/support/npy_file.h"
#include "tests/support/paths.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;

struct Bar {
  const char* model;
  double max, mean;    // of the XNNPACK delegate, in output steps, or real units for float outputs
  bool classifier;     // the pictures' best class must be the reference's
  bool pictures_only;  // random inputs are noise to this model
  double excess = 0;   // of the mean: an exception, which README.md must name
};

// Float operators add in whatever order is fastest; differences of this size carry no information.
constexpr double kFloatNoise = 1e-6;

constexpr Bar kBars[] = {
    {"ad01_fp32", 3.96e-05, 8.58e-06, false, false},
    {"ad01_int8", 0, 0, false, false},
    // Ours is 0.0111: of the peer's mean, two digits are known.
    {"deeplabv3_mnv2_dm05_pascal_quant", 1, 0.011, false, false, 0.0002},
    {"hello_world_int8", 0, 0, false, false},
    {"keras_lstm_mnist_ptq", 0, 0, true, false},
    {"kws_ref_model", 9, 0.75, false, false},
    {"kws_ref_model_float32", 0.0074, 0.0015, false, false},
    {"micro_speech_quantized", 0, 0, true, false},
    {"mobilenet_v1_0.25_128_quant", 19, 0.0218, true, false},
    {"mobilenet_v2_1.0_224_quant", 4, 0.012, true, false},
    {"movenet_single_pose_lightning_ptq", 0.369, 0.0424, false, true},
    {"pretrainedResnet", 3.58e-07, 4.4e-08, true, false},
    {"pretrainedResnet_quant", 7, 0.5, true, false},
    {"tf2_mobilenet_v2_1.0_224_ptq", 15, 0.012, true, false},
    {"vww_96_float", 1.42e-07, 7.19e-08, true, false},
    {"vww_96_int8", 4, 0.8, true, false},
};

// How far two outputs are apart. Class maps differ or agree: their distance is not a number.
struct Difference {
  double max = 0, sum = 0;
  size_t elements = 0;
  bool same_best = true;

  void add(const std::vector<double>& ours, const std::vector<double>& reference, bool classes) {
    ASSERT_EQ(ours.size(), reference.size());
    for (size_t i = 0; i < ours.size(); ++i) {
      double d = std::fabs(ours[i] - reference[i]);
      if (classes) d = d != 0;
      if (!(d <= max)) max = d;
      sum += d;
    }
    elements += ours.size();
    same_best = std::max_element(ours.begin(), ours.end()) - ours.begin() ==
                std::max_element(reference.begin(), reference.end()) - reference.begin();
  }
  double mean() const { return elements == 0 ? 0 : sum / static_cast<double>(elements); }
};

std::set<std::string> cases_of(const fs::path& folder, const std::string& model) {
  std::set<std::string> cases;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const size_t end = name.rfind(".in0.npy");
    if (end != std::string::npos && name.compare(0, model.size() + 1, model + ".") == 0) {
      cases.insert(name.substr(model.size() + 1, end - model.size() - 1));
    }
  }
  return cases;
}

class Golden : public testing::TestWithParam<Bar> {};

TEST_P(Golden, IsAsCloseAsThePeer) {
  const Bar& bar = GetParam();
  const fs::path models = kTestModels;
  if (!fs::exists(models / "golden")) {
    GTEST_SKIP() << "no reference outputs at " << models << " (set QRT_TEST_MODELS)";
  }
  const std::string path = (models / "tflite" / (std::string(bar.model) + ".tflite")).string();
  auto model = cli::open_model(path);
  ASSERT_TRUE(model.ok()) << model.status().message();
  auto program = rt::Program::build(model->model);
  ASSERT_TRUE(program.ok()) << program.status().message();
  auto session = rt::Session::create(*program);
  ASSERT_TRUE(session.ok()) << session.status().message();

  Difference total;
  size_t count = 0;
  for (const std::string& name : cases_of(models / "golden", bar.model)) {
    const bool random = name.compare(0, 6, "random") == 0;
    if (bar.pictures_only && random) continue;
    const std::string prefix = (models / "golden" / bar.model).string() + "." + name;
    const cli::NpyArray in = read_npy(prefix + ".in0.npy");
    ASSERT_EQ(in.type, (*session)->input(0).type);
    ASSERT_EQ(in.data.size(), (*session)->input_bytes(0));
    (*session)->reset_state();
    std::memcpy((*session)->input_data(0), in.data.data(), in.data.size());
    must_run(**session);
    const cli::NpyArray reference = read_npy(prefix + ".out0.npy");
    const rt::DType type = (*session)->output(0).type;
    const bool classes = type == rt::DType::S64;
    total.add(numbers(type, (*session)->output_data(0), (*session)->output_bytes(0)),
              numbers(reference), classes);
    if (bar.classifier && !random) {
      EXPECT_TRUE(total.same_best) << "best class differs on " << name;
    }
    ++count;
  }
  std::printf("  %s: %zu cases, max %g (peer %g), mean %g (peer %g)\n", bar.model, count, total.max,
              bar.max, total.mean(), bar.mean);
  EXPECT_GE(count, 2u);
  const double noise = bar.max > 0 && bar.max < kFloatNoise ? kFloatNoise : 0;
  EXPECT_LE(total.max, bar.max + noise);
  EXPECT_LE(total.mean(), bar.mean + noise + bar.excess);
}

// Whatever has reference outputs is compared: no bar is left out, and none is without its model.
TEST(GoldenModels, AllHaveABar) {
  const fs::path models = kTestModels;
  if (!fs::exists(models / "golden")) {
    GTEST_SKIP() << "no reference outputs at " << models << " (set QRT_TEST_MODELS)";
  }
  std::set<std::string> with_outputs, with_bar;
  for (const auto& entry : fs::directory_iterator(models / "tflite")) {
    const std::string name = entry.path().stem().string();
    if (!cases_of(models / "golden", name).empty()) with_outputs.insert(name);
  }
  for (const Bar& bar : kBars) with_bar.insert(bar.model);
  EXPECT_EQ(with_bar, with_outputs);
}

std::string name_of(const testing::TestParamInfo<Bar>& info) {
  std::string name = info.param.model;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Models, Golden, testing::ValuesIn(kBars), name_of);

}  // namespace
}  // namespace qrt::test
