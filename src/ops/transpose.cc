// Transpose: axes in another order; output axis i is input axis perm[i].
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Status infer(const Node& node, Shapes& shapes) {
  QRT_RETURN_IF_ERROR(node.check_arity(1, 1, 1));
  QRT_RETURN_IF_ERROR(check_movable(node));
  const Shape& in = node.shape_in(shapes, 0);
  const auto& perm = *node.options<fb::Transpose>().perm();
  if (perm.size() != static_cast<unsigned>(in.rank())) {
    return node.fail(Code::InvalidModel, "permutes %u axes, the input has %d", perm.size(),
                     in.rank());
  }
  Shape out = Shape::ones(in.rank());
  unsigned seen = 0;
  for (int i = 0; i < in.rank(); ++i) {
    const int32_t axis = perm.Get(static_cast<unsigned>(i));
    if (axis < 0 || axis >= in.rank() || (seen >> axis & 1u) != 0) {
      return node.fail(Code::InvalidModel, "its permutation names axis %d, twice or out of range",
                       axis);
    }
    seen |= 1u << axis;
    out[i] = in[axis];
  }
  set_output(node, shapes, 0, out);
  return {};
}

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

Status prepare(const Node&, const BuildContext&, std::unique_ptr<OpKernel>* kernel) {
  *kernel = make_move_kernel("transpose", describe);
  return {};
}

}  // namespace

const OpDef kTransposeOp = {fb::OpOptions::Transpose, infer, prepare, false};

}  // namespace qrt::rt
