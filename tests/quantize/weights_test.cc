// Weights on their way to integers: scales, rounding, and what makes up for it.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "src/quantize/column_rounding.h"
#include "src/quantize/weights.h"

namespace qrt::quantize {
namespace {

// `outputs` x `inputs`, of a fully connected layer.
FloatWeights random_weights(size_t outputs, size_t inputs, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  FloatWeights w;
  w.outputs = outputs;
  w.per_output = w.in_channels = inputs;
  w.shape = {static_cast<int32_t>(outputs), static_cast<int32_t>(inputs)};
  for (size_t i = 0; i < outputs * inputs; ++i) w.elements.push_back(normal(random));
  return w;
}

// Inputs that have much in common, as those of networks do, with a mean that is not zero.
std::vector<std::vector<double>> inputs_of(size_t count, size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<std::vector<double>> inputs(count, std::vector<double>(size));
  for (auto& x : inputs) {
    const double common = normal(random), other = normal(random);
    for (size_t i = 0; i < size; ++i) {
      x[i] = 0.5 + common + other * static_cast<double>(i % 3) + 0.3 * normal(random);
    }
  }
  return inputs;
}

double output_error(const FloatWeights& w, const IntegerCodes& codes,
                    const std::vector<std::vector<double>>& inputs, double* mean = nullptr) {
  double squares = 0, sum = 0;
  for (const auto& x : inputs) {
    for (size_t o = 0; o < w.outputs; ++o) {
      double e = codes.bias.empty() ? 0 : static_cast<double>(codes.bias[o]);
      for (size_t k = 0; k < w.per_output; ++k) {
        e += (codes.real(o, k, w.per_output) -
              static_cast<double>(w.elements[o * w.per_output + k])) *
             x[k];
      }
      squares += e * e;
      if (o == 0) sum += e;
    }
  }
  if (mean != nullptr) *mean = sum / static_cast<double>(inputs.size());
  return squares;
}

TEST(Weights, ABiasFitsItsSteps) {
  FloatWeights w = random_weights(3, 4, 1);
  w.bias = {1e6f, 0.5f, -2e7f};
  for (size_t k = 0; k < 4; ++k) w.elements[2 * 4 + k] = 0;  // a dead output
  constexpr float kInput = 1e-4f;
  for (bool per_tensor : {false, true}) {
    const std::vector<float> scales = weight_scales(w, 8, per_tensor, kInput);
    for (size_t o = 0; o < 3; ++o) {
      // Of one scale for all, the dead output has no say.
      if (per_tensor && o == 2) continue;
      const float scale = scales[per_tensor ? 0 : o];
      EXPECT_LE(std::fabs(w.bias[o]) / (kInput * scale), 1.01 * (1 << 30));
    }
  }
}

TEST(Weights, BlocksReachFromTheirLeastToTheirLargest) {
  const FloatWeights w = random_weights(5, 80, 2);  // the last block is short
  const IntegerCodes codes = round_blocks(w, 32);
  EXPECT_EQ(codes.scales.size(), 5u * 3u);
  for (size_t o = 0; o < 5; ++o) {
    for (size_t k = 0; k < 80; ++k) {
      const auto step = static_cast<double>(codes.scales[o * 3 + k / 32]);
      EXPECT_NEAR(codes.real(o, k, 80), static_cast<double>(w.elements[o * 80 + k]), 1.01 * step);
    }
  }
}

TEST(Weights, CorrectingTheBiasTakesTheMeanErrorOff) {
  const FloatWeights w = random_weights(4, 24, 3);
  const auto inputs = inputs_of(200, 24, 4);
  ChannelStatistics seen;
  seen.sum.assign(24, 0);
  seen.count = inputs.size();
  for (const auto& x : inputs) {
    for (size_t k = 0; k < 24; ++k) seen.sum[k] += x[k];
  }
  IntegerCodes codes = round_weights(w, 4, weight_scales(w, 4, false, 1));
  double before = 0, after = 0;
  output_error(w, codes, inputs, &before);
  correct_bias(mean_error(w, codes, seen), &codes);
  output_error(w, codes, inputs, &after);
  EXPECT_GT(std::fabs(before), 1e-3);
  EXPECT_LT(std::fabs(after), 1e-5);
}

TEST(Weights, RoundingByTheGramMatrixErrsLess) {
  const FloatWeights w = random_weights(16, 48, 5);
  const auto inputs = inputs_of(400, 48, 6);
  Gram gram;
  gram.k = 48;
  gram.groups = 1;
  gram.count = inputs.size();
  gram.sums.assign(48 * 48, 0);
  for (const auto& x : inputs) {
    for (size_t i = 0; i < 48; ++i) {
      for (size_t j = 0; j < 48; ++j) gram.sums[i * 48 + j] += x[i] * x[j];
    }
  }
  for (const bool blocks : {false, true}) {
    IntegerCodes codes =
        blocks ? round_blocks(w, 16) : round_weights(w, 4, weight_scales(w, 4, false, 1));
    const double plain = output_error(w, codes, inputs);
    round_columns(w, gram, &codes);
    EXPECT_LT(output_error(w, codes, inputs), 0.5 * plain) << (blocks ? "blocks" : "outputs");
  }
}

}  // namespace
}  // namespace qrt::quantize
