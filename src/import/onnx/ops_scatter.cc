// Operators that find, gather and scatter single elements, and running sums.
#include <algorithm>

#include "src/base/dtype.h"
#include "src/import/onnx/ops.h"

namespace qrt::import::onnx_import {
namespace {

void check_indices(const Tensor& indices) {
  if (indices.type != DType::S64 && indices.type != DType::S32) {
    invalid("indices of type %s", rt::dtype_name(indices.type));
  }
}

void import_gather_elements(Call& c) {
  Tensor &x = c.in(0), &indices = c.in(1);
  check_indices(indices);
  const int axis = checked_axis(c.attributes.integer("axis", 0), x.rank());
  if (indices.rank() != x.rank()) {
    invalid("indices %s of %s", text(indices.shape).c_str(), text(x.shape).c_str());
  }
  const Order order = x.order();
  const int input = c.b.form(x, order);
  fb::GatherElementsT options;
  options.axis = position(order, axis);
  c.emit(std::move(options), {input, c.b.form(indices, order)},
         {c.out(0, x.type, order, c.moved_quantization(input))});
}

fb::ScatterReduction read_reduction(Call& c) {
  const std::string reduction = c.attributes.word("reduction", "none");
  if (reduction == "none") return fb::ScatterReduction::None;
  if (reduction == "add") return fb::ScatterReduction::Add;
  if (reduction == "mul") return fb::ScatterReduction::Mul;
  if (reduction == "max") return fb::ScatterReduction::Max;
  if (reduction == "min") return fb::ScatterReduction::Min;
  invalid("reduction='%s'", reduction.c_str());
}

void check_updates(Call& c) {
  check_indices(c.in(1));
  check_same_type({&c.in(0), &c.in(2)});
}

// The updates, with the quantization of what they update: integers of the file are what it says.
int updates_like(Call& c, int data, int updates) {
  const Quantization q = c.moved_quantization(data);
  const graph::Value given = c.b.graph.value(updates);
  if (given.quantization == q) return updates;
  if (!given.constant() || !given.quantization.empty()) {
    unsupported("updates whose quantization differs from the data's");
  }
  const int result = c.b.graph.add_tensor(given.name, given.type, given.shape, q);
  c.b.graph.value(result).data = given.data;
  return result;
}

void import_scatter_elements(Call& c) {
  Tensor &x = c.in(0), &indices = c.in(1), &updates = c.in(2);
  check_updates(c);
  const int axis = checked_axis(c.attributes.integer("axis", 0), x.rank());
  if (indices.rank() != x.rank() || updates.rank() != x.rank()) {
    invalid("indices %s and updates %s of %s", text(indices.shape).c_str(),
            text(updates.shape).c_str(), text(x.shape).c_str());
  }
  const Order order = x.order();
  fb::ScatterElementsT options;
  options.axis = position(order, axis);
  options.reduction = read_reduction(c);
  const int input = c.b.form(x, order), where = c.b.form(indices, order);
  const int from = updates_like(c, input, c.b.form(updates, order));
  c.emit(std::move(options), {input, where, from},
         {c.out(0, x.type, order, c.moved_quantization(input))});
}

void import_scatter_nd(Call& c) {
  Tensor &x = c.in(0), &indices = c.in(1), &updates = c.in(2);
  check_updates(c);
  fb::ScatterNdT options;
  options.reduction = read_reduction(c);
  const int input = c.b.plain(x), where = c.b.plain(indices);
  const int from = updates_like(c, input, c.b.plain(updates));
  c.emit(std::move(options), {input, where, from},
         {c.out(0, x.type, plain_order(x.rank()), c.moved_quantization(input))});
}

void import_top_k(Call& c) {
  Tensor& x = c.in(0);
  const int axis = checked_axis(c.attributes.integer("axis", -1), x.rank());
  c.attributes.ignore("sorted");  // sorted is one of the orders that 0 allows
  const Order order = x.order();
  const int input = c.b.form(x, order);
  std::vector<int> inputs = {input};
  fb::TopKT options;
  options.axis = position(order, axis);
  options.smallest = !c.attributes.flag("largest", true);
  if (!c.has(1)) {  // before opset 10
    options.k = checked_shape({c.attributes.integer("k", 0)})[0];
  } else if (const auto known = numbers_of(c.b, c.in(1))) {
    if (known->size() != 1) invalid("%zu numbers as k", known->size());
    options.k = checked_shape({known->integers[0]})[0];
  } else {
    inputs.push_back(c.b.plain(c.in(1)));
  }
  const Quantization q = c.moved_quantization(input);
  c.emit(std::move(options), std::move(inputs),
         {c.out(0, x.type, order, q), c.out(1, DType::S64, order)});
}

void import_cum_sum(Call& c) {
  Tensor& x = c.in(0);
  check_not_quantized(c);
  const std::vector<int64_t> axis = c.integers(1, "an axis");
  if (axis.size() != 1) invalid("%zu axes", axis.size());
  fb::CumSumT options;
  options.exclusive = c.attributes.flag("exclusive", false);
  options.reverse = c.attributes.flag("reverse", false);
  options.axis = position(x.order(), checked_axis(axis[0], x.rank()));
  c.move(std::move(options), x, x.order(), x.order());
}

// Whether an index is the number of its place, of which there are `count`, counted from `first`.
int is_class(Call& c, int indices, DType type, int64_t first, int64_t count, const Shape& shape,
             const char* suffix) {
  Numbers classes{type, shape, {}, {}};
  for (int64_t i = 0; i < count; ++i) classes.integers.push_back(first + i);
  const TensorPtr range = make_constant(c.b, c.temporary(suffix), classes);
  const int result = c.b.value(c.temporary(suffix) + "/hot", DType::Bool);
  fb::BinaryT equal;
  equal.kind = fb::BinaryKind::Equal;
  c.emit(std::move(equal), {indices, range->forms.front().value}, {result});
  return result;
}

int64_t read_depth(Call& c) {
  const auto depth = numbers_of(c.b, c.in(1));
  if (!depth) unsupported("a depth known only at run time");
  constexpr int64_t kMostClasses = 1 << 20;
  double classes = -1;
  if (depth->size() == 1) {
    classes =
        depth->is_float() ? double{depth->floats[0]} : static_cast<double>(depth->integers[0]);
  }
  if (!(classes >= 1 && classes <= kMostClasses)) invalid("a depth of no class");
  return static_cast<int64_t>(classes);
}

// Indices, depth, values beside and at the index. Negative indices count from the depth.
void import_one_hot(Call& c) {
  Tensor &indices = c.in(0), &values = c.in(2);
  check_not_quantized(c);
  const int64_t depth = read_depth(c);
  const size_t rank = indices.rank() + 1;
  const int axis = checked_axis(c.attributes.integer("axis", -1), rank);
  if (rank > static_cast<size_t>(rt::kMaxRank)) unsupported("a tensor of %zu dimensions", rank);
  Shape spread = indices.shape, along(rank, Dim(1));
  spread.insert(spread.begin() + axis, Dim(1));
  along[static_cast<size_t>(axis)] = Dim(static_cast<int32_t>(depth));
  int value = c.b.plain(indices);
  DType type = indices.type;
  if (type != DType::S32 && type != DType::S64) {
    type = DType::S64;
    const int whole = c.b.value(c.temporary("whole"), type);
    c.emit(fb::CastT{}, {value}, {whole});
    value = whole;
  }
  value = c.b.reshaped(value, spread, c.temporary("indices"));
  const int from_front = is_class(c, value, type, 0, depth, along, "classes");
  const int from_end = is_class(c, value, type, -depth, depth, along, "negative_classes");
  const int hot = c.b.value(c.temporary("hot"), DType::Bool);
  fb::BinaryT either;
  either.kind = fb::BinaryKind::Or;
  c.emit(std::move(either), {from_front, from_end}, {hot});
  const int table = c.b.plain(values);
  const int off = emit_gather(c, table, 0, {0}, c.temporary("off"));
  const int on = emit_gather(c, table, 0, {1}, c.temporary("on"));
  c.emit(fb::SelectT{}, {hot, on, off}, {c.out(0, values.type, plain_order(rank))});
}

constexpr Row kRows[] = {
    {"CumSum", 2, 2, import_cum_sum},
    {"GatherElements", 2, 2, import_gather_elements},
    {"OneHot", 3, 3, import_one_hot},
    {"Scatter", 3, 3, import_scatter_elements},
    {"ScatterElements", 3, 3, import_scatter_elements},
    {"ScatterND", 3, 3, import_scatter_nd},
    {"TopK", 1, 2, import_top_k},
};

}  // namespace

rt::Span<const Row> scatter_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
