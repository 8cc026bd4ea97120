#include "tests/oracle/elementwise.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace oracle {

double unary(const std::string& kind, double x, double alpha, double beta) {
  using Function = std::function<double(double)>;
  static const std::map<std::string, Function> plain = {
      {"Clip", [](double v) { return v; }},
      {"Logistic", [](double v) { return 1 / (1 + std::exp(-v)); }},
      {"Tanh", [](double v) { return std::tanh(v); }},
      {"Sqrt", [](double v) { return std::sqrt(v); }},
      {"Rsqrt", [](double v) { return 1 / std::sqrt(v); }},
      {"Exp", [](double v) { return std::exp(v); }},
      {"Log", [](double v) { return std::log(v); }},
      {"Neg", [](double v) { return -v; }},
      {"Abs", [](double v) { return v < 0 ? -v : v; }},
      {"Square", [](double v) { return v * v; }},
      {"Floor", [](double v) { return std::floor(v); }},
      {"Ceil", [](double v) { return std::ceil(v); }},
      {"Round", [](double v) { return std::nearbyint(v); }},  // half to even
      {"Sin", [](double v) { return std::sin(v); }},
      {"Cos", [](double v) { return std::cos(v); }},
      {"HardSwish", [](double v) { return v * std::min(std::max(v + 3, 0.0), 6.0) / 6; }},
      {"Gelu", [](double v) { return v * std::erfc(-v / std::sqrt(2.0)) / 2; }},
      {"GeluTanh",
       [](double v) {
         const double pi = std::acos(-1.0);
         return v / 2 * (1 + std::tanh(std::sqrt(2 / pi) * (v + 0.044715 * std::pow(v, 3))));
       }},
      {"Erf", [](double v) { return std::erf(v); }},
      {"Not", [](double v) { return v == 0 ? 1 : 0; }},
      {"Sign", [](double v) { return v == 0  ? 0
                                     : v < 0 ? -1
                                             : 1; }},
      {"Softplus", [](double v) { return v > 40 ? v : std::log1p(std::exp(v)); }},
      {"Reciprocal", [](double v) { return 1 / v; }},
      {"Silu", [](double v) { return v * 0.5 * (1 + std::tanh(v / 2)); }},
      {"Mish",
       [](double v) {
         const double square = std::pow(1 + std::exp(v), 2);
         return v > 40 ? v : v * (square - 1) / (square + 1);
       }},
      {"Softsign", [](double v) { return v < 0 ? v / (1 - v) : v / (1 + v); }},
      {"Tan", [](double v) { return std::sin(v) / std::cos(v); }},
      {"Asin", [](double v) { return std::atan2(v, std::sqrt((1 - v) * (1 + v))); }},
      {"Acos", [](double v) { return std::atan2(std::sqrt((1 - v) * (1 + v)), v); }},
      {"Atan", [](double v) { return std::atan2(v, 1); }},
      {"Sinh", [](double v) { return (std::exp(v) - std::exp(-v)) / 2; }},
      {"Cosh", [](double v) { return (std::exp(v) + std::exp(-v)) / 2; }},
      {"Asinh",
       [](double v) {
         const double magnitude = std::log(std::fabs(v) + std::sqrt(v * v + 1));
         return v < 0 ? -magnitude : magnitude;
       }},
      {"Acosh", [](double v) { return v < 1 ? NAN : std::log(v + std::sqrt(v * v - 1)); }},
      {"Atanh", [](double v) { return std::log((1 + v) / (1 - v)) / 2; }},
  };
  if (kind == "Elu") return x >= 0 ? x : alpha * (std::exp(x) - 1);
  if (kind == "LeakyRelu") return x >= 0 ? x : alpha * x;
  if (kind == "HardSigmoid") return std::max(0.0, std::min(1.0, alpha * x + beta));
  if (kind == "Selu") return beta * (x >= 0 ? x : alpha * (std::exp(x) - 1));
  if (kind == "Celu") return std::max(0.0, x) + std::min(0.0, alpha * (std::exp(x / alpha) - 1));
  if (kind == "ThresholdedRelu") return x > alpha ? x : 0;
  if (kind == "Shrink") return std::fabs(x) <= alpha ? 0 : x < 0 ? x + beta : x - beta;
  const auto found = plain.find(kind);
  return found == plain.end() ? NAN : found->second(x);
}

double binary(const std::string& kind, double a, double b) {
  const auto modulo = [](double x, double y) {  // of the sign of y, as in Python
    const double rest = std::fmod(x, y);
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
  };
  using Function = std::function<double(double, double)>;
  static const std::map<std::string, Function> functions = {
      {"Add", [](double x, double y) { return x + y; }},
      {"Sub", [](double x, double y) { return x - y; }},
      {"Mul", [](double x, double y) { return x * y; }},
      {"Div", [](double x, double y) { return x / y; }},
      {"FloorDiv", [](double x, double y) { return std::floor(x / y); }},
      {"FloorMod", modulo},
      {"Min", [](double x, double y) { return x < y ? x : y; }},
      {"Max", [](double x, double y) { return x > y ? x : y; }},
      {"Pow", [](double x, double y) { return std::pow(x, y); }},
      {"SquaredDifference", [](double x, double y) { return (x - y) * (x - y); }},
      {"Equal", [](double x, double y) { return x == y; }},
      {"NotEqual", [](double x, double y) { return x != y; }},
      {"Less", [](double x, double y) { return x < y; }},
      {"LessEqual", [](double x, double y) { return x <= y; }},
      {"Greater", [](double x, double y) { return x > y; }},
      {"GreaterEqual", [](double x, double y) { return x >= y; }},
      {"And", [](double x, double y) { return x != 0 && y != 0; }},
      {"Or", [](double x, double y) { return x != 0 || y != 0; }},
  };
  const auto found = functions.find(kind);
  return found == functions.end() ? NAN : found->second(a, b);
}

Tensor broadcast(const Tensor& a, const Tensor& b, const std::function<double(double, double)>& f) {
  Tensor out(broadcast_shapes(a.shape, b.shape));
  size_t at = 0;
  for_each_index(out.shape, [&](const Dims& index) {
    out.values[at++] =
        f(a.at(broadcast_index(index, a.shape)), b.at(broadcast_index(index, b.shape)));
  });
  return out;
}

Tensor select(const Tensor& condition, const Tensor& a, const Tensor& b) {
  Tensor out(broadcast_shapes(condition.shape, broadcast_shapes(a.shape, b.shape)));
  for_each_index(out.shape, [&](const Dims& index) {
    const bool holds = condition.at(broadcast_index(index, condition.shape)) != 0;
    out.at(index) =
        holds ? a.at(broadcast_index(index, a.shape)) : b.at(broadcast_index(index, b.shape));
  });
  return out;
}

}  // namespace oracle
