// Published float models whose makers ship integer versions: ours come closer to the float one.
// MLPerf Tiny's anomaly detector, CIFAR-10 ResNet and visual wake words, on inputs and float
// outputs of tests/golden.
#include <cmath>
#include <filesystem>
#include <random>

#include "tests/support/cli.h"
#include "tests/support/npy_file.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;

class QuantizeModels : public CliTest {
 protected:
  const std::string models_ = kTestModels;

  void SetUp() override {
    if (!fs::exists(models_ + "/tflite/ad01_fp32.tflite")) GTEST_SKIP() << "no " << models_;
  }

  // 32 arrays of noise, as some of the golden inputs are, but from another seed.
  void write_noise(const std::string& name, const std::string& shape, size_t elements) {
    std::mt19937 random(21);
    std::normal_distribution<float> normal;
    std::vector<float> values(32 * elements);
    for (float& value : values) value = normal(random);
    write_npy<float>(name, "<f4", "(32, " + shape + ")", values);
  }

  // Of all golden cases together.
  double sqnr_db(const std::string& model) {
    double signal = 0, noise = 0;
    for (const auto& entry : fs::directory_iterator(models_ + "/golden")) {
      const std::string name = entry.path().filename();
      const std::string ending = ".in0.npy";
      if (name.rfind(model + ".", 0) != 0 || name.size() < ending.size() ||
          name.compare(name.size() - ending.size(), ending.size(), ending) != 0) {
        continue;
      }
      const Ran ran = qrt("run out.qrt --input " + entry.path().string() + " --output o");
      EXPECT_EQ(ran.exit_code, 0) << ran.err;
      const std::string stem = name.substr(0, name.size() - ending.size());
      const std::vector<double> wanted =
          numbers(read_npy(models_ + "/golden/" + stem + ".out0.npy"));
      const std::vector<double> got = numbers(read_npy(path("o.0.npy")));
      EXPECT_EQ(wanted.size(), got.size());
      for (size_t i = 0; i < std::min(wanted.size(), got.size()); ++i) {
        const double x = wanted[i], e = got[i] - x;
        signal += x * x;
        noise += e * e;
      }
    }
    EXPECT_GT(signal, 0) << model;
    return 10 * std::log10(signal / noise);
  }
  // Pictures that are none of the golden ones, and noise.
  void write_list() {
    std::string list;
    for (const char* name : {"dog_segmentation.bmp", "hot_dog.jpg", "pets.jpg", "squat.bmp"}) {
      list += models_ + "/images/" + name + "\n";
    }
    write("list.txt", list + "noise.npy\n");
  }
  void quantize(const std::string& model, const std::string& data) {
    const Ran ran =
        qrt("quantize " + models_ + "/tflite/" + model + ".tflite out.qrt --data " + data);
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
  }
};

// The integer files that are shipped beside score 26.0, 10.2 and 8.3 dB by the same measure; three
// decibels more are half the noise.
TEST_F(QuantizeModels, AnomalyDetectorIsCloserThanTheShippedOne) {
  write_noise("noise.npy", "640", 640);
  quantize("ad01_fp32", "noise.npy");
  EXPECT_GT(sqnr_db("ad01_fp32"), 29.0);
}

TEST_F(QuantizeModels, ResNetIsCloserThanTheShippedOne) {
  write_noise("noise.npy", "32, 32, 3", 32 * 32 * 3);
  write_list();
  quantize("pretrainedResnet", "list.txt --resize --mean 127.5 --scale 1/127.5");
  EXPECT_GT(sqnr_db("pretrainedResnet"), 13.2);
}

TEST_F(QuantizeModels, VisualWakeWordsAreCloserThanTheShippedOne) {
  write_noise("noise.npy", "96, 96, 3", 96 * 96 * 3);
  write_list();
  quantize("vww_96_float", "list.txt --resize --mean 127.5 --scale 1/127.5");
  EXPECT_GT(sqnr_db("vww_96_float"), 11.3);
}

}  // namespace
}  // namespace qrt::test
