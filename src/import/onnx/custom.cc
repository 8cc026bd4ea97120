#include "src/import/onnx/custom.h"

#include <memory>
#include <utility>

#include "src/import/onnx/tensor_proto.h"

namespace qrt::import::onnx_import {
namespace {

using ::onnx::AttributeProto;

std::unique_ptr<fb::AttributeT> attribute_of(const AttributeProto& from) {
  auto to = std::make_unique<fb::AttributeT>();
  to->name = from.name();
  switch (from.type()) {
    case AttributeProto::INT:
      to->ints = {from.i()};
      break;
    case AttributeProto::INTS:
      to->ints.assign(from.ints().begin(), from.ints().end());
      break;
    case AttributeProto::FLOAT:
      to->floats = {static_cast<double>(from.f())};
      break;
    case AttributeProto::FLOATS:
      to->floats.assign(from.floats().begin(), from.floats().end());
      break;
    case AttributeProto::STRING:
      to->text = from.s();
      break;
    default:
      unsupported("its attribute '%s' is no number, no text and no list of numbers",
                  from.name().c_str());
  }
  return to;
}

// Gives output k a new value of the type and shape that the model declares for it.
int declared_output(Call& c, size_t k) {
  const std::string name = c.output_name(k);
  const auto found = c.model.declared.find(name);
  if (found == c.model.declared.end() || !found->second->type().has_tensor_type() ||
      !found->second->type().tensor_type().has_shape()) {
    unsupported(
        "the model declares no type and shape for its output '%s'; let the exporter write "
        "value_info for it",
        name.c_str());
  }
  const auto& type = found->second->type().tensor_type();
  const DType element = element_type(type.elem_type());
  if (computed_in_f32(element)) {
    unsupported("its output '%s' has elements of 16 bits, which libqrt computes in f32",
                name.c_str());
  }
  Shape shape;
  for (const auto& dim : type.shape().dim()) {
    const bool known = dim.has_dim_value() && dim.dim_value() >= 0;
    shape.push_back(known ? checked_shape({dim.dim_value()})[0] : Dim(c.b.dims().open()));
  }
  return c.out(k, element, shape, plain_order(shape.size()));
}

}  // namespace

void import_custom(Call& c) {
  fb::CustomT custom;
  custom.name = c.kind;
  for (const AttributeProto* attribute : c.attributes.all()) {
    custom.attributes.push_back(attribute_of(*attribute));
  }
  std::vector<int> inputs, outputs;
  for (size_t i = 0; i < c.inputs(); ++i) {
    inputs.push_back(c.has(i) ? c.b.plain(c.in(i)) : graph::kAbsent);
  }
  for (size_t k = 0; k < c.outputs(); ++k) {
    if (c.output_name(k).empty())
      unsupported("its output %zu is left out, which an app cannot see", k);
    outputs.push_back(declared_output(c, k));
  }
  c.emit(std::move(custom), std::move(inputs), std::move(outputs));
}

}  // namespace qrt::import::onnx_import
