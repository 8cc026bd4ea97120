// NonZero: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape& in = x.in(0);
  if (in.rank() == 0) return x.node().fail(Code::InvalidModel, "its input is a scalar");
  x.out(0, {x.decided_by_run(product(x.dims(), in, 0, in.rank())), in.rank()});
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::NonZero;
  row.signatures = "f32/f64/f16/bf16/s8/u8/s16/s32/s64/bool -> index";
  row.infer = infer;
  return row;
}

}  // namespace

extern const OpSpec kNonZeroSpec;
const OpSpec kNonZeroSpec = row();

}  // namespace qrt::rt
