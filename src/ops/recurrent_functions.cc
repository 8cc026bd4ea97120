#include "src/ops/recurrent_functions.h"

#include <algorithm>
#include <cmath>

namespace qrt::rt {
namespace {

template <class F>
void each(float* x, size_t n, const F& f) {
  for (size_t i = 0; i < n; ++i) x[i] = f(x[i]);
}

}  // namespace

void apply(const GateFunction& f, float* x, size_t n) {
  const float alpha = f.alpha, beta = f.beta;
  switch (f.function) {
    case fb::RecurrentFunction::Sigmoid:
      return each(x, n, [](float v) { return 1.0f / (1.0f + std::exp(-v)); });
    case fb::RecurrentFunction::Tanh:
      return each(x, n, [](float v) { return std::tanh(v); });
    case fb::RecurrentFunction::Relu:
      return each(x, n, [](float v) { return v < 0 ? 0.0f : v; });
    case fb::RecurrentFunction::HardSigmoid:
      return each(x, n, [=](float v) { return std::clamp(alpha * v + beta, 0.0f, 1.0f); });
    case fb::RecurrentFunction::Affine:
      return each(x, n, [=](float v) { return alpha * v + beta; });
    case fb::RecurrentFunction::LeakyRelu:
      return each(x, n, [=](float v) { return v < 0 ? alpha * v : v; });
    case fb::RecurrentFunction::ThresholdedRelu:
      return each(x, n, [=](float v) { return v < alpha ? 0.0f : v; });
    case fb::RecurrentFunction::ScaledTanh:
      return each(x, n, [=](float v) { return alpha * std::tanh(beta * v); });
    case fb::RecurrentFunction::Elu:
      return each(x, n, [=](float v) { return v < 0 ? alpha * std::expm1(v) : v; });
    case fb::RecurrentFunction::Softsign:
      return each(x, n, [](float v) { return v / (1 + std::fabs(v)); });
    case fb::RecurrentFunction::Softplus:
      return each(x, n,
                  [](float v) { return std::max(v, 0.0f) + std::log1p(std::exp(-std::fabs(v))); });
  }
}

}  // namespace qrt::rt
