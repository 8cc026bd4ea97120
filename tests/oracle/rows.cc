#include "tests/oracle/rows.h"

#include <algorithm>
#include <cmath>

namespace oracle {

Tensor reduce(const Tensor& in, const Dims& axes, bool keep_dims,
              const std::function<double(const std::vector<double>&)>& result) {
  const auto rank = static_cast<int32_t>(in.shape.size());
  std::vector<bool> reduced(in.shape.size(), false);
  for (int32_t axis : axes) reduced[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = true;
  Dims kept = in.shape, shape;
  for (size_t i = 0; i < kept.size(); ++i) {
    if (reduced[i]) kept[i] = 1;
    if (!reduced[i] || keep_dims) shape.push_back(kept[i]);
  }
  std::vector<std::vector<double>> elements(count(kept));
  for_each_index(in.shape, [&](const Dims& index) {
    Dims to = index;
    for (size_t i = 0; i < to.size(); ++i) {
      if (reduced[i]) to[i] = 0;
    }
    elements[position(to, kept)].push_back(in.at(index));
  });
  Tensor out(shape);
  for (size_t i = 0; i < elements.size(); ++i) out.values[i] = result(elements[i]);
  return out;
}

Tensor softmax(const Tensor& in, double beta, bool log) {
  Tensor out(in.shape);
  const auto n = static_cast<size_t>(in.shape.back());
  for (size_t row = 0; row < in.values.size(); row += n) {
    const auto begin = in.values.begin() + static_cast<std::ptrdiff_t>(row);
    const double largest = *std::max_element(begin, begin + static_cast<std::ptrdiff_t>(n));
    double sum = 0;
    for (size_t i = row; i < row + n; ++i) sum += std::exp(beta * (in.values[i] - largest));
    for (size_t i = row; i < row + n; ++i) {
      const double x = beta * (in.values[i] - largest);
      out.values[i] = log ? x - std::log(sum) : std::exp(x) / sum;
    }
  }
  return out;
}

}  // namespace oracle
