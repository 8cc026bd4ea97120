// Concat: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  Shape out = x.in(0);
  int axis;
  QRT_RETURN_IF_ERROR(require_axis(x, x.node().options<fb::Concat>().axis(), out.rank(), &axis));
  for (size_t i = 1; i < x.node().inputs(); ++i) {
    const Shape& in = x.in(i);
    bool fit = in.rank() == out.rank();
    for (int k = 0; fit && k < out.rank(); ++k) {
      if (k == axis) continue;
      fit = !x.dims().differ(out[k], in[k]);
      if (is_number(in[k])) out[k] = in[k];
    }
    if (!fit) {
      return x.node().fail(Code::InvalidModel, "cannot join %s and %s along axis %d",
                           x.text_in(0).c_str(), x.text(in).c_str(), axis);
    }
    out[axis] = x.dims().add(out[axis], in[axis]);
    if (out[axis] == kInvalidDim) {
      return x.node().fail(Code::InvalidModel, "joins more than %d elements along axis %d",
                           INT32_MAX, axis);
    }
  }
  x.out(0, out);
  Integers all, part;
  for (size_t i = 0; i < x.node().inputs(); ++i) {
    if (out.rank() != 1 || !x.integers(i, &part)) return {};
    all.insert(all.end(), part.begin(), part.end());
  }
  x.out_integers(0, std::move(all));
  return {};
}

bool keeps_places(const Node& node, const Shapes& shapes, size_t input, int axis) {
  int along;
  (void)resolve_axis(node.options<fb::Concat>().axis(), node.shape_in(shapes, input).rank(),
                     &along);
  return axis != along;
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Concat;
  row.signatures = "movable, =0.. -> =0";
  row.infer = infer;
  row.quantized = QuantizedAs::Joins;
  row.keeps_places = keeps_places;
  return row;
}

}  // namespace

extern const OpSpec kConcatSpec;
const OpSpec kConcatSpec = row();

}  // namespace qrt::rt
