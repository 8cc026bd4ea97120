// Unary: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

fb::UnaryKind kind_of(const void* options) { return as<fb::Unary>(options).kind(); }

const char* signatures(const void* options) {
  return kind_of(options) == fb::UnaryKind::Not ? "bool -> bool"
                                                : "number -> =0; q8 -> q8; q16 -> q16";
}

Status check(const Node& node) {
  const auto& options = node.options<fb::Unary>();
  if (options.kind() > fb::UnaryKind::MAX) {
    return node.fail(Code::InvalidModel, "has an unknown kind, %d",
                     static_cast<int>(options.kind()));
  }
  return check_clamp(node, options.clamp());
}

void infer_integers(Inference& x) {
  const auto& options = x.node().options<fb::Unary>();
  Integers elements;
  if (options.clamp() != nullptr || !x.integers(0, &elements)) return;
  for (int32_t& element : elements) {
    if (element == INT32_MAX) return;  // it may stand for any large number
    switch (options.kind()) {
      case fb::UnaryKind::Neg:
        element = x.dims().sub(0, element);
        break;
      case fb::UnaryKind::Not:
        element = is_number(element) ? 1 - element : x.dims().unknown();
        break;
      default:
        return;
    }
    if (element == kInvalidDim) return;
  }
  x.out_integers(0, std::move(elements));
}

Status infer(Inference& x) {
  infer_integers(x);
  return infer_same_shape(x);
}

QuantizedAs quantized(const void* options) {
  return kind_of(options) == fb::UnaryKind::Not ? QuantizedAs::Float : QuantizedAs::Computes;
}

OpSpec::Clamp clamp(const void* options) {
  return kind_of(options) == fb::UnaryKind::Clip ? OpSpec::Clamp::Requantizes : OpSpec::Clamp::None;
}

const char* kind_name(const void* options) { return fb::EnumNameUnaryKind(kind_of(options)); }

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Unary;
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

extern const OpSpec kUnarySpec;
const OpSpec kUnarySpec = row();

}  // namespace qrt::rt
