#include "src/ops/unary_functions.h"

#include <algorithm>
#include <cmath>

#include "src/ops/float_table.h"

namespace qrt::rt {
namespace {

constexpr double kInverseSqrt2 = 0.70710678118654752440;
constexpr double kSqrt2OverPi = 0.79788456080286535588;

// log(1 + e^x) without overflow.
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }

bool jumps(fb::UnaryKind kind) {
  return kind == fb::UnaryKind::Floor || kind == fb::UnaryKind::Ceil ||
         kind == fb::UnaryKind::Round || kind == fb::UnaryKind::Sign;
}

}  // namespace

int32_t quantized_unary(const Node& node, int32_t q, int32_t min, int32_t max) {
  const auto& options = node.options<fb::Unary>();
  const Quantization &in = node.input(0).quantization, &out = node.output(0).quantization;
  if (jumps(options.kind())) {
    // Of a float, these are floats.
    const double y = unary_function(options.kind(), dequantized(q, in), 0, 0);
    return quantized(static_cast<float>(y), out, min, max);
  }
  const double x = (q - in.zero_point()) * static_cast<double>(in.scale());
  double steps = unary_function(options.kind(), x, options.alpha(), options.beta()) /
                 static_cast<double>(out.scale());
  if (std::isnan(steps)) steps = 0;
  return static_cast<int32_t>(std::clamp(std::nearbyint(steps) + out.zero_point(),
                                         static_cast<double>(min), static_cast<double>(max)));
}

double unary_function(fb::UnaryKind kind, double x, double alpha, double beta) {
  switch (kind) {
    case fb::UnaryKind::Clip:
      return x;
    case fb::UnaryKind::Logistic:
      return 1.0 / (1.0 + std::exp(-x));
    case fb::UnaryKind::Tanh:
      return std::tanh(x);
    case fb::UnaryKind::Sqrt:
      return std::sqrt(x);
    case fb::UnaryKind::Rsqrt:
      return 1.0 / std::sqrt(x);
    case fb::UnaryKind::Exp:
      return std::exp(x);
    case fb::UnaryKind::Log:
      return std::log(x);
    case fb::UnaryKind::Neg:
      return -x;
    case fb::UnaryKind::Abs:
      return std::fabs(x);
    case fb::UnaryKind::Square:
      return x * x;
    case fb::UnaryKind::Floor:
      return std::floor(x);
    case fb::UnaryKind::Ceil:
      return std::ceil(x);
    case fb::UnaryKind::Round:
      return std::nearbyint(x);
    case fb::UnaryKind::Sin:
      return std::sin(x);
    case fb::UnaryKind::Cos:
      return std::cos(x);
    case fb::UnaryKind::HardSwish:
      return x * std::clamp(x / 6.0 + 0.5, 0.0, 1.0);
    case fb::UnaryKind::Elu:
      return x < 0 ? alpha * std::expm1(x) : x;
    case fb::UnaryKind::LeakyRelu:
      return x < 0 ? alpha * x : x;
    case fb::UnaryKind::Gelu:
      return 0.5 * x * (1.0 + std::erf(x * kInverseSqrt2));
    case fb::UnaryKind::GeluTanh:
      return 0.5 * x * (1.0 + std::tanh(kSqrt2OverPi * (x + 0.044715 * x * x * x)));
    case fb::UnaryKind::Erf:
      return std::erf(x);
    case fb::UnaryKind::Not:
      return x == 0 ? 1.0 : 0.0;
    case fb::UnaryKind::Sign:
      return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0;
    case fb::UnaryKind::HardSigmoid:
      return std::clamp(alpha * x + beta, 0.0, 1.0);
    case fb::UnaryKind::Softplus:
      return softplus(x);
    case fb::UnaryKind::Reciprocal:
      return 1.0 / x;
    case fb::UnaryKind::Silu:
      return x / (1.0 + std::exp(-x));
    case fb::UnaryKind::Mish:
      return x * std::tanh(softplus(x));
    case fb::UnaryKind::Selu:
      return beta * (x < 0 ? alpha * std::expm1(x) : x);
    case fb::UnaryKind::Celu:
      return x < 0 ? alpha * std::expm1(x / alpha) : x;
    case fb::UnaryKind::Softsign:
      return x / (1.0 + std::fabs(x));
    case fb::UnaryKind::ThresholdedRelu:
      return x > alpha ? x : 0.0;
    case fb::UnaryKind::Shrink:
      return x < -alpha ? x + beta : x > alpha ? x - beta : 0.0;
    case fb::UnaryKind::Tan:
      return std::tan(x);
    case fb::UnaryKind::Asin:
      return std::asin(x);
    case fb::UnaryKind::Acos:
      return std::acos(x);
    case fb::UnaryKind::Atan:
      return std::atan(x);
    case fb::UnaryKind::Sinh:
      return std::sinh(x);
    case fb::UnaryKind::Cosh:
      return std::cosh(x);
    case fb::UnaryKind::Asinh:
      return std::asinh(x);
    case fb::UnaryKind::Acosh:
      return std::acosh(x);
    case fb::UnaryKind::Atanh:
      return std::atanh(x);
  }
  return x;
}

}  // namespace qrt::rt
