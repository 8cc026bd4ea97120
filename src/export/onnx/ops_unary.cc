// Functions of one value.
#include "src/export/onnx/ops.h"

namespace qrt::onnx_export {
namespace {

using fb::UnaryKind;

// The ONNX operator that is the same; null if several make it up.
const char* operator_of(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::Logistic:
      return "Sigmoid";
    case UnaryKind::Tanh:
      return "Tanh";
    case UnaryKind::Sqrt:
      return "Sqrt";
    case UnaryKind::Exp:
      return "Exp";
    case UnaryKind::Log:
      return "Log";
    case UnaryKind::Neg:
      return "Neg";
    case UnaryKind::Abs:
      return "Abs";
    case UnaryKind::Floor:
      return "Floor";
    case UnaryKind::Ceil:
      return "Ceil";
    case UnaryKind::Round:
      return "Round";
    case UnaryKind::Sin:
      return "Sin";
    case UnaryKind::Cos:
      return "Cos";
    case UnaryKind::HardSwish:
      return "HardSwish";
    case UnaryKind::Elu:
      return "Elu";
    case UnaryKind::LeakyRelu:
      return "LeakyRelu";
    case UnaryKind::Erf:
      return "Erf";
    case UnaryKind::Not:
      return "Not";
    case UnaryKind::Sign:
      return "Sign";
    case UnaryKind::HardSigmoid:
      return "HardSigmoid";
    case UnaryKind::Softplus:
      return "Softplus";
    case UnaryKind::Reciprocal:
      return "Reciprocal";
    case UnaryKind::Selu:
      return "Selu";
    case UnaryKind::Celu:
      return "Celu";
    case UnaryKind::Softsign:
      return "Softsign";
    case UnaryKind::ThresholdedRelu:
      return "ThresholdedRelu";
    case UnaryKind::Shrink:
      return "Shrink";
    case UnaryKind::Tan:
      return "Tan";
    case UnaryKind::Asin:
      return "Asin";
    case UnaryKind::Acos:
      return "Acos";
    case UnaryKind::Atan:
      return "Atan";
    case UnaryKind::Sinh:
      return "Sinh";
    case UnaryKind::Cosh:
      return "Cosh";
    case UnaryKind::Asinh:
      return "Asinh";
    case UnaryKind::Acosh:
      return "Acosh";
    case UnaryKind::Atanh:
      return "Atanh";
    default:
      return nullptr;
  }
}

// 0.5 x (1 + erf(x / sqrt 2)), or with tanh(sqrt(2/pi) (x + 0.044715 x^3)) in its place.
std::string gelu(Call& c, const std::string& x, bool by_tanh) {
  const auto node = [&](const char* op, const std::string& a, const std::string& b) {
    return c.m.node(op, {a, b}, c.wanted());
  };
  const auto number = [&](float value) { return c.m.scalar(c.wanted() + "/factor", value); };
  std::string share;
  if (by_tanh) {
    const std::string cube = node("Mul", node("Mul", x, x), x);
    const std::string sum = node("Add", x, node("Mul", cube, number(0.044715f)));
    share = c.m.node("Tanh", {node("Mul", sum, number(0.7978845608f))}, c.wanted());
  } else {
    share = c.m.node("Erf", {node("Mul", x, number(0.7071067812f))}, c.wanted());
  }
  return node("Mul", node("Mul", x, node("Add", share, number(1.0f))), number(0.5f));
}

std::string compute(Call& c, const fb::UnaryT& options, const std::string& x) {
  switch (options.kind) {
    case UnaryKind::Rsqrt:
      return c.m.node("Reciprocal", {c.m.node("Sqrt", {x}, c.wanted())}, c.wanted());
    case UnaryKind::Square:
      return c.m.node("Mul", {x, x}, c.wanted());
    case UnaryKind::Gelu:
    case UnaryKind::GeluTanh:
      return gelu(c, x, options.kind == UnaryKind::GeluTanh);
    case UnaryKind::Silu:
      return c.m.node("Mul", {x, c.m.node("Sigmoid", {x}, c.wanted())}, c.wanted());
    case UnaryKind::Mish: {
      const std::string softplus = c.m.node("Softplus", {x}, c.wanted());
      return c.m.node("Mul", {x, c.m.node("Tanh", {softplus}, c.wanted())}, c.wanted());
    }
    case UnaryKind::Selu:
      return c.m.node("Selu", {x}, c.wanted(), {{"alpha", options.alpha}, {"gamma", options.beta}});
    case UnaryKind::Shrink:
      return c.m.node("Shrink", {x}, c.wanted(),
                      {{"lambd", options.alpha}, {"bias", options.beta}});
    case UnaryKind::Elu:
    case UnaryKind::LeakyRelu:
    case UnaryKind::Celu:
    case UnaryKind::ThresholdedRelu:
      return c.m.node(operator_of(options.kind), {x}, c.wanted(), {{"alpha", options.alpha}});
    case UnaryKind::HardSigmoid:
      return c.m.node("HardSigmoid", {x}, c.wanted(),
                      {{"alpha", options.alpha}, {"beta", options.beta}});
    default:
      return c.m.node(operator_of(options.kind), {x}, c.wanted());
  }
}

void export_unary(Call& c) {
  const auto& options = *c.node.options.AsUnary();
  const int x = c.in(0);
  const Order order = c.t.order(x);
  const fb::ClampT* clamp = options.clamp.get();
  if (options.kind == UnaryKind::Clip) {
    const bool as_codes = same_codes(c.t.value(x), c.result());
    return as_codes ? c.give_codes(order, c.t.codes(x, order), clamp)
                    : c.give_numbers(order, c.t.numbers(x, order), clamp);
  }
  c.give_numbers(order, compute(c, options, c.t.numbers(x, order)), clamp);
}

constexpr Row kRows[] = {
    {fb::OpOptions::Unary, export_unary},
};

}  // namespace

rt::Span<const Row> unary_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::onnx_export
