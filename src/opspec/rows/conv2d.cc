// Conv2D: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

// Symbols and -1 are taken to fit.
Status check_groups(const Node& node, const Shape& in) {
  const Shape& weights = node.input(1).shape;
  const int32_t groups = node.options<fb::Conv2D>().groups();
  const int32_t channels = in.rank() == 4 ? in[3] : -1;
  if (groups >= 1 && weights[0] % groups == 0 &&
      (channels < 0 || (channels % groups == 0 && weights[3] == channels / groups))) {
    return {};
  }
  return node.fail(Code::InvalidModel, "its weights %s and %d groups do not fit its input, %s",
                   weights.str().c_str(), groups, in.str().c_str());
}

Status check(const Node& node) {
  const auto& options = node.options<fb::Conv2D>();
  const Shape& weights = node.input(1).shape;
  if (weights.rank() != 4) {
    return node.fail(Code::InvalidModel, "takes weights [O,KH,KW,I], not %s",
                     weights.str().c_str());
  }
  QRT_RETURN_IF_ERROR(check_window(node, *options.window(), weights[1], weights[2]));
  QRT_RETURN_IF_ERROR(check_clamp(node, options.clamp()));
  QRT_RETURN_IF_ERROR(check_groups(node, node.input(0).shape));
  return check_weights(node);
}

Status infer(Inference& x) {
  const auto& options = x.node().options<fb::Conv2D>();
  const Shape &in = x.in(0), &weights = x.node().input(1).shape;
  int32_t out_h, out_w;
  QRT_RETURN_IF_ERROR(
      infer_window(x, *options.window(), in, weights[1], weights[2], &out_h, &out_w));
  QRT_RETURN_IF_ERROR(check_groups(x.node(), in));
  x.out(0, {in[0], out_h, out_w, weights[0]});
  return {};
}

// Each output is a sum over one filter.
uint64_t macs(const Node& node, const Shapes& shapes) {
  const Shape& weights = node.input(1).shape;
  return static_cast<uint64_t>(node.shape_out(shapes, 0).elements()) *
         static_cast<uint64_t>(weights.elements(1, 4));
}

constexpr OpSpec row() {
  OpSpec row = weighted_row(fb::OpOptions::Conv2D);
  row.check = check;
  row.infer = infer;
  row.macs = macs;
  return row;
}

}  // namespace

extern const OpSpec kConv2DSpec;
const OpSpec kConv2DSpec = row();

}  // namespace qrt::rt
