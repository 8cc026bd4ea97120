// BroadcastTo: repeats axes of one element, as numpy broadcasts. Both ways, as ONNX's Expand does:
// a 1 in the wanted shape leaves the input's axis as it is.
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Status infer(const Node& node, Shapes& shapes) {
  QRT_RETURN_IF_ERROR(node.check_arity(1, 1, 1));
  QRT_RETURN_IF_ERROR(check_movable(node));
  const Shape& in = node.shape_in(shapes, 0);
  const auto& dims = *node.options<fb::BroadcastTo>().shape();
  if (dims.size() > static_cast<unsigned>(kMaxRank)) {
    return node.fail(Code::InvalidModel, "has %u dimensions, more than %d", dims.size(), kMaxRank);
  }
  const Shape wanted(dims.data(), dims.size());
  for (int32_t dim : wanted) {
    if (dim < 1) return node.fail(Code::InvalidModel, "its shape has a dimension of %d", dim);
  }
  Shape out;
  if (!broadcast(in, wanted, &out)) {
    return node.fail(Code::InvalidModel, "cannot broadcast %s to %s", in.str().c_str(),
                     wanted.str().c_str());
  }
  set_output(node, shapes, 0, out);
  return {};
}

Move describe(const Node& node, const Shapes& shapes) {
  const Shape& out = node.shape_out(shapes, 0);
  int64_t from[kMaxRank], to[kMaxRank];
  broadcast_strides(node.shape_in(shapes, 0), out, from);
  dense_strides(out, to);
  Move move;
  for (int i = 0; i < out.rank(); ++i) move.loop.add(out[i], {from[i], to[i]});
  return move;
}

Status prepare(const Node&, const BuildContext&, std::unique_ptr<OpKernel>* kernel) {
  *kernel = make_move_kernel("broadcast", describe);
  return {};
}

}  // namespace

const OpDef kBroadcastToOp = {fb::OpOptions::BroadcastTo, infer, prepare, false};

}  // namespace qrt::rt
