// IntegerMatMul: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

// Of the input with this number: one number, or one for each of `lines`.
Status check_zero_point(Inference& x, size_t input, int32_t lines) {
  if (!x.node().has_input(input)) return {};
  if (x.node().input(input).type != x.node().input(input - 2).type) {
    return x.node().fail(Code::InvalidModel, "has zero points of another type than the integers");
  }
  const Shape& shape = x.in(input);
  if (shape.rank() == 0 ||
      (shape.rank() == 1 && (shape[0] == 1 || !x.dims().differ(shape[0], lines)))) {
    return {};
  }
  return x.node().fail(Code::InvalidModel, "has zero points %s for %s", x.text(shape).c_str(),
                       x.text_in(input - 2).c_str());
}

Status infer(Inference& x) {
  const Shape &a = x.in(0), &b = x.in(1);
  Shape out;
  if (a.rank() < 2 || b.rank() < 2 || x.dims().differ(a.last(), b[b.rank() - 2]) ||
      !broadcast(x.dims(), Shape(a.begin(), static_cast<size_t>(a.rank() - 2)),
                 Shape(b.begin(), static_cast<size_t>(b.rank() - 2)), &out)) {
    return x.node().fail(Code::InvalidModel, "cannot multiply %s and %s", x.text(a).c_str(),
                         x.text(b).c_str());
  }
  out.push_back(a[a.rank() - 2]);
  out.push_back(b.last());
  QRT_RETURN_IF_ERROR(check_zero_point(x, 2, a[a.rank() - 2]));
  QRT_RETURN_IF_ERROR(check_zero_point(x, 3, b.last()));
  x.out(0, out);
  return {};
}

uint64_t macs(const Node& node, const Shapes& shapes) {
  return static_cast<uint64_t>(node.shape_out(shapes, 0).elements()) *
         static_cast<uint64_t>(node.shape_in(shapes, 0).last());
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::IntegerMatMul;
  row.signatures = "s8/u8, s8/u8, [s8/u8], [s8/u8] -> s32";
  row.infer = infer;
  row.macs = macs;
  return row;
}

}  // namespace

extern const OpSpec kIntegerMatMulSpec;
const OpSpec kIntegerMatMulSpec = row();

}  // namespace qrt::rt
