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
    for (int32_t dim : x.in(1)) {
      if (!x.dims().differ(dim, 1)) continue;
      return x.node().fail(Code::InvalidModel, "its k is %s, not one number", x.text_in(1).c_str());
    }
    Integers elements;
    const bool known = x.integers(1, &elements) && elements.size() == 1;
    k = known ? elements[0] : x.decided_by_run(in[axis]);
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

bool keeps_places(const Node& node, const Shapes& shapes, size_t input, int axis) {
  int sorted;
  (void)resolve_axis(node.options<fb::TopK>().axis(), node.shape_in(shapes, 0).rank(), &sorted);
  return input == 0 && axis != sorted;
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::TopK;
  row.signatures = "f32/s8/u8/s16/s32/s64/q/q32, [index] -> =0, index";
  row.infer = infer;
  row.keeps_places = keeps_places;
  return row;
}

}  // namespace

extern const OpSpec kTopKSpec;
const OpSpec kTopKSpec = row();

}  // namespace qrt::rt
