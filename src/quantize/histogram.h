// How often values of a tensor were seen, in bins of equal width around zero. The range is a power
// of two and doubles when a larger value comes, by merging bins in pairs: exact, so that counts do
// not depend on the order in which values came, in memory that does not grow with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qrt::quantize {

class Histogram {
 public:
  static constexpr int kBins = 2048;  // half of them below zero

  // Finite values; the largest size among them must be given, too.
  void add(const float* values, size_t n, float largest);

  bool empty() const { return counts_.empty(); }
  uint64_t total() const;
  // Bin i holds values from low(i) up to, but without, low(i + 1).
  uint64_t count(int i) const { return counts_[static_cast<size_t>(i)]; }
  double low(int i) const { return (i - kBins / 2) * width(); }
  double middle(int i) const { return (i - kBins / 2 + 0.5) * width(); }
  double width() const;
  const std::vector<uint64_t>& counts() const { return counts_; }
  int exponent() const { return exponent_; }
  // What was saved before: `counts` has kBins elements.
  static Histogram restore(int exponent, std::vector<uint64_t> counts);

 private:
  void widen(int exponent);

  int exponent_ = 0;  // the range is -2^exponent .. 2^exponent
  std::vector<uint64_t> counts_;
};

}  // namespace qrt::quantize
