// Trilu: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  if (x.in(0).rank() < 2) {
    return x.node().fail(Code::InvalidModel, "takes matrices, not %s", x.text_in(0).c_str());
  }
  return infer_same_shape(x);
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Trilu;
  row.signatures = "movable -> =0";
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  return row;
}

}  // namespace

extern const OpSpec kTriluSpec;
const OpSpec kTriluSpec = row();

}  // namespace qrt::rt
