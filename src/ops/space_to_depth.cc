// SpaceToDepth: [N,H,W,C] -> [N,H/b,W/b,b*b*C], each b x b pixels gathered into one, row by row.
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Move describe(const Node& node, const Shapes& shapes) {
  const Shape& in = node.shape_in(shapes, 0);
  const Shape& out = node.shape_out(shapes, 0);
  const int64_t block = node.options<fb::SpaceToDepth>().block();
  const int64_t channels = in[3], line = in[2] * channels;  // of the input
  Move move;
  move.loop.add(int64_t{out[0]} * out[1], {block * line, int64_t{out[2]} * out[3]});
  move.loop.add(out[2], {block * channels, out[3]});
  move.loop.add(block, {line, block * channels});
  move.loop.add(block * channels, {1, 1});
  return move;
}

Choice choose(const Node&, const ChooseContext&) {
  return make_move_kernel("space_to_depth", describe);
}

}  // namespace

const OpDef kSpaceToDepthOp = {choose};

}  // namespace qrt::rt
