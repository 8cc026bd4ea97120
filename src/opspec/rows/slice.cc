// Slice: see schema/qrt.fbs.
#include "src/opspec/slice.h"
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

bool bit(uint32_t mask, unsigned i) { return (mask >> i & 1u) != 0; }

// From where to where, by axis: numbers or symbols.
struct Ends {
  Integers begins, ends;
};

// How many elements a slice takes where some of it is a symbol: exact from one end to the other and
// where both ends are sizes or count from the same side; open otherwise.
int32_t open_count(Dims& dims, const fb::Slice& slice, unsigned i, int32_t dim, int32_t begin,
                   int32_t end) {
  const int32_t stride = slice.strides()->Get(i);
  const bool from_begin = bit(slice.begin_mask(), i), to_end = bit(slice.end_mask(), i);
  if (stride < 1) return stride == -1 && from_begin && to_end ? dim : dims.open();
  if (from_begin) begin = 0;
  if (to_end) end = INT32_MAX;
  if (begin == kInvalidDim || end == kInvalidDim) return dims.open();
  if (is_number(begin) && begin < 0 && ((is_number(end) && end < 0) || end == INT32_MAX)) {
    return dims.ceil_div((end < 0 ? end : 0) - begin, stride);
  }
  // That the axis is long enough is looked at when it is a number.
  int32_t to = dim;
  if (is_number(end) && end < 0) {
    to = dims.add(dim, end);
  } else if (end != INT32_MAX) {
    if (!dims.at_least(end, 0)) return dims.open();
    to = dims.min(dim, end);
  }
  if (!dims.at_least(begin, 0)) return dims.open();
  return dims.ceil_div(dims.sub(to, begin), stride);
}

// What input `i` gives, or else the attribute.
Status read_ends(Inference& x, size_t i, const flatbuffers::Vector<int32_t>& attribute,
                 Integers* ends) {
  if (!x.node().has_input(i)) {
    ends->assign(attribute.begin(), attribute.end());
    return {};
  }
  if (x.integers(i, ends)) return {};
  return x.node().fail(Code::Unsupported,
                       "what it takes depends on '%s', which is known only in a run",
                       x.node().input(i).name);
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
  const bool computed_begins = x.node().has_input(1), computed_ends = x.node().has_input(2);
  Ends ends;
  QRT_RETURN_IF_ERROR(read_ends(x, 1, *slice.begins(), &ends.begins));
  QRT_RETURN_IF_ERROR(read_ends(x, 2, *slice.ends(), &ends.ends));
  if (ends.begins.size() != rank || ends.ends.size() != rank || slice.strides()->size() != rank) {
    return x.node().fail(Code::InvalidModel,
                         "has %zu begins, %zu ends and %u strides for an input of %u axes",
                         ends.begins.size(), ends.ends.size(), slice.strides()->size(), rank);
  }
  Shape out;
  for (unsigned i = 0; i < rank; ++i) {
    const int32_t dim = in[static_cast<int>(i)];
    if (slice.strides()->Get(i) == 0) {
      return x.node().fail(Code::InvalidModel, "has a stride of 0 along axis %u", i);
    }
    const int32_t begin = ends.begins[i], end = ends.ends[i];
    // Attributes are numbers, however small.
    const bool symbols =
        (computed_begins && !is_number(begin)) || (computed_ends && !is_number(end));
    if (!is_number(dim) || symbols) {
      const bool dropped = bit(slice.shrink_mask(), i);
      const int32_t from = is_number(begin) || computed_begins ? begin : kInvalidDim;
      const int32_t to = is_number(end) || computed_ends ? end : kInvalidDim;
      if (!dropped) out.push_back(open_count(x.dims(), slice, i, dim, from, to));
      continue;
    }
    const SliceAxis axis = slice_axis(slice, i, dim, begin, end);
    if (axis.count < 0) {
      return x.node().fail(Code::InvalidModel, "takes nothing of axis %u: %d to %d by %d of %d", i,
                           begin, end, slice.strides()->Get(i), dim);
    }
    if (!bit(slice.shrink_mask(), i)) out.push_back(static_cast<int32_t>(axis.count));
    infer_integers(x, axis);
  }
  x.out(0, out);
  return {};
}

// One that is taken as it is.
bool keeps_places(const Node& node, const Shapes&, size_t input, int axis) {
  return input == 0 && node.options<fb::Slice>().strides()->Get(static_cast<unsigned>(axis)) == 1;
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Slice;
  row.signatures = "movable, [index], [index] -> =0";
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  row.keeps_places = keeps_places;
  return row;
}

}  // namespace

extern const OpSpec kSliceSpec;
const OpSpec kSliceSpec = row();

}  // namespace qrt::rt
