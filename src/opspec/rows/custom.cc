// Custom: see schema/qrt.fbs.
#include "src/opspec/custom.h"

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

const char* kind_name(const void* options) { return as<fb::Custom>(options).name()->c_str(); }

Status check(const Node& node) {
  const auto& options = node.options<fb::Custom>();
  if (options.name()->size() == 0) {
    return node.fail(Code::InvalidModel, "has no name by which an app could give it");
  }
  const auto* data = options.data();
  if (data != nullptr && reinterpret_cast<uintptr_t>(data->data()) % 8 != 0) {
    return node.fail(Code::InvalidModel, "has data that are not aligned to 8 bytes");
  }
  return {};
}

// What the model declares, with what it leaves open as sizes of which nothing is known.
void give_declared(Inference& x) {
  for (size_t i = 0; i < x.node().outputs(); ++i) {
    Shape shape = x.node().output(i).shape;
    for (int k = 0; k < shape.rank(); ++k) {
      if (shape[k] == -1) shape[k] = x.dims().open();
    }
    x.out(i, shape);
  }
}

Status infer(Inference& x) {
  give_declared(x);
  const CustomSpec* custom = x.custom(kind_name(x.node().raw_options()));
  if (custom == nullptr) return {};
  for (size_t i = 0; i < x.node().inputs(); ++i) {
    if (x.node().has_input(i) && !all_numbers(x.in(i))) return {};
  }
  QRT_RETURN_IF_ERROR(custom->infer(x));
  for (size_t i = 0; i < x.node().outputs(); ++i) {
    if (all_numbers(x.given(i))) continue;
    return x.node().fail(Code::Unsupported,
                         "the model leaves the shape of output %zu open, %s, and the operator's "
                         "shape function gives none",
                         i, x.text(x.given(i)).c_str());
  }
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Custom;
  row.signatures = "[any].. -> any, any..";
  row.check = check;
  row.infer = infer;
  row.has_effects = true;  // for all that we know
  row.kind_name = kind_name;
  return row;
}

}  // namespace

extern const OpSpec kCustomSpec;
const OpSpec kCustomSpec = row();

}  // namespace qrt::rt
