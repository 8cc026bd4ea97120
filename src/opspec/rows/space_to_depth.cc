// SpaceToDepth: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape& in = x.in(0);
  const int32_t block = x.node().options<fb::SpaceToDepth>().block();
  if (in.rank() != 4) {
    return x.node().fail(Code::InvalidModel, "needs an input of 4 dimensions, has %s",
                         x.text(in).c_str());
  }
  const auto divides = [&](int32_t dim) { return !is_number(dim) || dim % block == 0; };
  if (block < 1 || !divides(in[1]) || !divides(in[2])) {
    return x.node().fail(Code::InvalidModel, "its block of %d does not divide an image of %sx%s",
                         block, x.dims().text(in[1]).c_str(), x.dims().text(in[2]).c_str());
  }
  Dims& dims = x.dims();
  const Shape out = {in[0], dims.floor_div(in[1], block), dims.floor_div(in[2], block),
                     dims.mul(dims.mul(in[3], block), block)};
  if (out[3] == kInvalidDim) {
    return x.node().fail(Code::InvalidModel, "makes %s too large", x.text(in).c_str());
  }
  x.out(0, out);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::SpaceToDepth;
  row.signatures = "movable -> =0";
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  return row;
}

}  // namespace

extern const OpSpec kSpaceToDepthSpec;
const OpSpec kSpaceToDepthSpec = row();

}  // namespace qrt::rt
