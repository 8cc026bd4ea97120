// Conv2D: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status check(const Node& node) {
  const auto& options = node.options<fb::Conv2D>();
  return check_convolution(node, *options.window(), options.groups(), options.clamp());
}

Status infer(Inference& x) {
  const auto& options = x.node().options<fb::Conv2D>();
  const Shape &in = x.in(0), &weights = x.node().input(1).shape;
  int32_t out_h, out_w;
  QRT_RETURN_IF_ERROR(
      infer_window(x, *options.window(), in, weights[1], weights[2], &out_h, &out_w));
  QRT_RETURN_IF_ERROR(check_groups(x.node(), options.groups(), in));
  x.out(0, {in[0], out_h, out_w, weights[0]});
  return {};
}

// Each output is a sum over one filter.
uint64_t macs(const Node& node, const Shapes& shapes) {
  const Shape& weights = node.input(1).shape;
  return static_cast<uint64_t>(node.shape_out(shapes, 0).elements()) *
         static_cast<uint64_t>(weights.elements(1, 4));
}

// That of images.
bool keeps_places(const Node&, const Shapes&, size_t, int axis) { return axis == 0; }

constexpr OpSpec row() {
  OpSpec row = weighted_row(fb::OpOptions::Conv2D);
  row.check = check;
  row.infer = infer;
  row.macs = macs;
  row.keeps_places = keeps_places;
  return row;
}

}  // namespace

extern const OpSpec kConv2DSpec;
const OpSpec kConv2DSpec = row();

}  // namespace qrt::rt
