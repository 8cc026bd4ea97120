// Slice: see schema/qrt.fbs.
#include "src/opspec/slice.h"
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

bool bit(uint32_t mask, unsigned i) { return (mask >> i & 1u) != 0; }

// How many elements a slice takes of an axis that is a symbol: exact from one end to the other and
// where both ends count from the same side; open otherwise.
int32_t open_count(Dims& dims, const fb::Slice& slice, unsigned i, int32_t dim) {
  const int32_t stride = slice.strides()->Get(i);
  if (stride < 1)
    return stride == -1 && bit(slice.begin_mask(), i) && bit(slice.end_mask(), i) ? dim
                                                                                  : dims.open();
  const int32_t begin = bit(slice.begin_mask(), i) ? 0 : slice.begins()->Get(i);
  const bool to_end = bit(slice.end_mask(), i) || slice.ends()->Get(i) == INT32_MAX;
  const int32_t end = to_end ? 0 : slice.ends()->Get(i);
  if (begin <= kFirstSymbol || end <= kFirstSymbol) return dims.open();
  // That the axis is long enough is looked at when it is a number.
  if (begin >= 0 && (to_end || end < 0)) {
    return dims.ceil_div(dims.sub(dims.add(dim, end), begin), stride);
  }
  if (begin < 0 && (to_end || end < 0)) return dims.ceil_div(end - begin, stride);
  if (begin >= 0) return dims.ceil_div(dims.sub(dims.min(dim, end), begin), stride);
  return dims.open();
}

void infer_integers(Inference& x, const SliceAxis& axis) {
  Integers all, taken;
  if (x.in(0).rank() != 1 || !x.integers(0, &all)) return;
  for (int64_t i = 0; i < axis.count; ++i) {
    taken.push_back(all[static_cast<size_t>(axis.first + i * axis.stride)]);
  }
  x.out_integers(0, std::move(taken));
}

Status infer(Inference& x) {
  const Shape& in = x.in(0);
  const auto& slice = x.node().options<fb::Slice>();
  const auto rank = static_cast<unsigned>(in.rank());
  if (slice.begins()->size() != rank || slice.ends()->size() != rank ||
      slice.strides()->size() != rank) {
    return x.node().fail(
        Code::InvalidModel, "has %u begins, %u ends and %u strides for an input of %u axes",
        slice.begins()->size(), slice.ends()->size(), slice.strides()->size(), rank);
  }
  Shape out;
  for (unsigned i = 0; i < rank; ++i) {
    const int32_t dim = in[static_cast<int>(i)];
    if (slice.strides()->Get(i) == 0) {
      return x.node().fail(Code::InvalidModel, "has a stride of 0 along axis %u", i);
    }
    if (!is_number(dim)) {
      if (!bit(slice.shrink_mask(), i)) out.push_back(open_count(x.dims(), slice, i, dim));
      continue;
    }
    const SliceAxis axis = slice_axis(slice, i, dim);
    if (axis.count < 0) {
      return x.node().fail(Code::InvalidModel, "takes nothing of axis %u: %d to %d by %d of %d", i,
                           slice.begins()->Get(i), slice.ends()->Get(i), slice.strides()->Get(i),
                           dim);
    }
    if (!bit(slice.shrink_mask(), i)) out.push_back(static_cast<int32_t>(axis.count));
    infer_integers(x, axis);
  }
  x.out(0, out);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Slice;
  row.signatures = "movable -> =0";
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  return row;
}

}  // namespace

extern const OpSpec kSliceSpec;
const OpSpec kSliceSpec = row();

}  // namespace qrt::rt
