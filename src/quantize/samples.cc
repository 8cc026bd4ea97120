#include "src/quantize/samples.h"

namespace qrt::quantize {

std::vector<size_t> spread(size_t n, size_t k) {
  std::vector<size_t> numbers;
  if (k > n) k = n;
  // Steps of n / k, without a product that could be too large.
  for (size_t i = 0; i < k; ++i) numbers.push_back(i * (n / k) + i * (n % k) / k);
  return numbers;
}

std::vector<size_t> others(size_t n, const std::vector<size_t>& taken) {
  std::vector<bool> is_taken(n);
  for (size_t i : taken) is_taken[i] = true;
  std::vector<size_t> numbers;
  for (size_t i = 0; i < n; ++i) {
    if (!is_taken[i]) numbers.push_back(i);
  }
  return numbers;
}

std::vector<size_t> range(size_t begin, size_t end) {
  std::vector<size_t> numbers;
  for (size_t i = begin; i < end; ++i) numbers.push_back(i);
  return numbers;
}

}  // namespace qrt::quantize
