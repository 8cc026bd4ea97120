// The search for a mix: exact against all assignments.
#include <random>

#include <gtest/gtest.h>

#include "src/quantize/knapsack.h"
#include "src/quantize/scheme.h"

namespace qrt::quantize {
namespace {

TEST(Knapsack, FindsTheCheapestOfAllChoices) {
  std::mt19937 random(11);
  std::uniform_int_distribution<int> number(0, 20);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::vector<Item>> rows(6);
    for (auto& row : rows) {
      for (int i = 0; i < 3; ++i) {
        row.push_back({static_cast<double>(number(random)), static_cast<double>(number(random))});
      }
    }
    const double most = 40;
    double least = 1e9;
    for (int code = 0; code < 729; ++code) {
      double weight = 0, cost = 0;
      for (int r = 0, c = code; r < 6; ++r, c /= 3) {
        weight += rows[static_cast<size_t>(r)][static_cast<size_t>(c % 3)].weight;
        cost += rows[static_cast<size_t>(r)][static_cast<size_t>(c % 3)].cost;
      }
      if (weight <= most) least = std::min(least, cost);
    }
    // Weights are whole steps of most / 40.
    const std::vector<size_t> chosen = choose_items(rows, most, 40);
    if (least == 1e9) {
      EXPECT_TRUE(chosen.empty());
      continue;
    }
    ASSERT_EQ(chosen.size(), rows.size());
    double weight = 0, cost = 0;
    for (size_t r = 0; r < rows.size(); ++r) {
      weight += rows[r][chosen[r]].weight;
      cost += rows[r][chosen[r]].cost;
    }
    EXPECT_LE(weight, most);
    EXPECT_EQ(cost, least);
  }
}

TEST(Knapsack, WithoutAnyWeightTakesWhatHasNone) {
  EXPECT_EQ(choose_items({{{1, 0}, {0, 5}}, {{0, 1}, {0, 2}}}, 0), (std::vector<size_t>{1, 0}));
  EXPECT_TRUE(choose_items({{{1, 0}}}, 0).empty());
}

TEST(Scheme, PatternsMatchWithStars) {
  EXPECT_TRUE(matches("head*", "head/conv"));
  EXPECT_TRUE(matches("*conv", "head/conv"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("a*b*c", "axxbyyc"));
  EXPECT_FALSE(matches("head", "head/conv"));
  EXPECT_FALSE(matches("a*b*c", "axxbyy"));
}

}  // namespace
}  // namespace qrt::quantize
