// ScatterElements: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status check(const Node& node) {
  return check_reduction(node, node.options<fb::ScatterElements>().reduction());
}

Status infer(Inference& x) {
  int axis;
  QRT_RETURN_IF_ERROR(
      require_axis(x, x.node().options<fb::ScatterElements>().axis(), x.in(0).rank(), &axis));
  QRT_RETURN_IF_ERROR(check_element_indices(x, axis));
  const Shape &indices = x.in(1), &updates = x.in(2);
  bool fits = indices.rank() == updates.rank();
  for (int i = 0; fits && i < indices.rank(); ++i) fits = !x.dims().differ(indices[i], updates[i]);
  if (!fits) {
    return x.node().fail(Code::InvalidModel, "has indices %s for updates %s",
                         x.text(indices).c_str(), x.text(updates).c_str());
  }
  x.out(0, x.in(0));
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::ScatterElements;
  row.signatures_of = [](const void* options) {
    return scatter_signatures(as<fb::ScatterElements>(options).reduction());
  };
  row.check = check;
  row.infer = infer;
  return row;
}

}  // namespace

extern const OpSpec kScatterElementsSpec;
const OpSpec kScatterElementsSpec = row();

}  // namespace qrt::rt
