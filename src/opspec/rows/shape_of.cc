// ShapeOf: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape in = x.in(0);
  x.out(0, {in.rank()});
  x.out_integers(0, Integers(in.begin(), in.end()));
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::ShapeOf;
  row.signatures = "any -> index";
  row.infer = infer;
  return row;
}

}  // namespace

extern const OpSpec kShapeOfSpec;
const OpSpec kShapeOfSpec = row();

}  // namespace qrt::rt
