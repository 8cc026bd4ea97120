// Slice: Python's x[begin:end:stride] along every axis.
#include "src/opspec/slice.h"

#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Move describe(const Node& node, const Shapes& shapes) {
  const Shape& in = node.shape_in(shapes, 0);
  const auto& slice = node.options<fb::Slice>();
  int64_t from[kMaxRank], to[kMaxRank];
  dense_strides(in, from);
  dense_strides(node.shape_out(shapes, 0), to);
  Move move;
  int out_axis = 0;
  for (int i = 0; i < in.rank(); ++i) {
    const auto axis = static_cast<unsigned>(i);
    const SliceAxis range = slice_axis(slice, axis, in[i]);
    move.first += range.first * from[i];
    if ((slice.shrink_mask() >> axis & 1u) == 0) {
      move.loop.add(range.count, {range.stride * from[i], to[out_axis++]});
    }
  }
  return move;
}

Choice choose(const Node&, const ChooseContext&) { return make_move_kernel("slice", describe); }

}  // namespace

const OpDef kSliceOp = {choose};

}  // namespace qrt::rt
