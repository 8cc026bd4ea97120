// What calibration remembers, and the ranges that observers choose from it.
#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "src/quantize/range.h"
#include "src/quantize/statistics.h"

namespace qrt::quantize {
namespace {

std::vector<float> normal(size_t n, unsigned seed, float scale = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0, scale);
  std::vector<float> values(n);
  for (float& value : values) value = distribution(random);
  return values;
}

float largest(const std::vector<float>& values) {
  float size = 0;
  for (float value : values) size = std::max(size, std::fabs(value));
  return size;
}

TEST(Histogram, DoesNotDependOnTheOrderOfSamples) {
  std::vector<std::vector<float>> samples;
  // Ranges from 2^-30 to 2^30, so that it doubles often.
  for (unsigned i = 0; i < 12; ++i) {
    samples.push_back(normal(500, i, std::ldexp(1.0f, 5 * static_cast<int>(i) - 30)));
  }
  Histogram forth, back;
  for (const auto& s : samples) forth.add(s.data(), s.size(), largest(s));
  std::reverse(samples.begin(), samples.end());
  for (const auto& s : samples) back.add(s.data(), s.size(), largest(s));
  EXPECT_EQ(forth.exponent(), back.exponent());
  EXPECT_EQ(forth.counts(), back.counts());
  EXPECT_EQ(forth.total(), 12u * 500u);
}

TEST(Histogram, CountsEachValueInItsBin) {
  const std::vector<float> values = {-1.0f, -0.5f, 0.0f, 0.25f, 0.999f, 0.0f};
  Histogram histogram;
  histogram.add(values.data(), values.size(), 1.0f);
  for (int i = 0; i < Histogram::kBins; ++i) {
    const auto inside = [&](float v) {
      return static_cast<double>(v) >= histogram.low(i) &&
             static_cast<double>(v) < histogram.low(i + 1);
    };
    EXPECT_EQ(histogram.count(i),
              static_cast<uint64_t>(std::count_if(values.begin(), values.end(), inside)))
        << "bin " << i;
  }
}

TEST(Statistics, NamesTheFirstValueThatIsNoNumber) {
  std::vector<float> values = {1, 2, NAN, INFINITY};
  ValueStatistics statistics;
  EXPECT_EQ(add_values(values.data(), values.size(), 0, 0, &statistics), 2u);
  values = {1, 2, 3, 4};
  EXPECT_EQ(add_values(values.data(), values.size(), 2, 0, &statistics), 4u);
  EXPECT_EQ(statistics.channels.sum, (std::vector<double>{4, 6}));
  EXPECT_EQ(statistics.channels.max, (std::vector<float>{3, 4}));
}

ValueStatistics seen(const std::vector<float>& values) {
  ValueStatistics statistics;
  EXPECT_EQ(add_values(values.data(), values.size(), 0, 0, &statistics), values.size());
  return statistics;
}

// The mean squared error of quantizing to s8 with this range, element by element.
double error_of(const std::vector<float>& values, const Range& range) {
  const graph::Quantization q = quantization_for(range, rt::DType::S8);
  const auto scale = static_cast<double>(q.scales[0]);
  double sum = 0;
  for (float value : values) {
    const double code = std::clamp(
        std::nearbyint(static_cast<double>(value) / scale) + q.zero_point(), -128.0, 127.0);
    const double e = (code - q.zero_point()) * scale - static_cast<double>(value);
    sum += e * e;
  }
  return sum / static_cast<double>(values.size());
}

TEST(Observers, OfLeastErrorErrLessThanThoseOfAllThatWasSeen) {
  std::vector<float> values = normal(100000, 3);
  values[7] = 60;  // an outlier
  values[8] = -35;
  const ValueStatistics statistics = seen(values);
  const double all = error_of(values, choose_range(statistics, Observer::MinMax, 256));
  const double shrunk = error_of(values, choose_range(statistics, Observer::MseShrunk, 256));
  const double each = error_of(values, choose_range(statistics, Observer::Mse, 256));
  EXPECT_LT(shrunk, all);
  EXPECT_LE(each, shrunk * 1.02);
  // No range that a fine scan finds is much better.
  double best = all;
  for (int low = 1; low <= 60; ++low) {
    for (int high = 1; high <= 60; ++high) {
      best = std::min(best, error_of(std::vector<float>(values.begin(), values.begin() + 5000),
                                     {-35.0 * low / 60, 60.0 * high / 60}));
    }
  }
  EXPECT_LT(error_of(std::vector<float>(values.begin(), values.begin() + 5000),
                     choose_range(seen(std::vector<float>(values.begin(), values.begin() + 5000)),
                                  Observer::Mse, 256)),
            best * 1.1);
}

TEST(Observers, AllHoldZeroAndLieWithinWhatWasSeen) {
  for (float shift : {-3.0f, 0.0f, 5.0f}) {
    std::vector<float> values = normal(20000, 5);
    for (float& value : values) value += shift;
    const ValueStatistics statistics = seen(values);
    const Range all = choose_range(statistics, Observer::MinMax, 256);
    for (Observer observer : {Observer::MovingAverage, Observer::Percentile, Observer::Entropy,
                              Observer::Mse, Observer::MseShrunk}) {
      const Range range = choose_range(statistics, observer, 256);
      EXPECT_LE(range.low, 0) << observer_name(observer);
      EXPECT_GE(range.high, 0) << observer_name(observer);
      EXPECT_GE(range.low, all.low) << observer_name(observer);
      EXPECT_LE(range.high, all.high) << observer_name(observer);
      EXPECT_GT(range.high - range.low, 0.3 * (all.high - all.low)) << observer_name(observer);
    }
  }
}

TEST(Observers, HaveNames) {
  Observer observer;
  EXPECT_TRUE(find_observer("percentile", &observer));
  EXPECT_EQ(observer, Observer::Percentile);
  EXPECT_FALSE(find_observer("best", &observer));
}

TEST(Quantization, CoversTheRangeWithZeroExact) {
  for (const Range range :
       {Range{0, 6}, Range{-1, 0}, Range{-0.3, 5}, Range{-1e-30, 1e-30}, Range{-1e30, 2e30}}) {
    const graph::Quantization q = quantization_for(range, rt::DType::S8);
    const auto scale = static_cast<double>(q.scales[0]);
    EXPECT_NEAR((127 - q.zero_point()) * scale, range.high, 0.51 * scale);
    EXPECT_NEAR((-128 - q.zero_point()) * scale, range.low, 0.51 * scale);
    EXPECT_GE(q.zero_point(), -128);
    EXPECT_LE(q.zero_point(), 127);
  }
  const graph::Quantization nothing = quantization_for({0, 0}, rt::DType::S8);
  EXPECT_EQ(nothing.scales[0], 1.0f);
  const graph::Quantization wide = quantization_for({-2, 1}, rt::DType::S16);
  EXPECT_EQ(wide.zero_point(), 0);
  EXPECT_NEAR(static_cast<double>(wide.scales[0]) * 32767, 2, 1e-5);
}

}  // namespace
}  // namespace qrt::quantize
