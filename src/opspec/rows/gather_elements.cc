// GatherElements: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  int axis;
  QRT_RETURN_IF_ERROR(
      require_axis(x, x.node().options<fb::GatherElements>().axis(), x.in(0).rank(), &axis));
  QRT_RETURN_IF_ERROR(check_element_indices(x, axis));
  x.out(0, x.in(1));
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::GatherElements;
  row.signatures = "movable, index -> =0";
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  return row;
}

}  // namespace

extern const OpSpec kGatherElementsSpec;
const OpSpec kGatherElementsSpec = row();

}  // namespace qrt::rt
