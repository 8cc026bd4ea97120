// Transpose: axes in another order; output axis i is input axis perm[i].
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Move describe(const Node& node, const Shapes& shapes) {
  const Shape& out = node.shape_out(shapes, 0);
  const auto& perm = *node.options<fb::Transpose>().perm();
  int64_t from[kMaxRank], to[kMaxRank];
  dense_strides(node.shape_in(shapes, 0), from);
  dense_strides(out, to);
  Move move;
  for (int i = 0; i < out.rank(); ++i) {
    move.loop.add(out[i], {from[perm.Get(static_cast<unsigned>(i))], to[i]});
  }
  return move;
}

Choice choose(const Node&, const ChooseContext&) { return make_move_kernel("transpose", describe); }

}  // namespace

const OpDef kTransposeOp = {choose};

}  // namespace qrt::rt
