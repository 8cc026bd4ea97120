// Tile: the input repeated multiples[i] times along axis i.
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Move describe(const Node& node, const Shapes& shapes) {
  const Shape& in = node.shape_in(shapes, 0);
  const auto& multiples = *node.options<fb::Tile>().multiples();
  int64_t from[kMaxRank], to[kMaxRank];
  dense_strides(in, from);
  dense_strides(node.shape_out(shapes, 0), to);
  Move move;
  for (int i = 0; i < in.rank(); ++i) {
    move.loop.add(multiples.Get(static_cast<unsigned>(i)), {0, to[i] * in[i]});
    move.loop.add(in[i], {from[i], to[i]});
  }
  return move;
}

Choice choose(const Node&, const ChooseContext&) { return make_move_kernel("tile", describe); }

}  // namespace

const OpDef kTileOp = {choose};

}  // namespace qrt::rt
