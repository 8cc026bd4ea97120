// Slice: Python's x[begin:end:stride] along every axis.
#include <algorithm>

#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

// What a slice takes of one axis. All in 64 bits: the attributes are any 32-bit numbers.
struct Range {
  int64_t first, stride, count;
};

bool bit(uint32_t mask, unsigned i) { return (mask >> i & 1u) != 0; }

// `dim` elements along axis i. The count is not positive if nothing is taken; -1 if the one element
// of an axis to be dropped is out of range.
Range resolve(const fb::Slice& slice, unsigned i, int64_t dim) {
  const int64_t begin = slice.begins()->Get(i), end = slice.ends()->Get(i);
  const int64_t stride = slice.strides()->Get(i);
  const int64_t from = begin < 0 ? begin + dim : begin;
  if (bit(slice.shrink_mask(), i)) return {from, 1, from >= 0 && from < dim ? 1 : -1};
  // Backwards, the end just before the beginning is -1.
  const int64_t low = stride > 0 ? 0 : -1, high = stride > 0 ? dim : dim - 1;
  const int64_t to = end < 0 ? end + dim : end;
  const int64_t first =
      bit(slice.begin_mask(), i) ? (stride > 0 ? low : high) : std::clamp(from, low, high);
  const int64_t last =
      bit(slice.end_mask(), i) ? (stride > 0 ? high : low) : std::clamp(to, low, high);
  const int64_t sign = stride > 0 ? 1 : -1;
  return {first, stride, (last - first + stride - sign) / stride};
}

Status infer(const Node& node, Shapes& shapes) {
  QRT_RETURN_IF_ERROR(node.check_arity(1, 1, 1));
  QRT_RETURN_IF_ERROR(check_movable(node));
  const Shape& in = node.shape_in(shapes, 0);
  const auto& slice = node.options<fb::Slice>();
  const auto rank = static_cast<unsigned>(in.rank());
  if (slice.begins()->size() != rank || slice.ends()->size() != rank ||
      slice.strides()->size() != rank) {
    return node.fail(Code::InvalidModel,
                     "has %u begins, %u ends and %u strides for an input of %u axes",
                     slice.begins()->size(), slice.ends()->size(), slice.strides()->size(), rank);
  }
  Shape out;
  for (unsigned i = 0; i < rank; ++i) {
    const int32_t dim = in[static_cast<int>(i)];
    if (slice.strides()->Get(i) == 0) {
      return node.fail(Code::InvalidModel, "has a stride of 0 along axis %u", i);
    }
    const Range range = resolve(slice, i, dim);
    if (range.count < 1) {
      return node.fail(Code::InvalidModel, "takes nothing of axis %u: %d to %d by %d of %d", i,
                       slice.begins()->Get(i), slice.ends()->Get(i), slice.strides()->Get(i), dim);
    }
    if (!bit(slice.shrink_mask(), i)) out.push_back(static_cast<int32_t>(range.count));
  }
  set_output(node, shapes, 0, out);
  return {};
}

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
    const Range range = resolve(slice, axis, in[i]);
    move.first += range.first * from[i];
    if (!bit(slice.shrink_mask(), axis)) {
      move.loop.add(range.count, {range.stride * from[i], to[out_axis++]});
    }
  }
  return move;
}

Status prepare(const Node&, const BuildContext&, std::unique_ptr<OpKernel>* kernel) {
  *kernel = make_move_kernel("slice", describe);
  return {};
}

}  // namespace

const OpDef kSliceOp = {fb::OpOptions::Slice, infer, prepare, false};

}  // namespace qrt::rt
