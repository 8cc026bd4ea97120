#include "src/quantize/histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace qrt::quantize {
namespace {

// Below this all values are taken for zero: widths stay normal numbers.
constexpr int kLeastExponent = -100;

// The least e with size < 2^e.
int exponent_above(float size) {
  int e = kLeastExponent;
  if (size > 0) std::frexp(size, &e);
  return std::max(e, kLeastExponent);
}

}  // namespace

double Histogram::width() const { return std::ldexp(2.0 / kBins, exponent_); }

void Histogram::widen(int exponent) {
  for (; exponent_ < exponent; ++exponent_) {
    std::vector<uint64_t> wider(kBins, 0);
    for (size_t i = 0; i < kBins; ++i) wider[kBins / 4 + i / 2] += counts_[i];
    counts_ = std::move(wider);
  }
}

void Histogram::add(const float* values, size_t n, float largest) {
  if (n == 0) return;
  const int wanted = exponent_above(largest);
  if (counts_.empty()) {
    counts_.assign(kBins, 0);
    exponent_ = wanted;
  }
  widen(wanted);
  // A product by a power of two is exact.
  const float per_width = static_cast<float>(1 / width());
  for (size_t i = 0; i < n; ++i) {
    const int bin = static_cast<int>(std::floor(values[i] * per_width)) + kBins / 2;
    ++counts_[static_cast<size_t>(std::clamp(bin, 0, kBins - 1))];
  }
}

uint64_t Histogram::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), uint64_t{0});
}

Histogram Histogram::restore(int exponent, std::vector<uint64_t> counts) {
  Histogram histogram;
  histogram.exponent_ = exponent;
  histogram.counts_ = std::move(counts);
  return histogram;
}

}  // namespace qrt::quantize
