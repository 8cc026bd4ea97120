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
    return "number/bool/s8/q8/s16/q16, =0 -> bool";
  }
  return "number, =0 -> =0; q8, q8 -> q8; q16, q16 -> q16";
}

Status check(const Node& node) {
  const auto& options = node.options<fb::Binary>();
  if (options.kind() > fb::BinaryKind::MAX) {
    return node.fail(Code::InvalidModel, "has an unknown kind, %d",
                     static_cast<int>(options.kind()));
  }
  return check_clamp(node, options.clamp());
}

int32_t truncated_div(Dims& dims, int32_t a, int32_t b) {
  if (is_number(a) && is_number(b) && b != 0) return a / b;  // neither is INT32_MIN
  // Of sizes, which are not negative.
  const bool negative = (is_number(a) && a < 0) || (is_number(b) && b < 0);
  return negative ? kInvalidDim : dims.floor_div(a, b);
}

// 0 or 1; kInvalidDim where that is not known.
int32_t compare(Dims& dims, fb::BinaryKind kind, int32_t a, int32_t b) {
  const auto truth = [](bool yes, bool no) { return yes ? 1 : no ? 0 : kInvalidDim; };
  const auto less = [&](int32_t x, int32_t y) { return dims.at_least(y, dims.add(x, 1)); };
  switch (kind) {
    case fb::BinaryKind::Equal:
      return truth(a == b, dims.differ(a, b) || less(a, b) || less(b, a));
    case fb::BinaryKind::NotEqual:
      return truth(dims.differ(a, b) || less(a, b) || less(b, a), a == b);
    case fb::BinaryKind::Less:
      return truth(less(a, b), dims.at_least(a, b));
    case fb::BinaryKind::LessEqual:
      return truth(dims.at_least(b, a), less(b, a));
    case fb::BinaryKind::Greater:
      return truth(less(b, a), dims.at_least(b, a));
    default:
      return truth(dims.at_least(a, b), less(a, b));
  }
}

// Arithmetic that shapes are computed with; integers as the operator itself gives them. kInvalidDim
// where they are not known.
int32_t evaluate(Dims& dims, fb::BinaryKind kind, int32_t a, int32_t b) {
  // What stands for "to the end" may be any large number.
  if ((a == INT32_MAX || b == INT32_MAX) && kind != fb::BinaryKind::Min) return kInvalidDim;
  switch (kind) {
    case fb::BinaryKind::Add:
      return dims.add(a, b);
    case fb::BinaryKind::Sub:
      return dims.sub(a, b);
    case fb::BinaryKind::Mul:
      return dims.mul(a, b);
    case fb::BinaryKind::Div:
      return truncated_div(dims, a, b);
    case fb::BinaryKind::FloorDiv:
      return dims.floor_div(a, b);
    case fb::BinaryKind::FloorMod:
      return dims.sub(a, dims.mul(dims.floor_div(a, b), b));
    case fb::BinaryKind::Min:
      return dims.min(a, b);
    case fb::BinaryKind::Max:
      return dims.max(a, b);
    case fb::BinaryKind::And:
      return a == 0 || b == 0 ? 0 : is_number(a) && is_number(b) ? 1 : kInvalidDim;
    case fb::BinaryKind::Or:
      return (is_number(a) && a != 0) || (is_number(b) && b != 0) ? 1
             : a == 0 && b == 0                                   ? 0
                                                                  : kInvalidDim;
    case fb::BinaryKind::Pow:
    case fb::BinaryKind::SquaredDifference:
      return kInvalidDim;
    default:
      return compare(dims, kind, a, b);
  }
}

void infer_integers(Inference& x, const Shape& out) {
  Integers a, b, result;
  const auto& options = x.node().options<fb::Binary>();
  if (options.clamp() != nullptr || options.kind() == fb::BinaryKind::Pow ||
      options.kind() == fb::BinaryKind::SquaredDifference) {
    return;
  }
  if (out.rank() > 1 || !x.integers(0, &a) || !x.integers(1, &b) || a.empty() || b.empty()) return;
  const size_t count = std::max(a.size(), b.size());
  for (size_t i = 0; i < count; ++i) {
    const int32_t left = a[a.size() == 1 ? 0 : i], right = b[b.size() == 1 ? 0 : i];
    int32_t value = evaluate(x.dims(), options.kind(), left, right);
    if (value == kInvalidDim) {
      // Between numbers, no size will tell more.
      if (is_number(left) && is_number(right)) return;
      value = x.dims().unknown();
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
  row.keeps_places = keeps_all_places;
  return row;
}

}  // namespace

extern const OpSpec kBinarySpec;
const OpSpec kBinarySpec = row();

}  // namespace qrt::rt
