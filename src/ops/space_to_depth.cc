// SpaceToDepth: [N,H,W,C] -> [N,H/b,W/b,b*b*C], each b x b pixels gathered into one, row by row.
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Status infer(const Node& node, Shapes& shapes) {
  QRT_RETURN_IF_ERROR(node.check_arity(1, 1, 1));
  QRT_RETURN_IF_ERROR(check_movable(node));
  const Shape& in = node.shape_in(shapes, 0);
  const int32_t block = node.options<fb::SpaceToDepth>().block();
  if (in.rank() != 4) {
    return node.fail(Code::InvalidModel, "needs an input of 4 dimensions, has %s",
                     in.str().c_str());
  }
  if (block < 1 || in[1] % block != 0 || in[2] % block != 0) {
    return node.fail(Code::InvalidModel, "its block of %d does not divide an image of %dx%d", block,
                     in[1], in[2]);
  }
  Shape out = {in[0], in[1] / block, in[2] / block, 0};
  if (!checked_mul(in[3], block, &out[3]) || !checked_mul(out[3], block, &out[3])) {
    return node.fail(Code::InvalidModel, "makes %s too large", in.str().c_str());
  }
  set_output(node, shapes, 0, out);
  return {};
}

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

Status prepare(const Node&, const BuildContext&, std::unique_ptr<OpKernel>* kernel) {
  *kernel = make_move_kernel("space_to_depth", describe);
  return {};
}

}  // namespace

const OpDef kSpaceToDepthOp = {fb::OpOptions::SpaceToDepth, infer, prepare, false};

}  // namespace qrt::rt
