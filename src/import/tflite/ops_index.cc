// Operators that pick elements: slices with constant bounds, and gathers.
#include <algorithm>

#include "src/import/tflite/op_table.h"

namespace qrt::import::tflite {
namespace {

using tfl::Builtin;

// A strided slice as the file writes it: one entry for each position between the brackets, of which
// an ellipsis stands for several axes and a new axis for none.
struct Sparse {
  std::vector<int64_t> begins, ends, strides;
  unsigned begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_mask;
};

// The same with one entry for each axis, and what the result looks like.
struct Dense {
  fb::SliceT slice;
  std::vector<bool> new_axes;  // by axis of the result: whether it is one that the input lacks
};

// Any number beyond s32 is beyond every axis. The result may be negated.
int32_t saturated(int64_t number) {
  return static_cast<int32_t>(std::clamp<int64_t>(number, -INT32_MAX, INT32_MAX));
}

// How many elements begin, end and stride select of an axis, as Python counts them.
int32_t selected(int64_t begin, int64_t end, int64_t stride, bool from_start, bool to_end,
                 int64_t dim) {
  const auto bound = [dim, stride](int64_t index) {
    const int64_t low = stride > 0 ? 0 : -1, high = stride > 0 ? dim : dim - 1;
    return std::clamp(index < 0 ? index + dim : index, low, high);
  };
  const int64_t first = from_start ? (stride > 0 ? 0 : dim - 1) : bound(begin);
  const int64_t last = to_end ? (stride > 0 ? dim : -1) : bound(end);
  const int64_t distance = stride > 0 ? last - first : first - last;
  const int64_t step = stride > 0 ? stride : -stride;
  return distance <= 0 ? 0 : static_cast<int32_t>((distance + step - 1) / step);
}

void append_axis(Dense* dense, int64_t begin, int64_t end, int64_t stride) {
  dense->slice.begins.push_back(saturated(begin));
  dense->slice.ends.push_back(saturated(end));
  dense->slice.strides.push_back(saturated(stride));
}

void append_whole_axis(Dense* dense, Dim dim) {
  const size_t axis = dense->slice.begins.size();
  append_axis(dense, 0, dim.open() ? 0 : dim.symbol(), 1);
  if (dim.open()) dense->slice.end_mask |= 1u << axis;
  dense->new_axes.push_back(false);
}

Status append_dropped_axis(Dense* dense, int64_t begin, Dim size) {
  const size_t axis = dense->slice.begins.size();
  dense->slice.shrink_mask |= 1u << axis;
  if (size.open()) {
    append_axis(dense, begin, 0, 1);
    return {};
  }
  const int32_t dim = size;
  if (begin < -dim || begin >= dim) {
    return error(Code::InvalidModel, "picks element %lld of axis %zu, which has %d",
                 static_cast<long long>(begin), axis, dim);
  }
  const int64_t index = begin < 0 ? begin + dim : begin;
  append_axis(dense, index, index + 1, 1);
  return {};
}

Status append_range(Dense* dense, const Sparse& sparse, size_t i, Dim dim) {
  const size_t axis = dense->slice.begins.size();
  if (sparse.strides[i] == 0) return error(Code::InvalidModel, "its stride of axis %zu is 0", axis);
  // The bounds are as good as these, and nothing overflows.
  const int64_t begin = saturated(sparse.begins[i]), end = saturated(sparse.ends[i]);
  const int64_t stride = saturated(sparse.strides[i]);
  const bool from_start = (sparse.begin_mask >> i & 1) != 0;
  const bool to_end = (sparse.end_mask >> i & 1) != 0;
  if (!dim.open() && selected(begin, end, stride, from_start, to_end, int32_t{dim}) == 0) {
    return error(Code::Unsupported, "selects nothing of axis %zu", axis);
  }
  append_axis(dense, begin, end, stride);
  if (from_start) dense->slice.begin_mask |= 1u << axis;
  if (to_end) dense->slice.end_mask |= 1u << axis;
  dense->new_axes.push_back(false);
  return {};
}

Status to_dense(const Sparse& sparse, const Dims& shape, Dense* dense) {
  const size_t entries = sparse.begins.size();
  size_t axes_named = 0;
  for (size_t i = 0; i < entries; ++i) {
    const bool names_axis = ((sparse.ellipsis_mask | sparse.new_axis_mask) >> i & 1) == 0;
    if (names_axis) ++axes_named;
  }
  if (axes_named > shape.size()) {
    return error(Code::InvalidModel, "slices %zu axes of %zu", axes_named, shape.size());
  }
  const auto axis = [dense] { return dense->slice.begins.size(); };
  bool ellipsis_seen = false;
  for (size_t i = 0; i < entries; ++i) {
    if ((sparse.ellipsis_mask >> i & 1) != 0) {
      if (ellipsis_seen) return Status(Code::InvalidModel, "has two ellipses");
      ellipsis_seen = true;
      const size_t covered = shape.size() - axes_named;
      for (size_t k = 0; k < covered; ++k) append_whole_axis(dense, shape[axis()]);
    } else if ((sparse.new_axis_mask >> i & 1) != 0) {
      dense->new_axes.push_back(true);
    } else if ((sparse.shrink_mask >> i & 1) != 0) {
      QRT_RETURN_IF_ERROR(append_dropped_axis(dense, sparse.begins[i], shape[axis()]));
    } else {
      QRT_RETURN_IF_ERROR(append_range(dense, sparse, i, shape[axis()]));
    }
  }
  while (axis() < shape.size()) append_whole_axis(dense, shape[axis()]);
  return {};
}

Status strided_slice(OpContext& op) {
  const tfl::StridedSliceOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  if (options->offset()) {
    return Status(Code::Unsupported, "its ends are offsets from its begins");
  }
  Sparse sparse;
  constexpr size_t kMostEntries = 2 * static_cast<size_t>(rt::kMaxRank);
  QRT_RETURN_IF_ERROR(op.ints(1, "begins", kMostEntries, &sparse.begins));
  QRT_RETURN_IF_ERROR(op.ints(2, "ends", kMostEntries, &sparse.ends));
  QRT_RETURN_IF_ERROR(op.ints(3, "strides", kMostEntries, &sparse.strides));
  if (sparse.ends.size() != sparse.begins.size() || sparse.strides.size() != sparse.begins.size()) {
    return Status(Code::InvalidModel, "its begins, ends and strides differ in number");
  }
  sparse.begin_mask = static_cast<unsigned>(options->begin_mask());
  sparse.end_mask = static_cast<unsigned>(options->end_mask());
  sparse.ellipsis_mask = static_cast<unsigned>(options->ellipsis_mask());
  sparse.new_axis_mask = static_cast<unsigned>(options->new_axis_mask());
  sparse.shrink_mask = static_cast<unsigned>(options->shrink_axis_mask());
  QRT_RETURN_IF_ERROR(op.expect_per_tensor(op.input(0)));
  Dense dense;
  QRT_RETURN_IF_ERROR(to_dense(sparse, op.shape(0), &dense));
  if (dense.new_axes.size() > at(rt::kMaxRank)) {
    return error(Code::Unsupported, "makes %zu dimensions", dense.new_axes.size());
  }
  if (std::count(dense.new_axes.begin(), dense.new_axes.end(), true) == 0) {
    return op.emit(std::move(dense.slice), {op.input(0)}, {op.output()});
  }
  const int kept = op.add_inner("/slice", op.in(0).type, Quantization(op.in(0).quantization));
  QRT_RETURN_IF_ERROR(op.emit(std::move(dense.slice), {op.input(0)}, {kept}));
  const Dims kept_shape = op.shape_of(kept);
  Dims shape;
  size_t next = 0;
  for (bool is_new : dense.new_axes) shape.push_back(is_new ? Dim(1) : kept_shape[next++]);
  return op.emit_reshape(kept, 0, shape);
}

Status check_indices_of(OpContext& op, int i) {
  const DType type = op.in(i).type;
  if (type == DType::S32 || type == DType::S64) return {};
  return error(Code::Unsupported, "its indices '%s' are %s, not s32 or s64",
               shortened(op.in(i).name).c_str(), rt::dtype_name(type));
}
Status check_indices(OpContext& op) { return check_indices_of(op, 1); }

// Begins that are not known before a run: the sizes are.
Status dynamic_slice(OpContext& op) {
  std::vector<int64_t> sizes;
  QRT_RETURN_IF_ERROR(check_indices(op));
  QRT_RETURN_IF_ERROR(op.ints(2, "sizes", at(rt::kMaxRank), &sizes));
  fb::DynamicSliceT slice;
  for (int64_t size : sizes) {
    if (size == -1) {
      return Status(Code::Unsupported,
                    "goes from begins that are computed when the model runs to the end of an axis");
    }
    if (size < 1 || size > INT32_MAX) {
      return error(Code::InvalidModel, "takes %lld elements", static_cast<long long>(size));
    }
    slice.sizes.push_back(static_cast<int32_t>(size));
  }
  return op.emit(std::move(slice), {op.input(0), op.input(1)}, {op.output()});
}

Status slice(OpContext& op) {
  if (!op.in(1).constant() && op.computed(1) == nullptr) return dynamic_slice(op);
  std::vector<int64_t> begins, sizes;
  QRT_RETURN_IF_ERROR(op.ints(1, "begins", at(rt::kMaxRank), &begins));
  QRT_RETURN_IF_ERROR(op.ints(2, "sizes", at(rt::kMaxRank), &sizes));
  const Dims shape = op.shape(0);
  if (begins.size() != shape.size() || sizes.size() != shape.size()) {
    return error(Code::InvalidModel, "has %zu begins and %zu sizes for %zu dimensions",
                 begins.size(), sizes.size(), shape.size());
  }
  fb::SliceT slice;
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t begin = begins[i];
    // Up to the end of an open axis; a number of elements of one is checked when it is known.
    const bool to_end = sizes[i] == -1 && shape[i].open();
    const int64_t dim = shape[i].open() ? INT32_MAX : shape[i].symbol();
    const int64_t size = sizes[i] == -1 ? dim - begin : sizes[i];
    if (begin < 0 || begin > dim || size < 0 || size > dim - begin) {
      return error(Code::InvalidModel,
                   "takes %lld elements from %lld on of axis %zu, which has %lld",
                   static_cast<long long>(sizes[i]), static_cast<long long>(begin), i,
                   static_cast<long long>(dim));
    }
    if (size == 0) return error(Code::Unsupported, "selects nothing of axis %zu", i);
    slice.begins.push_back(static_cast<int32_t>(begin));
    slice.ends.push_back(static_cast<int32_t>(begin + size));
    slice.strides.push_back(1);
    if (to_end) slice.end_mask |= 1u << i;
  }
  return op.emit(std::move(slice), {op.input(0)}, {op.output()});
}

Status gather(OpContext& op) {
  const auto* options = op.options<tfl::GatherOptions>();
  QRT_RETURN_IF_ERROR(check_indices(op));
  fb::GatherT gather;
  const int indices_rank = op.rank(1);
  int batch_dims = options != nullptr ? options->batch_dims() : 0;
  QRT_RETURN_IF_ERROR(
      op.checked_axis(options != nullptr ? options->axis() : 0, op.rank(0), &gather.axis));
  if (batch_dims < 0) batch_dims += indices_rank;
  if (batch_dims < 0 || batch_dims > indices_rank || batch_dims > gather.axis) {
    return error(Code::InvalidModel,
                 "has %d batch dimensions, gathers along axis %d with %d-d indices", batch_dims,
                 gather.axis, indices_rank);
  }
  gather.batch_dims = batch_dims;
  return op.emit(std::move(gather), {op.input(0), op.input(1)}, {op.output()});
}

Status gather_nd(OpContext& op) {
  QRT_RETURN_IF_ERROR(check_indices(op));
  return op.emit(fb::GatherNdT(), {op.input(0), op.input(1)}, {op.output()});
}

// Rows of a table, which may be quantized where the result is not.
Status embedding_lookup(OpContext& op) {
  int table = op.input(1);
  if (op.out().type != DType::F32 || op.in(1).type == DType::F32) {
    return op.emit(fb::GatherT(), {table, op.input(0)}, {op.output()});
  }
  const Quantization q = op.in(1).quantization;
  if (q.axis >= 0 || q.empty() || op.in(1).type == DType::S4) {
    QRT_RETURN_IF_ERROR(op.dequantized(table, &table));
    return op.emit(fb::GatherT(), {table, op.input(0)}, {op.output()});
  }
  const int rows = op.add_inner("/rows", op.in(1).type, Quantization(q));
  QRT_RETURN_IF_ERROR(op.emit(fb::GatherT(), {table, op.input(0)}, {rows}));
  return op.emit(fb::DequantizeT(), {rows}, {op.output()});
}

Status dynamic_update_slice(OpContext& op) {
  return op.emit(fb::DynamicUpdateSliceT(), {op.input(0), op.input(1), op.input(2)}, {op.output()});
}

// Indices, updates, and the result's shape: updates are added to zeros.
Status scatter_nd(OpContext& op) {
  const DType type = op.in(1).type;
  const Quantization q = op.in(1).quantization;
  if (type == DType::F16 || type == DType::S4) {
    return error(Code::Unsupported, "scatters %s", rt::dtype_name(type));
  }
  int zero, zeros = op.add_inner("/zeros", type, Quantization(q));
  QRT_RETURN_IF_ERROR(op.add_constant(op.out().name + "/zero", type, {},
                                      graph::Bytes(rt::dtype_bytes(type), 0), Quantization(q),
                                      &zero));
  fb::BroadcastToT broadcast;
  const rt::Integers* computed = op.computed(2);
  if (computed != nullptr && !std::all_of(computed->begin(), computed->end(), rt::is_number)) {
    QRT_RETURN_IF_ERROR(op.emit(std::move(broadcast), {zero, op.input(2)}, {zeros}));
  } else {
    std::vector<int64_t> sizes;
    QRT_RETURN_IF_ERROR(op.ints(2, "shape", at(rt::kMaxRank), &sizes));
    for (int64_t size : sizes) {
      if (size < 1 || size > INT32_MAX) {
        return error(Code::InvalidModel, "its shape holds %lld", static_cast<long long>(size));
      }
      broadcast.shape.push_back(static_cast<int32_t>(size));
    }
    QRT_RETURN_IF_ERROR(op.emit(std::move(broadcast), {zero}, {zeros}));
  }
  fb::ScatterNdT scatter;
  scatter.reduction = fb::ScatterReduction::Add;
  return op.emit(std::move(scatter), {zeros, op.input(0), op.input(1)}, {op.output()});
}

// Of the last axis.
Status top_k(OpContext& op) {
  fb::TopKT top;
  const rt::Integers* computed = op.computed(1);
  const bool known = computed == nullptr
                         ? op.in(1).constant()
                         : std::all_of(computed->begin(), computed->end(), rt::is_number);
  if (!known) {
    return op.emit(std::move(top), {op.input(0), op.input(1)}, {op.output(0), op.output(1)});
  }
  std::vector<int64_t> k;
  QRT_RETURN_IF_ERROR(op.ints(1, "k", 1, &k));
  if (k.size() != 1 || k[0] < 1 || k[0] > INT32_MAX) {
    return Status(Code::InvalidModel, "its k is not a positive number");
  }
  top.k = static_cast<int32_t>(k[0]);
  return op.emit(std::move(top), {op.input(0)}, {op.output(0), op.output(1)});
}

// Indices, depth, and the values at and beside the index.
Status one_hot(OpContext& op) {
  const auto* options = op.options<tfl::OneHotOptions>();
  QRT_RETURN_IF_ERROR(check_indices_of(op, 0));
  std::vector<int64_t> depth;
  QRT_RETURN_IF_ERROR(op.ints(1, "depth", 1, &depth));
  constexpr int64_t kMostClasses = 1 << 20;
  if (depth.size() != 1 || depth[0] < 1 || depth[0] > kMostClasses) {
    return Status(Code::InvalidModel, "its depth is not a number of classes");
  }
  const int rank = op.rank(0);
  int axis = options != nullptr ? options->axis() : -1;
  if (axis == -1) axis = rank;
  if (axis < 0 || axis > rank || rank == rt::kMaxRank) {
    return error(Code::InvalidModel, "its axis is %d, but there are %d dimensions", axis, rank);
  }
  const DType type = op.in(0).type;
  const auto classes = static_cast<int32_t>(depth[0]);
  graph::Bytes numbers;
  for (int64_t i = 0; i < classes; ++i) {
    const auto narrow = static_cast<int32_t>(i);
    const auto* from = type == DType::S64 ? reinterpret_cast<const uint8_t*>(&i)
                                          : reinterpret_cast<const uint8_t*>(&narrow);
    numbers.insert(numbers.end(), from, from + rt::dtype_bytes(type));
  }
  // The classes stand along their axis, the indices along all others.
  std::vector<int32_t> along(at(rank - axis + 1), 1);
  along[0] = classes;
  int range, indices;
  QRT_RETURN_IF_ERROR(op.add_constant(op.out().name + "/classes", type, std::move(along),
                                      std::move(numbers), {}, &range));
  Dims shape = op.shape(0);
  shape.insert(shape.begin() + axis, 1);
  QRT_RETURN_IF_ERROR(op.reshaped(op.input(0), shape, "/indices", &indices));
  const int hot = op.add_inner("/hot", DType::Bool);
  fb::BinaryT equal;
  equal.kind = fb::BinaryKind::Equal;
  QRT_RETURN_IF_ERROR(op.emit(std::move(equal), {indices, range}, {hot}));
  return op.emit(fb::SelectT(), {hot, op.input(2), op.input(3)}, {op.output()});
}

Status range(OpContext& op) {
  return op.emit(fb::RangeT(), {op.input(0), op.input(1), op.input(2)}, {op.output()});
}

constexpr OpRule kRules[] = {
    {Builtin::RANGE, 3, 3, 1, 1, range},
    {Builtin::STRIDED_SLICE, 4, 4, 1, 1, strided_slice},
    {Builtin::SLICE, 3, 3, 1, 1, slice},
    {Builtin::GATHER, 2, 2, 1, 1, gather},
    {Builtin::GATHER_ND, 2, 2, 1, 1, gather_nd},
    {Builtin::EMBEDDING_LOOKUP, 2, 2, 1, 1, embedding_lookup},
    {Builtin::DYNAMIC_UPDATE_SLICE, 3, 3, 1, 1, dynamic_update_slice},
    {Builtin::SCATTER_ND, 3, 3, 1, 1, scatter_nd},
    {Builtin::TOPK_V2, 2, 2, 2, 2, top_k},
    {Builtin::ONE_HOT, 4, 4, 1, 1, one_hot},
};

}  // namespace

rt::Span<const OpRule> index_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
