// Binary: see schema/qrt.fbs.
#include <algorithm>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

fb::BinaryKind kind_of(const void* options) { return as<fb::Binary>(options).kind(); }

const char* signatures(const void* options) {
  const fb::BinaryKind kind = kind_of(options);
  if (kind == fb::BinaryKind::And || kind == fb::BinaryKind::Or) return "bool, bool -> bool";
  if (kind >= fb::BinaryKind::Equal && kind <= fb::BinaryKind::GreaterEqual) {
    return "number/bool/s8/q8, =0 -> bool";
  }
  return "number, =0 -> =0; q8, q8 -> q8";
}

Status check(const Node& node) {
  const auto& options = node.options<fb::Binary>();
  if (options.kind() > fb::BinaryKind::MAX) {
    return node.fail(Code::InvalidModel, "has an unknown kind, %d",
                     static_cast<int>(options.kind()));
  }
  return check_clamp(node, options.clamp());
}

// Arithmetic that shapes are computed with; integers as the operator itself gives them.
bool evaluate(Dims& dims, fb::BinaryKind kind, int32_t a, int32_t b, int32_t* result) {
  switch (kind) {
    case fb::BinaryKind::Add:
      *result = dims.add(a, b);
      break;
    case fb::BinaryKind::Sub:
      *result = dims.sub(a, b);
      break;
    case fb::BinaryKind::Mul:
      *result = dims.mul(a, b);
      break;
    case fb::BinaryKind::Div:  // of sizes, which are not negative
    case fb::BinaryKind::FloorDiv:
      if (b == 0 || (is_number(a) && a < 0) || (is_number(b) && b < 0)) return false;
      *result = dims.floor_div(a, b);
      break;
    case fb::BinaryKind::Min:
      *result = dims.min(a, b);
      break;
    case fb::BinaryKind::Max:
      *result = dims.max(a, b);
      break;
    default:
      return false;
  }
  return *result != kInvalidDim;
}

void infer_integers(Inference& x, const Shape& out) {
  Integers a, b, result;
  if (out.rank() > 1 || !x.integers(0, &a) || !x.integers(1, &b)) return;
  const auto kind = x.node().options<fb::Binary>().kind();
  const size_t count = std::max(a.size(), b.size());
  for (size_t i = 0; i < count; ++i) {
    int32_t value;
    if (!evaluate(x.dims(), kind, a[a.size() == 1 ? 0 : i], b[b.size() == 1 ? 0 : i], &value)) {
      return;
    }
    result.push_back(value);
  }
  x.out_integers(0, std::move(result));
}

Status infer(Inference& x) {
  Shape out;
  if (!broadcast(x.dims(), x.in(0), x.in(1), &out)) {
    return x.node().fail(Code::InvalidModel, "cannot broadcast %s with %s", x.text_in(0).c_str(),
                         x.text_in(1).c_str());
  }
  x.out(0, out);
  infer_integers(x, out);
  return {};
}

QuantizedAs quantized(const void* options) {
  switch (kind_of(options)) {
    case fb::BinaryKind::Add:
    case fb::BinaryKind::Sub:
    case fb::BinaryKind::Mul:
    case fb::BinaryKind::Div:
    case fb::BinaryKind::Min:
    case fb::BinaryKind::Max:
    case fb::BinaryKind::Pow:
    case fb::BinaryKind::SquaredDifference:
      return QuantizedAs::Computes;
    default:
      return QuantizedAs::Float;  // truth values, and functions that jump
  }
}

OpSpec::Clamp clamp(const void* options) {
  const fb::BinaryKind kind = kind_of(options);
  if (kind >= fb::BinaryKind::Equal) return OpSpec::Clamp::None;  // truth values
  const bool selects = kind == fb::BinaryKind::Min || kind == fb::BinaryKind::Max;
  return selects ? OpSpec::Clamp::Keeps : OpSpec::Clamp::Requantizes;
}

const char* kind_name(const void* options) { return fb::EnumNameBinaryKind(kind_of(options)); }

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Binary;
  row.signatures_of = signatures;
  row.check = check;
  row.infer = infer;
  row.quantized_of = quantized;
  row.clamp_of = clamp;
  row.kind_name = kind_name;
  return row;
}

}  // namespace

extern const OpSpec kBinarySpec;
const OpSpec kBinarySpec = row();

}  // namespace qrt::rt
