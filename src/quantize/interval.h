// How sure a difference between two models is: intervals of 95 % over the same samples.
#pragma once

#include <cstddef>
#include <vector>

namespace qrt::quantize {

struct Interval95 {
  double value = 0;          // the difference: b - a
  double low = 0, high = 0;  // not a number with fewer than two samples
};

// The difference of two means over the same samples, from what each sample contributes to either
// (Metric::contributions). Where all contributions are 0 or 1, by Agresti and Min ("Simple improved
// confidence intervals for comparing matched proportions", 2005), so that two models that agree on
// all samples still have an interval; else by Student's t.
Interval95 paired_difference(const std::vector<double>& a, const std::vector<double>& b);

// What 2.5 % of Student's distribution lie above.
double student_t975(size_t degrees_of_freedom);

}  // namespace qrt::quantize
