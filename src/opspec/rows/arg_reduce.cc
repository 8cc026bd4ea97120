// ArgReduce: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape& in = x.in(0);
  const auto& options = x.node().options<fb::ArgReduce>();
  int axis;
  QRT_RETURN_IF_ERROR(require_axis(x, options.axis(), in.rank(), &axis));
  if (in[axis] == 0) {
    return x.node().fail(Code::InvalidModel, "searches nothing: its input is %s",
                         x.text(in).c_str());
  }
  Shape out;
  for (int i = 0; i < in.rank(); ++i) {
    if (i != axis) {
      out.push_back(in[i]);
    } else if (options.keep_dims()) {
      out.push_back(1);
    }
  }
  x.out(0, out);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::ArgReduce;
  row.signatures = "f32/s8/u8/s16/s32/q/q32 -> index";
  row.infer = infer;
  row.quantized = QuantizedAs::Finds;
  return row;
}

}  // namespace

extern const OpSpec kArgReduceSpec;
const OpSpec kArgReduceSpec = row();

}  // namespace qrt::rt
