// Operators on two or three values that broadcast to one shape.
#include <utility>

#include "src/export/onnx/ops.h"

namespace qrt::onnx_export {
namespace {

using fb::BinaryKind;

// The ONNX operator that is the same; null if several make it up.
const char* operator_of(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::Add:
      return "Add";
    case BinaryKind::Sub:
      return "Sub";
    case BinaryKind::Mul:
      return "Mul";
    case BinaryKind::Div:
      return "Div";
    case BinaryKind::Min:
      return "Min";
    case BinaryKind::Max:
      return "Max";
    case BinaryKind::Pow:
      return "Pow";
    case BinaryKind::Equal:
      return "Equal";
    case BinaryKind::Less:
      return "Less";
    case BinaryKind::LessEqual:
      return "LessOrEqual";
    case BinaryKind::Greater:
      return "Greater";
    case BinaryKind::GreaterEqual:
      return "GreaterOrEqual";
    case BinaryKind::And:
      return "And";
    case BinaryKind::Or:
      return "Or";
    default:
      return nullptr;
  }
}

// floor(a / b). ONNX's quotient of integers is cut off, its remainder has the divisor's sign.
std::string floor_quotient(Call& c, const std::string& a, const std::string& b, bool floats) {
  if (floats) return c.m.node("Floor", {c.m.node("Div", {a, b}, c.wanted())}, c.wanted());
  const std::string remainder = c.m.node("Mod", {a, b}, c.wanted());
  return c.m.node("Div", {c.m.node("Sub", {a, remainder}, c.wanted()), b}, c.wanted());
}

std::string compute(Call& c, BinaryKind kind, const std::string& a, const std::string& b,
                    bool floats) {
  switch (kind) {
    case BinaryKind::NotEqual:
      return c.m.node("Not", {c.m.node("Equal", {a, b}, c.wanted())}, c.wanted());
    case BinaryKind::SquaredDifference: {
      const std::string difference = c.m.node("Sub", {a, b}, c.wanted());
      return c.m.node("Mul", {difference, difference}, c.wanted());
    }
    case BinaryKind::FloorDiv:
      return floor_quotient(c, a, b, floats);
    case BinaryKind::FloorMod: {
      if (!floats) return c.m.node("Mod", {a, b}, c.wanted());
      const std::string multiple = c.m.node("Mul", {floor_quotient(c, a, b, true), b}, c.wanted());
      return c.m.node("Sub", {a, multiple}, c.wanted());
    }
    default:
      return c.m.node(operator_of(kind), {a, b}, c.wanted());
  }
}

void export_binary(Call& c) {
  const auto& options = *c.node.options.AsBinary();
  const Order order = c.t.common_order(c.node.inputs, c.result().shape.size());
  const std::string a = c.t.broadcast_numbers(c.in(0), order);
  const std::string b = c.t.broadcast_numbers(c.in(1), order);
  const Value& x = c.t.value(c.in(0));
  const bool floats = x.type == DType::F32 || !x.quantization.empty();
  c.give_numbers(order, compute(c, options.kind, a, b, floats), options.clamp.get());
}

void export_select(Call& c) {
  const Order order = c.t.common_order(c.node.inputs, c.result().shape.size());
  Names inputs;
  for (int v : c.node.inputs) inputs.push_back(c.t.broadcast_numbers(v, order));
  c.give_numbers(order, c.m.node("Where", std::move(inputs), c.wanted()));
}

constexpr Row kRows[] = {
    {fb::OpOptions::Binary, export_binary},
    {fb::OpOptions::Select, export_select},
};

}  // namespace

rt::Span<const Row> elementwise_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::onnx_export
