#include "src/opspec/spec.h"

#include "src/opspec/signature.h"

namespace qrt::rt {

// Each row is defined by its file in rows/, which sees no declaration but this one.
#define QRT_OPERATOR(name) extern const OpSpec k##name##Spec;
#include "qrt_operators.inc"
#undef QRT_OPERATOR

const OpSpec* find_spec(fb::OpOptions type) {
  switch (type) {
#define QRT_OPERATOR(name)  \
  case fb::OpOptions::name: \
    return &k##name##Spec;
#include "qrt_operators.inc"
#undef QRT_OPERATOR
    default:
      return nullptr;
  }
}

const char* signatures_of(const OpSpec& spec, const void* options) {
  return spec.signatures_of != nullptr ? spec.signatures_of(options) : spec.signatures;
}

QuantizedAs quantized_as(const OpSpec& spec, const void* options) {
  return spec.quantized_of != nullptr ? spec.quantized_of(options) : spec.quantized;
}

OpSpec::Clamp clamp_of(const OpSpec& spec, const void* options) {
  return spec.clamp_of != nullptr ? spec.clamp_of(options) : spec.clamp;
}

std::string operator_name(fb::OpOptions type, const void* options) {
  std::string name = fb::EnumNameOpOptions(type);
  const OpSpec* spec = find_spec(type);
  const char* kind =
      spec != nullptr && spec->kind_name != nullptr ? spec->kind_name(options) : nullptr;
  return kind != nullptr ? name + "." + kind : name;
}

Status check_node(const OpSpec& spec, const Node& node) {
  QRT_RETURN_IF_ERROR(check_signature(node, signatures_of(spec, node.raw_options())));
  return spec.check != nullptr ? spec.check(node) : Status();
}

}  // namespace qrt::rt
