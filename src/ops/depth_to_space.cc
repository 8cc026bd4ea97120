// DepthToSpace: [N,H,W,C] -> [N,H*b,W*b,C/b²], each pixel's channels spread over b x b pixels.
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Move describe(const Node& node, const Shapes& shapes) {
  const Shape& in = node.shape_in(shapes, 0);
  const auto& options = node.options<fb::DepthToSpace>();
  const int64_t block = options.block();
  const int64_t height = in[1], width = in[2], channels = in[3] / (block * block);
  // Where the block's row and column, and the output's channel, stand among the input's channels.
  const bool depth_first = options.order() == fb::DepthOrder::DepthFirst;
  const int64_t row = depth_first ? block * channels : block;
  const int64_t column = depth_first ? channels : 1;
  const int64_t channel = depth_first ? 1 : block * block;
  const int64_t line = width * block * channels;  // of the output
  Move move;
  move.loop.add(in[0] * height, {width * in[3], block * line});
  move.loop.add(block, {row, line});
  move.loop.add(width, {in[3], block * channels});
  move.loop.add(block, {column, channels});
  move.loop.add(channels, {channel, 1});
  return move;
}

Choice choose(const Node&, const ChooseContext&) {
  return make_move_kernel("depth_to_space", describe);
}

}  // namespace

const OpDef kDepthToSpaceOp = {choose};

}  // namespace qrt::rt
