// Select: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  Shape out;
  if (!broadcast(x.dims(), x.in(1), x.in(2), &out) ||
      !broadcast(x.dims(), x.in(0), Shape(out), &out)) {
    return x.node().fail(Code::InvalidModel, "cannot broadcast %s, %s and %s together",
                         x.text_in(0).c_str(), x.text_in(1).c_str(), x.text_in(2).c_str());
  }
  x.out(0, out);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Select;
  row.signatures = "bool, movable, =1 -> =1";
  row.infer = infer;
  row.quantized = QuantizedAs::Joins;
  row.first_quantized_input = 1;
  return row;
}

}  // namespace

extern const OpSpec kSelectSpec;
const OpSpec kSelectSpec = row();

}  // namespace qrt::rt
