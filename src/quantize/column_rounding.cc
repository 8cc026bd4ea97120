#include "src/quantize/column_rounding.h"

#include <algorithm>
#include <cmath>

namespace qrt::quantize {
namespace {

// Added to the diagonal, as a share of its mean: what the data do not tell is left as it is.
constexpr double kDamping = 0.01;

// Lower Cholesky factor of a symmetric matrix, in place of its lower half; false if it is not
// positive definite.
bool factor(size_t k, std::vector<double>* matrix) {
  std::vector<double>& a = *matrix;
  for (size_t j = 0; j < k; ++j) {
    for (size_t i = j; i < k; ++i) {
      double sum = a[i * k + j];
      for (size_t m = 0; m < j; ++m) sum -= a[i * k + m] * a[j * k + m];
      if (i == j && !(sum > 0)) return false;
      a[i * k + j] = i == j ? std::sqrt(sum) : sum / a[j * k + j];
    }
  }
  return true;
}

// The inverse of L L^T, from L.
std::vector<double> inverse(size_t k, const std::vector<double>& l) {
  // Columns of L^-1 first.
  std::vector<double> inv(k * k, 0.0), result(k * k, 0.0);
  for (size_t j = 0; j < k; ++j) {
    for (size_t i = j; i < k; ++i) {
      double sum = i == j ? 1.0 : 0.0;
      for (size_t m = j; m < i; ++m) sum -= l[i * k + m] * inv[m * k + j];
      inv[i * k + j] = sum / l[i * k + i];
    }
  }
  for (size_t m = 0; m < k; ++m) {
    for (size_t i = 0; i <= m; ++i) {
      const double left = inv[m * k + i];
      for (size_t j = 0; j <= i; ++j) result[i * k + j] += left * inv[m * k + j];
    }
  }
  for (size_t i = 0; i < k; ++i) {
    for (size_t j = i + 1; j < k; ++j) result[i * k + j] = result[j * k + i];
  }
  return result;
}

// Row-major lower factor L of the inverse: its transpose is the upper factor that the method wants.
bool inverse_factor(const Gram& gram, size_t g, std::vector<double>* result) {
  const size_t k = gram.k;
  std::vector<double> h(gram.group(g), gram.group(g) + k * k);
  double mean = 0;
  for (size_t i = 0; i < k; ++i) mean += h[i * k + i] / static_cast<double>(k);
  if (!(mean > 0)) return false;
  for (size_t i = 0; i < k; ++i) h[i * k + i] += kDamping * mean;
  if (!factor(k, &h)) return false;
  *result = inverse(k, h);
  return factor(k, result);
}

}  // namespace

void round_columns(const FloatWeights& w, const Gram& gram, IntegerCodes* codes) {
  const size_t k = w.per_output, per_group = w.outputs / w.groups;
  const double least = codes->bits == 4 ? -8 : -128, most = codes->bits == 4 ? 7 : 127;
  // Symmetric codes leave the lowest out, as round_weights does.
  const double lowest = codes->zero_points.empty() ? -most : least;
  const size_t blocks = codes->block > 0 ? (k + static_cast<size_t>(codes->block) - 1) /
                                               static_cast<size_t>(codes->block)
                                         : 1;
  std::vector<double> l, row(k);
  for (size_t g = 0; g < w.groups; ++g) {
    if (!inverse_factor(gram, g, &l)) continue;
    for (size_t o = g * per_group; o < (g + 1) * per_group; ++o) {
      for (size_t i = 0; i < k; ++i) row[i] = static_cast<double>(w.elements[o * k + i]);
      for (size_t j = 0; j < k; ++j) {
        const size_t s = codes->block > 0 ? o * blocks + j / static_cast<size_t>(codes->block)
                                          : (codes->scales.size() == 1 ? 0 : o);
        const auto scale = static_cast<double>(codes->scales[s]);
        const double zero = codes->zero_points.empty() ? 0 : codes->zero_points[s];
        const double code = std::clamp(std::nearbyint(row[j] / scale) + zero, lowest, most);
        codes->codes[o * k + j] = static_cast<int8_t>(code);
        const double error = (row[j] - (code - zero) * scale) / l[j * k + j];
        for (size_t i = j + 1; i < k; ++i) row[i] -= error * l[i * k + j];
      }
    }
  }
}

}  // namespace qrt::quantize
