// FullyConnected: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status check(const Node& node) {
  if (node.input(1).shape.rank() != 2) {
    return node.fail(Code::InvalidModel, "its weights %s do not fit its input, %s",
                     node.input(1).shape.str().c_str(), node.input(0).shape.str().c_str());
  }
  QRT_RETURN_IF_ERROR(check_clamp(node, node.options<fb::FullyConnected>().clamp()));
  return check_weights(node);
}

Status infer(Inference& x) {
  const Shape &in = x.in(0), &weights = x.node().input(1).shape;
  if (in.rank() < 1 || x.dims().differ(weights[1], in.last())) {
    return x.node().fail(Code::InvalidModel, "its weights %s do not fit its input, %s",
                         weights.str().c_str(), x.text(in).c_str());
  }
  Shape out = in;
  out[out.rank() - 1] = weights[0];
  x.out(0, out);
  return {};
}

uint64_t macs(const Node& node, const Shapes& shapes) {
  return static_cast<uint64_t>(node.shape_out(shapes, 0).elements()) *
         static_cast<uint64_t>(node.input(1).shape[1]);
}

constexpr OpSpec row() {
  OpSpec row = weighted_row(fb::OpOptions::FullyConnected);
  row.check = check;
  row.infer = infer;
  row.macs = macs;
  row.keeps_places = keeps_all_places;
  return row;
}

}  // namespace

extern const OpSpec kFullyConnectedSpec;
const OpSpec kFullyConnectedSpec = row();

}  // namespace qrt::rt
