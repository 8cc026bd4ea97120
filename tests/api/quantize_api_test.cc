// qrt::quantize_model: the quantizer from C++.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "qrt/quantize.hpp"
#include "src/base/memory.h"
#include "src/graph/graph.h"
#include "src/graph/writer.h"

namespace qrt::test {
namespace {

constexpr size_t kInputs = 32, kOutputs = 8;

class QuantizeApi : public ::testing::Test {
 protected:
  QuantizeApi() {
    graph::Graph graph;
    std::vector<float> weights(kInputs * kOutputs);
    for (size_t i = 0; i < weights.size(); ++i) weights[i] = std::sin(static_cast<float>(i * i));
    const int x = graph.add_tensor("x", rt::DType::F32, {1, kInputs});
    const int w = graph.add_constant("w", {kOutputs, kInputs}, weights);
    const int y = graph.add_tensor("y", rt::DType::F32, {1, kOutputs});
    graph.inputs = {x};
    graph.outputs = {y};
    graph.add_node("dense", fb::FullyConnectedT(), {x, w}, {y});
    file_ = load(*graph::serialize(graph));
  }

  struct Loaded {
    rt::AlignedBuffer bytes;
    std::optional<Model> model;
  };
  static Loaded load(const std::vector<uint8_t>& file) {
    Loaded loaded;
    loaded.bytes = rt::allocate_aligned(file.size());
    std::memcpy(loaded.bytes.get(), file.data(), file.size());
    auto model = Model::load_buffer(loaded.bytes.get(), file.size());
    EXPECT_TRUE(model.ok()) << model.status().message();
    if (model.ok()) loaded.model = std::move(*model);
    return loaded;
  }
  static std::vector<float> numbers(size_t i) {
    std::vector<float> values(kInputs);
    for (size_t k = 0; k < kInputs; ++k) values[k] = std::cos(static_cast<float>(7 * i + k * k));
    return values;
  }
  static std::vector<QuantizeInput> sample(size_t i) {
    const std::vector<float> values = numbers(i);
    QuantizeInput input = {{1, kInputs}, {}};
    const auto* begin = reinterpret_cast<const uint8_t*>(values.data());
    input.bytes.assign(begin, begin + kInputs * sizeof(float));
    return {input};
  }
  static std::vector<float> answer(const Model& model) {
    auto session = Session::create(model);
    EXPECT_TRUE(session.ok());
    std::vector<float> result(kOutputs);
    EXPECT_TRUE(session->set_input(0, numbers(3)).ok());
    EXPECT_TRUE(session->run().ok());
    EXPECT_TRUE(session->get_output(0, result).ok());
    return result;
  }

  const Model& model() const { return *file_.model; }
  Loaded file_;
};

TEST_F(QuantizeApi, MakesAFileThatAnswersAlike) {
  QuantizedModel result;
  const Status status = quantize_model(model(), 40, sample, {}, &result);
  ASSERT_TRUE(status.ok()) << status.message();
  ASSERT_EQ(result.operators.size(), 1u);
  EXPECT_EQ(result.operators[0].scheme, "s8");
  EXPECT_GT(result.sqnr_db, 30);
  const Loaded quantized = load(result.file);
  const std::vector<float> before = answer(model()), after = answer(*quantized.model);
  for (size_t i = 0; i < kOutputs; ++i) EXPECT_NEAR(before[i], after[i], 0.1f);
}

TEST_F(QuantizeApi, SaysWhatIsWrongAndLeavesTheResult) {
  QuantizedModel result;
  result.sqnr_db = 7;
  QuantizeOptions options;
  options.scheme = "s9";
  Status status = quantize_model(model(), 4, sample, options, &result);
  EXPECT_EQ(status.code(), QRT_INVALID_ARGUMENT);
  EXPECT_NE(std::string(status.message()).find("s9"), std::string::npos);
  status = quantize_model(
      model(), 4, [](size_t) { return std::vector<QuantizeInput>(); }, {}, &result);
  EXPECT_EQ(status.code(), QRT_INVALID_ARGUMENT);
  EXPECT_NE(std::string(status.message()).find("sample 0"), std::string::npos);
  options = {};
  options.progress = [](const char*, size_t done, size_t) { return done < 2; };
  status = quantize_model(model(), 4, sample, options, &result);
  EXPECT_EQ(status.code(), QRT_CANCELLED);
  EXPECT_EQ(result.sqnr_db, 7);
  EXPECT_TRUE(result.file.empty());
}

}  // namespace
}  // namespace qrt::test
