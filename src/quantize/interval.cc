#include "src/quantize/interval.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace qrt::quantize {
namespace {

constexpr double kNormal975 = 1.959963984540054;

bool all_bits(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return v == 0 || v == 1; });
}

}  // namespace

double student_t975(size_t degrees_of_freedom) {
  constexpr double kExact[] = {12.7062, 4.3027, 3.1824, 2.7764, 2.5706,
                               2.4469,  2.3646, 2.3060, 2.2622, 2.2281};
  if (degrees_of_freedom == 0) return NAN;
  if (degrees_of_freedom <= std::size(kExact)) return kExact[degrees_of_freedom - 1];
  // Fisher and Cornish's expansion (1960): five digits from here on.
  const double z = kNormal975, n = static_cast<double>(degrees_of_freedom);
  const double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z, z9 = z7 * z * z;
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n) +
         (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / (92160 * n * n * n * n);
}

Interval95 paired_difference(const std::vector<double>& a, const std::vector<double>& b) {
  const size_t count = std::min(a.size(), b.size());
  if (count == 0) return {NAN, NAN, NAN};
  const auto n = static_cast<double>(count);
  double sum = 0, gained = 0, lost = 0;
  for (size_t i = 0; i < count; ++i) {
    const double d = b[i] - a[i];
    sum += d;
    if (d > 0) ++gained;
    if (d < 0) ++lost;
  }
  Interval95 interval;
  interval.value = sum / n;
  if (all_bits(a) && all_bits(b)) {
    gained += 0.5;
    lost += 0.5;
    const double middle = (gained - lost) / (n + 2);
    const double deviation =
        std::sqrt(gained + lost - (gained - lost) * (gained - lost) / (n + 2)) / (n + 2);
    interval.low = std::max(-1.0, middle - kNormal975 * deviation);
    interval.high = std::min(1.0, middle + kNormal975 * deviation);
    return interval;
  }
  double squares = 0;
  for (size_t i = 0; i < count; ++i) {
    const double d = b[i] - a[i] - interval.value;
    squares += d * d;
  }
  const double half = count < 2 ? NAN : student_t975(count - 1) * std::sqrt(squares / (n - 1) / n);
  interval.low = interval.value - half;
  interval.high = interval.value + half;
  return interval;
}

}  // namespace qrt::quantize
