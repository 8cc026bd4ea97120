#include "tests/oracle/lstm.h"

#include <algorithm>
#include <cmath>

namespace oracle {

Tensor lstm(const Tensor& x, const LstmWeights& weights, double cell_clip, std::vector<double>* h,
            std::vector<double>* c) {
  const size_t units = h->size(), inputs = static_cast<size_t>(x.dim(1));
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  Tensor out({x.dim(0), static_cast<int32_t>(units)});
  for (size_t t = 0; t < static_cast<size_t>(x.dim(0)); ++t) {
    const std::vector<double> before = *h;
    const auto gate = [&](size_t row) {
      double sum = weights.bias[row];
      for (size_t i = 0; i < inputs; ++i) {
        sum += x.values[t * inputs + i] * weights.input.values[row * inputs + i];
      }
      for (size_t u = 0; u < units; ++u) {
        sum += before[u] * weights.recurrent.values[row * units + u];
      }
      return sum;
    };
    for (size_t u = 0; u < units; ++u) {
      const double i = sigmoid(gate(u)), f = sigmoid(gate(units + u));
      const double g = std::tanh(gate(2 * units + u)), o = sigmoid(gate(3 * units + u));
      double cell = f * (*c)[u] + i * g;
      if (cell_clip > 0) cell = std::clamp(cell, -cell_clip, cell_clip);
      (*c)[u] = cell;
      (*h)[u] = o * std::tanh(cell);
      out.values[t * units + u] = (*h)[u];
    }
  }
  return out;
}

}  // namespace oracle
