// Operators that put elements elsewhere. They work in the order in which their input lies.
#include <algorithm>
#include <limits>

#include "src/base/dtype.h"
#include "src/import/onnx/ops.h"
#include "src/import/onnx/slice.h"

namespace qrt::import::onnx_import {
namespace {

// The sizes of Split's outputs along the axis; none: equal ones, of an axis whose size is open.
std::vector<int64_t> split_sizes(Call& c, Dim dim) {
  std::vector<int64_t> sizes;
  if (c.has(1)) {
    sizes = c.integers(1, "sizes");
  } else {
    sizes = c.attributes.integers("split");
  }
  const auto count = static_cast<int64_t>(c.outputs());
  if (c.attributes.integer("num_outputs", count) != count) invalid("num_outputs");
  if (sizes.empty() && dim.open()) return {};
  if (sizes.empty()) {
    const int64_t all = dim, size = (all + count - 1) / count;
    for (int64_t i = 0; i < count; ++i) sizes.push_back(std::min(size, all - i * size));
  }
  if (static_cast<int64_t>(sizes.size()) != count) {
    invalid("%zu sizes for %zu outputs", sizes.size(), c.outputs());
  }
  int64_t sum = 0;
  for (int64_t size : sizes) {
    if (size < 0 || size > (dim.open() ? INT32_MAX : dim.symbol())) {
      invalid("a part of %lld", static_cast<long long>(size));
    }
    if (size == 0) unsupported("a part without elements");
    sum += size;
  }
  if (!dim.open() && sum != dim) {
    invalid("parts of together %lld for an axis of %d", static_cast<long long>(sum), dim.symbol());
  }
  return sizes;
}

fb::DepthOrder depth_order(Call& c) {
  const std::string mode = c.attributes.word("mode", "DCR");
  if (mode == "DCR") return fb::DepthOrder::DepthFirst;
  if (mode == "CRD") return fb::DepthOrder::ColumnFirst;
  invalid("mode='%s'", mode.c_str());
}

int64_t block_size(Call& c, const Tensor& x) {
  if (x.rank() != 4) invalid("an input of shape %s", text(x.shape).c_str());
  const int64_t block = c.attributes.integer("blocksize", 0);
  if (block < 1 || block > (1 << 15)) invalid("blocksize %lld", static_cast<long long>(block));
  return block;
}

// Indices counted from the front, all within the axis.
Numbers checked_indices(Numbers indices, int64_t dim) {
  for (int64_t& index : indices.integers) {
    if (index < -dim || index >= dim) {
      invalid("index %lld of an axis of %lld", static_cast<long long>(index),
              static_cast<long long>(dim));
    }
    if (index < 0) index += dim;
  }
  return indices;
}

}  // namespace

int emit_gather(Call& c, int value, int position, const std::vector<int32_t>& indices,
                const std::string& name) {
  const graph::Value from = c.b.graph.value(value);
  const int table = c.b.vector_constant(name + "/indices", indices);
  const int result = c.b.value(name, from.type, from.quantization);
  fb::GatherT options;
  options.axis = position;
  c.emit(std::move(options), {value, table}, {result});
  return result;
}

namespace {

void import_concat(Call& c) {
  std::vector<Tensor*> parts;
  for (size_t i = 0; i < c.inputs(); ++i) {
    // An empty constant adds nothing.
    Tensor& part = c.in(i);
    if (std::none_of(part.shape.begin(), part.shape.end(), [](Dim dim) { return dim.is(0); })) {
      parts.push_back(&part);
    }
  }
  if (parts.empty()) unsupported("a tensor without elements");
  check_same_type(parts);
  const size_t rank = parts[0]->rank();
  const int axis = checked_axis(c.attributes.integer("axis", 0), rank);
  for (const Tensor* part : parts) {
    if (part->rank() != rank) invalid("parts of different rank");
    for (size_t i = 0; i < rank; ++i) {
      if (static_cast<int>(i) == axis) continue;
      if (c.b.dims().differ(parts[0]->shape[i].symbol(), part->shape[i].symbol())) {
        invalid("parts of shapes %s and %s", text(parts[0]->shape).c_str(),
                text(part->shape).c_str());
      }
    }
  }
  if (parts.size() == 1) {
    for (size_t i = 0; i < c.inputs(); ++i) {
      if (&c.in(i) == parts[0]) return c.out_same(0, c.pointer(i));
    }
  }
  const Order order = common_order(parts, rank);
  std::vector<int> inputs;
  for (Tensor* part : parts) inputs.push_back(c.b.form(*part, order));
  const Quantization q = c.b.graph.value(inputs[0]).quantization;
  for (int input : inputs) {
    if (!(c.b.graph.value(input).quantization == q) || q.axis >= 0) {
      unsupported("parts whose quantization differs");
    }
  }
  fb::ConcatT options;
  options.axis = position(order, axis);
  c.emit(std::move(options), inputs, {c.out(0, parts[0]->type, order, q)});
}

void import_split(Call& c) {
  Tensor& x = c.in(0);
  const int axis = checked_axis(c.attributes.integer("axis", 0), x.rank());
  const auto a = static_cast<size_t>(axis);
  check_size(x.shape);
  const std::vector<int64_t> sizes = split_sizes(c, x.shape[a]);
  const Order order = x.order();
  const int input = c.b.form(x, order);
  const Quantization q = c.moved_quantization(input);
  fb::SplitT options;
  options.axis = position(order, axis);
  std::vector<int> outputs;
  for (int64_t size : sizes) options.sizes.push_back(static_cast<int32_t>(size));
  for (size_t k = 0; k < c.outputs(); ++k) outputs.push_back(c.out(k, x.type, order, q));
  c.emit(std::move(options), {input}, std::move(outputs));
}

// Begins or ends [rank], as the tensor lies in memory: those that ONNX gives for some axes, and
// `otherwise` for the others.
int emit_slice_ends(Call& c, size_t input, const std::vector<int64_t>& axes, int32_t otherwise,
                    const Order& order, const char* suffix) {
  const int given = c.b.plain(c.in(input));
  const DType type = c.b.graph.value(given).type;
  const std::string name = c.temporary(suffix);
  const int rest = type == DType::S64 ? c.b.vector_constant<int64_t>(name + "/rest", {otherwise})
                                      : c.b.vector_constant<int32_t>(name + "/rest", {otherwise});
  const int all = c.b.value(name + "/all", type);
  c.emit(fb::ConcatT{}, {given, rest}, {all});
  std::vector<int32_t> places;
  for (int axis : order) {
    const auto found = std::find(axes.begin(), axes.end(), axis);
    places.push_back(static_cast<int32_t>(found - axes.begin()));
  }
  return emit_gather(c, all, 0, places, name);
}

// A slice whose ends follow from sizes that the model leaves open.
void slice_by_inputs(Call& c, Tensor& x) {
  const std::vector<int64_t> steps = c.has(4) ? c.integers(4, "steps") : std::vector<int64_t>{};
  std::vector<int64_t> axes = c.has(3) ? c.integers(3, "axes") : std::vector<int64_t>{};
  const Shape starts = c.in(1).shape;
  if (starts.size() != 1 || starts != c.in(2).shape) invalid("starts and ends of unlike shapes");
  const auto count = static_cast<size_t>(static_cast<int32_t>(starts[0]));
  if (!c.has(3)) {
    for (size_t i = 0; i < count; ++i) axes.push_back(static_cast<int64_t>(i));
  }
  if (axes.size() != count || (!steps.empty() && steps.size() != count)) {
    invalid("starts, ends, axes and steps of different lengths");
  }
  checked_axes(axes, x.rank());
  for (int64_t& axis : axes) axis = checked_axis(axis, x.rank());
  const Order order = x.order();
  fb::SliceT options;
  for (int axis : order) {
    const auto found = std::find(axes.begin(), axes.end(), axis) - axes.begin();
    const int64_t step = steps.empty() || found == static_cast<std::ptrdiff_t>(axes.size())
                             ? 1
                             : steps[static_cast<size_t>(found)];
    if (step == 0) invalid("a step of 0");
    options.begins.push_back(0);
    options.ends.push_back(0);
    options.strides.push_back(
        static_cast<int32_t>(std::clamp<int64_t>(step, -INT32_MAX, INT32_MAX)));
  }
  const int begins = emit_slice_ends(c, 1, axes, 0, order, "begins");
  const int ends = emit_slice_ends(c, 2, axes, INT32_MAX, order, "ends");
  const int input = c.b.form(x, order);
  const Quantization q = c.moved_quantization(input);
  c.emit(std::move(options), {input, begins, ends}, {c.out(0, x.type, order, q)});
}

void import_slice(Call& c) {
  Tensor& x = c.in(0);
  const auto follows = [&](size_t i) {
    return c.b.integers(c.in(i).forms.front().value) != nullptr;
  };
  if (follows(1) || follows(2)) return slice_by_inputs(c, x);
  const SliceRange range = slice_range(x.shape, c.integers(1, "starts"), c.integers(2, "ends"),
                                       c.has(3) ? c.integers(3, "axes") : std::vector<int64_t>{},
                                       c.has(4) ? c.integers(4, "steps") : std::vector<int64_t>{});
  if (range.takes_all()) return c.out_same(0, c.pointer(0));
  const bool known = c.b.graph.value(x.forms.front().value).constant();
  if (range.takes_nothing() && !known) unsupported("an empty slice");
  c.move(slice_options(range, x.order()), x, x.order(), x.order());
}

void import_gather(Call& c) {
  Tensor &x = c.in(0), &indices = c.in(1);
  if (indices.type != DType::S64 && indices.type != DType::S32) {
    invalid("indices of type %s", rt::dtype_name(indices.type));
  }
  const int axis = checked_axis(c.attributes.integer("axis", 0), x.rank());
  const auto a = static_cast<size_t>(axis);
  Shape shape(x.shape.begin(), x.shape.begin() + axis);
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), x.shape.begin() + axis + 1, x.shape.end());
  check_size(shape);

  auto known = numbers_of(c.b, indices);
  if (known && !x.shape[a].open()) known = checked_indices(std::move(*known), x.shape[a]);
  // One index, or a row of them, leaves the other axes where they lie.
  Order from = plain_order(x.rank()), order = plain_order(shape.size());
  if (indices.rank() <= 1) {
    from = x.order();
    order = indices.rank() == 1 ? from : without_axes(from, {axis});
  }
  const int input = c.b.form(x, from);
  const Quantization q = c.moved_quantization(input);
  int where = c.b.plain(indices);
  if (known && !x.shape[a].open()) {
    const TensorPtr positive = make_constant(c.b, c.temporary("indices"), *known);
    where = positive->forms.front().value;
  }
  fb::GatherT options;
  options.axis = position(from, axis);
  c.emit(std::move(options), {input, where}, {c.out(0, x.type, order, q)});
}

// data [batch, D1..Dk, inner], indices [batch, n, k] -> [batch, n, inner]
void import_gather_nd(Call& c) {
  Tensor &x = c.in(0), &indices = c.in(1);
  if (indices.type != DType::S64) invalid("indices of type %s", rt::dtype_name(indices.type));
  const int64_t batch = c.attributes.integer("batch_dims", 0);
  const size_t least = std::min(x.rank(), indices.rank());
  if (least == 0 || batch < 0 || batch >= static_cast<int64_t>(least)) {
    invalid("%lld batch dimensions of %s and indices %s", static_cast<long long>(batch),
            text(x.shape).c_str(), text(indices.shape).c_str());
  }
  check_size(x.shape);
  check_size(indices.shape);
  const int64_t inner = batch + indices.shape.back();  // the first dimension that is not indexed
  if (inner > static_cast<int64_t>(x.rank()) ||
      !std::equal(x.shape.begin(), x.shape.begin() + batch, indices.shape.begin())) {
    invalid("indices %s of %s", text(indices.shape).c_str(), text(x.shape).c_str());
  }
  Shape shape(indices.shape.begin(), indices.shape.end() - 1);
  shape.insert(shape.end(), x.shape.begin() + inner, x.shape.end());
  check_size(shape);
  const int input = c.b.plain(x);
  const Quantization q = c.moved_quantization(input);
  fb::GatherNdT options;
  options.batch_dims = static_cast<int32_t>(batch);
  c.emit(std::move(options), {input, c.b.plain(indices)},
         {c.out(0, x.type, plain_order(shape.size()), q)});
}

void import_depth_to_space(Call& c) {
  Tensor& x = c.in(0);
  const int64_t block = block_size(c, x);
  if (x.shape[1] % (block * block) != 0) {
    invalid("channels of %s for a blocksize of %lld", text(x.shape).c_str(),
            static_cast<long long>(block));
  }
  fb::DepthToSpaceT options;
  options.block = static_cast<int32_t>(block);
  options.order = depth_order(c);
  c.move(std::move(options), x, channels_last(4), channels_last(4));
}

void import_space_to_depth(Call& c) {
  Tensor& x = c.in(0);
  const int64_t block = block_size(c, x);
  for (Dim dim : {x.shape[2], x.shape[3]}) {
    if (dim.open() || dim % block == 0) continue;
    invalid("a plane of %s for a blocksize of %lld", text(x.shape).c_str(),
            static_cast<long long>(block));
  }
  fb::SpaceToDepthT options;
  options.block = static_cast<int32_t>(block);
  c.move(std::move(options), x, channels_last(4), channels_last(4));
}

constexpr Row kRows[] = {
    {"Concat", 1, kMany, import_concat}, {"DepthToSpace", 1, 1, import_depth_to_space},
    {"Gather", 2, 2, import_gather},     {"GatherND", 2, 2, import_gather_nd},
    {"Slice", 3, 5, import_slice},       {"SpaceToDepth", 1, 1, import_space_to_depth},
    {"Split", 1, 2, import_split},
};

}  // namespace

rt::Span<const Row> move_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
