// AssignVariable: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape &variable = x.in(0), &value = x.in(1);
  bool differ = variable.rank() != value.rank();
  for (int i = 0; !differ && i < value.rank(); ++i) differ = x.dims().differ(variable[i], value[i]);
  if (!differ) return {};
  return x.node().fail(Code::InvalidModel, "assigns %s to variable '%s' of %s",
                       x.text(value).c_str(), x.node().input(0).name, x.text(variable).c_str());
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::AssignVariable;
  row.signatures = "state any, =0 -> ";
  row.infer = infer;
  row.has_effects = true;
  row.updates = 1u << 0;
  return row;
}

}  // namespace

extern const OpSpec kAssignVariableSpec;
const OpSpec kAssignVariableSpec = row();

}  // namespace qrt::rt
