#include "src/quantize/range.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace qrt::quantize {
namespace {

struct Name {
  Observer observer;
  const char* name;
};
constexpr Name kNames[] = {{Observer::MinMax, "minmax"},
                           {Observer::MovingAverage, "average"},
                           {Observer::Percentile, "percentile"},
                           {Observer::Entropy, "entropy"},
                           {Observer::Mse, "mse"},
                           {Observer::MseShrunk, "mse-shrunk"}};

constexpr int kBins = Histogram::kBins;

Range with_zero(double low, double high) { return {std::min(low, 0.0), std::max(high, 0.0)}; }

Range extremes(const ValueStatistics& s) {
  return with_zero(static_cast<double>(s.low.first), static_cast<double>(s.high.first));
}

// Leaves out at most this share of values at each end.
constexpr double kTail = 0.0001 / 2;

Range percentile(const ValueStatistics& s) {
  const Histogram& h = s.histogram;
  const Range all = extremes(s);
  const auto most = static_cast<uint64_t>(kTail * static_cast<double>(h.total()));
  uint64_t below = 0, above = 0;
  int first = 0, last = kBins - 1;
  while (first < kBins && below + h.count(first) <= most) below += h.count(first++);
  while (last > first && above + h.count(last) <= most) above += h.count(last--);
  return with_zero(std::max(all.low, h.low(first)), std::min(all.high, h.low(last + 1)));
}

// Sums over the bins below each: what lies in or outside of a range is a difference of two.
class Sums {
 public:
  explicit Sums(const Histogram& h) : h_(h) {
    for (int i = 0; i < kBins; ++i) {
      // What is around zero is mostly zero itself, which costs nothing.
      const bool zero = i == kBins / 2;
      const double n = zero ? 0 : static_cast<double>(h.count(i)), x = h.middle(i);
      const auto at = static_cast<size_t>(i);
      n_[at + 1] = n_[at] + n;
      x_[at + 1] = x_[at] + n * x;
      xx_[at + 1] = xx_[at] + n * x * x;
    }
  }
  // The sum of squared errors, with rounding taken for noise of a twelfth of a squared step.
  double error(Range range, int levels) const {
    const double step = (range.high - range.low) / (levels - 1);
    const int first = bin(range.low), last = std::max(first, bin(range.high));
    return count(first, last) * step * step / 12 + beyond(0, first, range.low) +
           beyond(last, kBins, range.high);
  }

 private:
  int bin(double x) const {
    return std::clamp(static_cast<int>(std::lround(x / h_.width())) + kBins / 2, 0, kBins);
  }
  static double between(const std::array<double, kBins + 1>& sums, int first, int last) {
    return sums[static_cast<size_t>(last)] - sums[static_cast<size_t>(first)];
  }
  double count(int first, int last) const { return between(n_, first, last); }
  // Squared distances from `edge` of what is in these bins.
  double beyond(int first, int last, double edge) const {
    return between(xx_, first, last) - 2 * edge * between(x_, first, last) +
           edge * edge * count(first, last);
  }

  const Histogram& h_;
  std::array<double, kBins + 1> n_{}, x_{}, xx_{};
};

constexpr int kTries = 100;  // ends tried, at equal distances from zero to what was seen

Range least_error(const ValueStatistics& s, int levels, bool each_end) {
  const Range all = extremes(s);
  const Sums sums(s.histogram);
  Range best = all;
  double least = sums.error(all, levels);
  const auto attempt = [&](int low, int high) {
    const Range range = {all.low * low / kTries, all.high * high / kTries};
    if (!(range.high - range.low > 0)) return;
    const double error = sums.error(range, levels);
    if (error < least) {
      least = error;
      best = range;
    }
  };
  for (int low = kTries; low > 0; --low) {
    if (!each_end) {
      attempt(low, low);
      continue;
    }
    for (int high = kTries; high > 0; --high) attempt(low, high);
  }
  return best;
}

// How different the distribution of quantized values is from that of the values themselves, when
// bins first to last are covered and others fall into the outermost.
double divergence(const Histogram& h, int first, int last, int levels) {
  const int bins = last - first;
  double total = 0, before = 0, behind = 0;
  for (int i = 0; i < kBins; ++i) {
    const auto n = static_cast<double>(h.count(i));
    total += n;
    if (i < first) before += n;
    if (i >= last) behind += n;
  }
  double sum = 0;
  for (int level = 0; level < levels; ++level) {
    const int begin = first + static_cast<int>(int64_t{bins} * level / levels);
    const int end = first + static_cast<int>(int64_t{bins} * (level + 1) / levels);
    double covered = 0;
    int used = 0;
    for (int i = begin; i < end; ++i) {
      covered += static_cast<double>(h.count(i));
      used += h.count(i) > 0;
    }
    for (int i = begin; i < end; ++i) {
      double p = static_cast<double>(h.count(i));
      if (i == first) p += before;
      if (i == last - 1) p += behind;
      if (p == 0) continue;
      // A level's values are spread over its bins that had any; what was cut off had none.
      const double q = used > 0 && h.count(i) > 0 ? covered / used : 1e-9 * total;
      sum += p / total * std::log(p / q);
    }
  }
  return sum;
}

Range least_divergence(const ValueStatistics& s, int levels) {
  const Histogram& h = s.histogram;
  const Range all = extremes(s);
  Range best = all;
  double least = std::numeric_limits<double>::infinity();
  for (int part = kTries; part > 0; --part) {
    const Range range = {all.low * part / kTries, all.high * part / kTries};
    const int first = static_cast<int>(std::floor(range.low / h.width())) + kBins / 2;
    const int last =
        std::min(kBins, static_cast<int>(std::ceil(range.high / h.width())) + kBins / 2);
    // With fewer bins than levels there is nothing to compare.
    if (last - first < levels) break;
    const double d = divergence(h, first, last, levels);
    if (d < least) {
      least = d;
      best = range;
    }
  }
  return best;
}

}  // namespace

const char* observer_name(Observer observer) {
  for (const Name& row : kNames) {
    if (row.observer == observer) return row.name;
  }
  return "";
}

bool find_observer(const std::string& name, Observer* observer) {
  for (const Name& row : kNames) {
    if (name != row.name) continue;
    *observer = row.observer;
    return true;
  }
  return false;
}

std::string observer_names() {
  std::string names;
  for (const Name& row : kNames) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

Range choose_range(const ValueStatistics& s, Observer observer, int levels) {
  switch (observer) {
    case Observer::MinMax:
      return extremes(s);
    case Observer::MovingAverage:
      return with_zero(s.mean_low, s.mean_high);
    case Observer::Percentile:
      return percentile(s);
    case Observer::Entropy:
      return least_divergence(s, levels);
    case Observer::Mse:
      return least_error(s, levels, true);
    case Observer::MseShrunk:
      return least_error(s, levels, false);
  }
  return extremes(s);
}

Range join(Range a, Range b) { return {std::min(a.low, b.low), std::max(a.high, b.high)}; }

graph::Quantization quantization_for(Range range, graph::DType type) {
  rt::IntRange codes{0, 0};
  (void)rt::quantized_range(type, &codes);
  graph::Quantization q;
  const bool symmetric = type == graph::DType::S16;
  const double width = symmetric ? std::max(-range.low, range.high) : range.high - range.low;
  const double steps = symmetric ? codes.max : static_cast<double>(codes.max) - codes.min;
  // Scales and their inverses are normal numbers.
  const double scale = std::clamp(width / steps, 0x1p-120, 0x1p120);
  q.scales = {width > 0 ? static_cast<float>(scale) : 1.0f};
  const double zero = codes.min - range.low / static_cast<double>(q.scales[0]);
  const int zero_point =
      symmetric ? 0
                : static_cast<int>(std::nearbyint(std::clamp<double>(zero, codes.min, codes.max)));
  if (zero_point != 0) q.zero_points = {zero_point};
  return q;
}

double clipped_share(const ValueStatistics& s, Range range) {
  const Histogram& h = s.histogram;
  double inside = 0;
  const uint64_t total = h.total();
  for (int i = 0; i < kBins; ++i) {
    if (h.low(i + 1) > range.low && h.low(i) < range.high + h.width() / 2) {
      inside += static_cast<double>(h.count(i));
    }
  }
  return total == 0 ? 0 : 1 - inside / static_cast<double>(total);
}

}  // namespace qrt::quantize
