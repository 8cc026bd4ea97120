// Of each row one item: the least total cost within a total weight, by dynamic programming over the
// weight in equal steps (multiple-choice knapsack).
#pragma once

#include <cstddef>
#include <vector>

namespace qrt::quantize {

struct Item {
  double weight = 0, cost = 0;  // neither is negative
};

// Which item of each row; empty if no choice stays within `most`. Weights are rounded up to steps
// of most / steps, so that the sum is never above it.
std::vector<size_t> choose_items(const std::vector<std::vector<Item>>& rows, double most,
                                 size_t steps = 1000);

}  // namespace qrt::quantize
