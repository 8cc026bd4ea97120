// Squeeze: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

// Of any size: what another than 1 means is known in a run.
Status infer(Inference& x) {
  const Shape in = x.in(0);
  int axis;
  QRT_RETURN_IF_ERROR(require_axis(x, x.node().options<fb::Squeeze>().axis(), in.rank(), &axis));
  Shape out;
  for (int i = 0; i < in.rank(); ++i) {
    if (i != axis) out.push_back(in[i]);
  }
  x.out(0, out);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Squeeze;
  row.signatures = "movable -> =0";
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  row.keeps_places = keeps_all_places;
  return row;
}

}  // namespace

extern const OpSpec kSqueezeSpec;
const OpSpec kSqueezeSpec = row();

}  // namespace qrt::rt
