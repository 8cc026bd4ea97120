// TopK: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape& in = x.in(0);
  int axis;
  QRT_RETURN_IF_ERROR(require_axis(x, x.node().options<fb::TopK>().axis(), in.rank(), &axis));
  int32_t k = x.node().options<fb::TopK>().k();
  if (x.node().has_input(1)) {
    Integers elements;
    if (!x.integers(1, &elements) || elements.size() != 1) {
      return x.node().fail(Code::Unsupported, "its k is computed from values when the model runs");
    }
    k = elements[0];
  }
  if (is_number(k) && (k < 0 || (is_number(in[axis]) && k > in[axis]))) {
    return x.node().fail(Code::InvalidModel, "takes %d elements of an axis of %s", k,
                         x.dims().text(in[axis]).c_str());
  }
  Shape out = in;
  out[axis] = k;
  x.out(0, out);
  x.out(1, out);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::TopK;
  row.signatures = "f32/s8/u8/s16/s32/s64/q/q32, [index] -> =0, index";
  row.infer = infer;
  return row;
}

}  // namespace

extern const OpSpec kTopKSpec;
const OpSpec kTopKSpec = row();

}  // namespace qrt::rt
