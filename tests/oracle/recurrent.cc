#include "tests/oracle/recurrent.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace oracle {
namespace {

using Vector = std::vector<double>;
using Function = std::function<double(double)>;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// One direction.
struct Layer {
  const Recurrent& layer;
  const RecurrentInputs& in;
  size_t d, units;

  // What gate g of unit u is given by the input's row and by a state.
  double from_input(const double* x, size_t g, size_t u) const { return x[g * units + u]; }
  double from_state(const Vector& h, size_t g, size_t u) const {
    const size_t row = (d * layer.gates() + g) * units + u;
    double sum = 0;
    for (size_t k = 0; k < units; ++k) sum += h[k] * in.weights.values[row * units + k];
    return sum;
  }
  double peephole(size_t which, size_t u, double c) const {
    if (in.peepholes.values.empty()) return 0;
    return in.peepholes.values[(d * 3 + which) * units + u] * c;
  }
  double call(size_t f, double x) const {
    if (layer.clip > 0) x = std::max(-layer.clip, std::min(layer.clip, x));
    return uncut(f, x);
  }
  double uncut(size_t f, double x) const {
    const size_t each = layer.functions.size() / layer.reversed.size();
    return layer.functions[d * each + f](x);
  }

  void lstm(const double* x, Vector* h, Vector* c) const {
    const Vector before = *h;
    for (size_t u = 0; u < units; ++u) {
      const auto gate = [&](size_t g) { return from_input(x, g, u) + from_state(before, g, u); };
      const double old = (*c)[u];
      const double i = call(0, gate(0) + peephole(0, u, old));
      const double f = layer.coupled ? 1 - i : call(0, gate(2) + peephole(2, u, old));
      (*c)[u] = f * old + i * call(1, gate(3));
      (*h)[u] = call(0, gate(1) + peephole(1, u, (*c)[u])) * uncut(2, (*c)[u]);
    }
  }
  void gru(const double* x, Vector* h) const {
    const Vector before = *h;
    Vector z(units), r(units), kept(units);
    for (size_t u = 0; u < units; ++u) {
      z[u] = call(0, from_input(x, 0, u) + from_state(before, 0, u));
      r[u] = call(0, from_input(x, 1, u) + from_state(before, 1, u));
      kept[u] = r[u] * before[u];
    }
    for (size_t u = 0; u < units; ++u) {
      const double bias = in.bias.values.empty() ? 0 : in.bias.values[d * units + u];
      const double state = layer.linear_before_reset ? r[u] * (from_state(before, 2, u) + bias)
                                                     : from_state(kept, 2, u);
      (*h)[u] = (1 - z[u]) * call(1, from_input(x, 2, u) + state) + z[u] * before[u];
    }
  }
  void rnn(const double* x, Vector* h) const {
    const Vector before = *h;
    for (size_t u = 0; u < units; ++u) {
      (*h)[u] = call(0, from_input(x, 0, u) + from_state(before, 0, u));
    }
  }
};

}  // namespace

RecurrentOutputs recurrent(const Recurrent& layer, const RecurrentInputs& in) {
  const int32_t steps = in.x.dim(0), batch = in.x.dim(1), units = in.weights.dim(2);
  const auto directions = static_cast<int32_t>(layer.reversed.size());
  RecurrentOutputs out;
  out.y = Tensor({steps, directions, batch, units});
  out.h = out.c = Tensor({directions, batch, units});
  for (int32_t d = 0; d < directions; ++d) {
    const Layer one = {layer, in, static_cast<size_t>(d), static_cast<size_t>(units)};
    for (int32_t b = 0; b < batch; ++b) {
      Vector h(one.units, 0), c(one.units, 0);
      for (int32_t u = 0; u < units; ++u) {
        if (!in.h.values.empty()) h[static_cast<size_t>(u)] = in.h.at({d, b, u});
        if (!in.c.values.empty()) c[static_cast<size_t>(u)] = in.c.at({d, b, u});
      }
      const auto length = in.lengths.values.empty()
                              ? steps
                              : static_cast<int32_t>(in.lengths.values[static_cast<size_t>(b)]);
      for (int32_t i = 0; i < length; ++i) {
        const int32_t t = layer.reversed[static_cast<size_t>(d)] ? length - 1 - i : i;
        const double* x = &in.x.values[position(
            {t, b, static_cast<int32_t>(layer.gates()) * units * d}, in.x.shape)];
        if (layer.kind == Recurrent::Lstm) one.lstm(x, &h, &c);
        if (layer.kind == Recurrent::Gru) one.gru(x, &h);
        if (layer.kind == Recurrent::Rnn) one.rnn(x, &h);
        for (int32_t u = 0; u < units; ++u) out.y.at({t, d, b, u}) = h[static_cast<size_t>(u)];
      }
      for (int32_t u = 0; u < units; ++u) {
        out.h.at({d, b, u}) = h[static_cast<size_t>(u)];
        out.c.at({d, b, u}) = c[static_cast<size_t>(u)];
      }
    }
  }
  return out;
}

Function recurrent_function(const char* name, double alpha, double beta) {
  const std::string f = name;
  if (f == "Sigmoid") return sigmoid;
  if (f == "Tanh") return [](double x) { return std::tanh(x); };
  if (f == "Relu") return [](double x) { return x > 0 ? x : 0; };
  if (f == "HardSigmoid") {
    return [=](double x) { return std::min(1.0, std::max(0.0, alpha * x + beta)); };
  }
  if (f == "Affine") return [=](double x) { return alpha * x + beta; };
  if (f == "LeakyRelu") return [=](double x) { return x >= 0 ? x : alpha * x; };
  if (f == "ThresholdedRelu") return [=](double x) { return x >= alpha ? x : 0; };
  if (f == "ScaledTanh") return [=](double x) { return alpha * std::tanh(beta * x); };
  if (f == "Elu") return [=](double x) { return x >= 0 ? x : alpha * (std::exp(x) - 1); };
  if (f == "Softsign") return [](double x) { return x / (1 + std::fabs(x)); };
  return [](double x) { return std::log(1 + std::exp(x)); };  // Softplus
}

}  // namespace oracle
