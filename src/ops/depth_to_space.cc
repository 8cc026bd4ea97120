// DepthToSpace: [N,H,W,C] -> [N,H*b,W*b,C/b²], each pixel's channels spread over b x b pixels.
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Status infer(const Node& node, Shapes& shapes) {
  QRT_RETURN_IF_ERROR(node.check_arity(1, 1, 1));
  QRT_RETURN_IF_ERROR(check_movable(node));
  const Shape& in = node.shape_in(shapes, 0);
  const auto& options = node.options<fb::DepthToSpace>();
  if (in.rank() != 4) {
    return node.fail(Code::InvalidModel, "needs an input of 4 dimensions, has %s",
                     in.str().c_str());
  }
  if (options.order() > fb::DepthOrder::MAX) {
    return node.fail(Code::InvalidModel, "has an unknown order %d",
                     static_cast<int>(options.order()));
  }
  const int64_t block = options.block();
  if (block < 1 || in[3] % (block * block) != 0) {
    return node.fail(Code::InvalidModel, "its block of %d does not divide %d channels",
                     options.block(), in[3]);
  }
  Shape out = in;
  if (!checked_mul(in[1], options.block(), &out[1]) ||
      !checked_mul(in[2], options.block(), &out[2])) {
    return node.fail(Code::InvalidModel, "makes %s too large", in.str().c_str());
  }
  out[3] = static_cast<int32_t>(in[3] / (block * block));
  set_output(node, shapes, 0, out);
  return {};
}

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

Status prepare(const Node&, const BuildContext&, std::unique_ptr<OpKernel>* kernel) {
  *kernel = make_move_kernel("depth_to_space", describe);
  return {};
}

}  // namespace

const OpDef kDepthToSpaceOp = {fb::OpOptions::DepthToSpace, infer, prepare, false};

}  // namespace qrt::rt
