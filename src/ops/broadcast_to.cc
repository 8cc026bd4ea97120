// BroadcastTo: repeats axes of one element, as numpy broadcasts. Both ways, as ONNX's Expand does:
// a 1 in the wanted shape leaves the input's axis as it is.
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Move describe(const Node& node, const Shapes& shapes) {
  const Shape& out = node.shape_out(shapes, 0);
  int64_t from[kMaxRank], to[kMaxRank];
  broadcast_strides(node.shape_in(shapes, 0), out, from);
  dense_strides(out, to);
  Move move;
  for (int i = 0; i < out.rank(); ++i) move.loop.add(out[i], {from[i], to[i]});
  return move;
}

Choice choose(const Node&, const ChooseContext&) { return make_move_kernel("broadcast", describe); }

}  // namespace

const OpDef kBroadcastToOp = {choose};

}  // namespace qrt::rt
