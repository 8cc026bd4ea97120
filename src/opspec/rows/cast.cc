// Cast: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  x.out(0, Shape(x.in(0)));
  Integers elements;
  const DType to = x.node().output(0).type;
  const bool keeps = to == DType::S32 || to == DType::S64;
  if (keeps && x.integers(0, &elements)) x.out_integers(0, std::move(elements));
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Cast;
  row.signatures = "f32/integers/bool -> f32/integers/bool";
  row.infer = infer;
  return row;
}

}  // namespace

extern const OpSpec kCastSpec;
const OpSpec kCastSpec = row();

}  // namespace qrt::rt
