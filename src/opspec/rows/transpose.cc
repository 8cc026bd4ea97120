// Transpose: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape& in = x.in(0);
  const auto& perm = *x.node().options<fb::Transpose>().perm();
  if (perm.size() != static_cast<unsigned>(in.rank())) {
    return x.node().fail(Code::InvalidModel, "permutes %u axes, the input has %d", perm.size(),
                         in.rank());
  }
  Shape out = Shape::ones(in.rank());
  unsigned seen = 0;
  for (int i = 0; i < in.rank(); ++i) {
    const int32_t axis = perm.Get(static_cast<unsigned>(i));
    if (axis < 0 || axis >= in.rank() || (seen >> axis & 1u) != 0) {
      return x.node().fail(Code::InvalidModel,
                           "its permutation names axis %d, twice or out of range", axis);
    }
    seen |= 1u << axis;
    out[i] = in[axis];
  }
  x.out(0, out);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Transpose;
  row.signatures = "movable -> =0";
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  row.keeps_places = keeps_all_places;
  return row;
}

}  // namespace

extern const OpSpec kTransposeSpec;
const OpSpec kTransposeSpec = row();

}  // namespace qrt::rt
