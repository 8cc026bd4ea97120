// Float activations with integer weights at the extremes: the longest sums that are allowed, of the
// largest values that there are, against sums in double.
#include <algorithm>
#include <cmath>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

constexpr int32_t kLongest = 65536;

struct Case {
  float low, high;  // the activations, which take turns: the more of high, the more they are
  int8_t weight;
  int32_t zero_point;  // of the weights
};

// Sums of (q - z)(w - zw) may need 33 bits.
const std::vector<Case> kCases = {{0.0f, 1.0f, 127, -128},  {0.0f, 1.0f, -128, 127},
                                  {-1.0f, 0.0f, 127, -128}, {-1.0f, 0.0f, -128, 127},
                                  {-1.0f, 1.0f, 127, -128}, {-1.0f, 1.0f, -128, 127},
                                  {-1.0f, 1.0f, -128, -128}};

// Row 0 is all `high` but for one `low`, row 1 the opposite.
std::vector<float> activations(const Case& c) {
  std::vector<float> values(2 * kLongest, c.high);
  std::fill(values.begin() + kLongest, values.end(), c.low);
  values[0] = c.low;
  values.back() = c.high;
  return values;
}

// What one output should be: quantized as the operator does, summed in double.
float expected(const Case& c, const float* row, float weight_scale) {
  const float low = std::min(c.low, 0.0f), high = std::max(c.high, 0.0f);
  const double exact_scale = (static_cast<double>(high) - low) / 255.0;
  const auto scale = static_cast<float>(exact_scale);
  const double zero = std::clamp(std::nearbyint(-128.0 - low / exact_scale), -128.0, 127.0);
  double sum = 0;
  for (int32_t i = 0; i < kLongest; ++i) {
    const auto steps = static_cast<double>(row[i] * (1.0f / scale));
    const double q = std::clamp(std::nearbyint(steps) + zero, -128.0, 127.0);
    sum += (q - zero) * (c.weight - c.zero_point);
  }
  return static_cast<float>(sum) * (scale * weight_scale);
}

TEST(DynamicQuantization, TheLongestSumsOfTheLargestValuesAreExact) {
  constexpr float kWeightScale = 0.25f;
  for (const Case& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.low << " to " << c.high << ", weights " << int{c.weight}
                                    << " less " << c.zero_point);
    const std::vector<float> in = activations(c);
    const std::vector<float> out = {expected(c, in.data(), kWeightScale),
                                    expected(c, in.data() + kLongest, kWeightScale)};
    Array weights = array_of<int8_t>({1, kLongest}, std::vector<int8_t>(kLongest, c.weight));
    weights.quantization = {{kWeightScale}, {c.zero_point}, -1, 0};
    expect_node(fb::FullyConnectedT(), {array_of({2, kLongest}, in), as_constant(weights)},
                {array_of<float>({2, 1}, out)});
    weights.shape = {1, 16, 16, 256};
    fb::Conv2DT options;
    options.window = std::make_unique<fb::Window2DT>();
    for (size_t row = 0; row < 2; ++row) {  // each image has a range of its own
      const auto first = in.begin() + static_cast<std::ptrdiff_t>(row * kLongest);
      expect_node(options,
                  {array_of({1, 16, 16, 256}, std::vector<float>(first, first + kLongest)),
                   as_constant(weights)},
                  {array_of<float>({1, 1, 1, 1}, {out[row]})});
    }
  }
}

TEST(DynamicQuantization, ValuesTooSmallForAStepAreZero) {
  Array weights = array_of<int8_t>({1, 2}, {1, 1});
  weights.quantization = {{1.0f}, {}, -1, 0};
  for (float tiny : {1e-45f, 1e-40f, 1e-37f}) {
    expect_node(fb::FullyConnectedT(), {array_of<float>({1, 2}, {tiny, 0}), as_constant(weights)},
                {array_of<float>({1, 1}, {0.0f})});
  }
}

}  // namespace
}  // namespace qrt::test
