#include "src/quantize/knapsack.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace qrt::quantize {

std::vector<size_t> choose_items(const std::vector<std::vector<Item>>& rows, double most,
                                 size_t steps) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  // best[w]: the least cost of the rows so far within w steps; taken[r][w]: row r's item for that.
  std::vector<double> best(steps + 1, 0.0);
  std::vector<std::vector<size_t>> taken;
  const auto steps_of = [&](const Item& item) {
    if (item.weight <= 0) return size_t{0};
    const double wanted =
        most > 0 ? std::ceil(item.weight / most * static_cast<double>(steps)) : kNever;
    return wanted <= static_cast<double>(steps) ? static_cast<size_t>(wanted) : steps + 1;
  };
  for (const std::vector<Item>& row : rows) {
    std::vector<double> next(steps + 1, kNever);
    taken.emplace_back(steps + 1, size_t{0});
    for (size_t i = 0; i < row.size(); ++i) {
      const size_t needs = steps_of(row[i]);
      for (size_t w = needs; w <= steps; ++w) {
        const double cost = best[w - needs] + row[i].cost;
        if (cost >= next[w]) continue;
        next[w] = cost;
        taken.back()[w] = i;
      }
    }
    best = std::move(next);
  }
  if (best[steps] == kNever) return {};
  std::vector<size_t> chosen(rows.size());
  size_t w = steps;
  for (size_t r = rows.size(); r-- > 0;) {
    chosen[r] = taken[r][w];
    w -= steps_of(rows[r][chosen[r]]);
  }
  return chosen;
}

}  // namespace qrt::quantize
