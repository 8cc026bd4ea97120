// Tile: the input repeated multiples[i] times along axis i.
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Status infer(const Node& node, Shapes& shapes) {
  QRT_RETURN_IF_ERROR(node.check_arity(1, 1, 1));
  QRT_RETURN_IF_ERROR(check_movable(node));
  const Shape& in = node.shape_in(shapes, 0);
  const auto& multiples = *node.options<fb::Tile>().multiples();
  if (multiples.size() != static_cast<unsigned>(in.rank())) {
    return node.fail(Code::InvalidModel, "has %u multiples, the input has %d axes",
                     multiples.size(), in.rank());
  }
  Shape out = in;
  for (int i = 0; i < in.rank(); ++i) {
    const int32_t multiple = multiples.Get(static_cast<unsigned>(i));
    if (multiple < 1 || !checked_mul(in[i], multiple, &out[i])) {
      return node.fail(Code::InvalidModel, "repeats axis %d, of %d elements, %d times", i, in[i],
                       multiple);
    }
  }
  set_output(node, shapes, 0, out);
  return {};
}

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

Status prepare(const Node&, const BuildContext&, std::unique_ptr<OpKernel>* kernel) {
  *kernel = make_move_kernel("tile", describe);
  return {};
}

}  // namespace

const OpDef kTileOp = {fb::OpOptions::Tile, infer, prepare, false};

}  // namespace qrt::rt
