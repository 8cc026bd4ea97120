// DepthToSpace: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status check(const Node& node) {
  const auto& options = node.options<fb::DepthToSpace>();
  if (options.order() <= fb::DepthOrder::MAX) return {};
  return node.fail(Code::InvalidModel, "has an unknown order %d",
                   static_cast<int>(options.order()));
}

Status infer(Inference& x) {
  const Shape& in = x.in(0);
  const int32_t block = x.node().options<fb::DepthToSpace>().block();
  if (in.rank() != 4) {
    return x.node().fail(Code::InvalidModel, "needs an input of 4 dimensions, has %s",
                         x.text(in).c_str());
  }
  const int64_t area = int64_t{block} * block;
  if (block < 1 || area > INT32_MAX || (is_number(in[3]) && in[3] % area != 0)) {
    return x.node().fail(Code::InvalidModel, "its block of %d does not divide %s channels", block,
                         x.dims().text(in[3]).c_str());
  }
  Dims& dims = x.dims();
  const Shape out = {in[0], dims.mul(in[1], block), dims.mul(in[2], block),
                     dims.floor_div(in[3], static_cast<int32_t>(area))};
  if (out[1] == kInvalidDim || out[2] == kInvalidDim) {
    return x.node().fail(Code::InvalidModel, "makes %s too large", x.text(in).c_str());
  }
  x.out(0, out);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::DepthToSpace;
  row.signatures = "movable -> =0";
  row.check = check;
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  return row;
}

}  // namespace

extern const OpSpec kDepthToSpaceSpec;
const OpSpec kDepthToSpaceSpec = row();

}  // namespace qrt::rt
