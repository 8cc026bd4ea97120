// CumSum: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  int axis;
  QRT_RETURN_IF_ERROR(
      require_axis(x, x.node().options<fb::CumSum>().axis(), x.in(0).rank(), &axis));
  return infer_same_shape(x);
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::CumSum;
  row.signatures = "number -> =0";
  row.infer = infer;
  return row;
}

}  // namespace

extern const OpSpec kCumSumSpec;
const OpSpec kCumSumSpec = row();

}  // namespace qrt::rt
