// Operators that move whole runs of elements, or only rename axes: on codes, in the order in which
// they lie.
#include <algorithm>
#include <cstdlib>
#include <limits>

#include "src/export/onnx/ops.h"

namespace qrt::onnx_export {
namespace {

using graph::plain_order;
using graph::position;

using Integers = std::vector<int64_t>;

int resolved(int axis, size_t rank) { return axis < 0 ? axis + static_cast<int>(rank) : axis; }

// One number an axis, in the order in which the axes lie.
Integers arranged(const std::vector<int32_t>& numbers, const Order& order) {
  Integers result;
  for (int axis : order) result.push_back(numbers[static_cast<size_t>(axis)]);
  return result;
}

// Any size for the one dimension that is known at run time: only which axes belong together counts.
graph::Sizes with_stand_in(const Shape& shape) {
  constexpr int64_t kLargePrime = 7919;
  graph::Sizes sizes(shape.begin(), shape.end());
  std::replace(sizes.begin(), sizes.end(), int64_t{-1}, kLargePrime);
  return sizes;
}

// Whether it is known how the axes of one shape correspond to those of the other.
bool comparable(const Shape& from, const Shape& to) {
  const auto unknown = [](const Shape& shape) {
    return std::count(shape.begin(), shape.end(), -1);
  };
  if (unknown(from) > 1 || unknown(to) != unknown(from)) return false;
  const auto known_elements = [](const Shape& shape) {
    int64_t product = 1;
    for (int32_t dim : shape) product *= std::abs(dim);
    return product;
  };
  return known_elements(from) == known_elements(to);
}

void export_reshape(Call& c) {
  const int x = c.in(0);
  const graph::Sizes from = with_stand_in(c.t.shape(x)), to = with_stand_in(c.result().shape);
  Order order = plain_order(from.size()), result = plain_order(to.size());
  if (comparable(c.t.shape(x), c.result().shape)) {
    order = graph::reshapable_order(from, c.t.order(x), to);
    result = graph::reshaped_order(from, order, to).value_or(result);
  }
  const std::string codes = c.t.codes(x, order);
  const auto& options = *c.node.options.AsReshape();
  const bool plain = order == plain_order(from.size()) && result == plain_order(to.size());
  if (c.node.inputs.size() == 1 && options.keep_mask != 0 && plain) {
    // ONNX copies the input's dimension where the shape has 0.
    Integers wanted(options.shape.begin(), options.shape.end());
    for (size_t i = 0; i < wanted.size(); ++i) {
      if ((options.keep_mask >> i & 1) != 0) wanted[i] = 0;
    }
    const std::string shape = c.m.vector(c.wanted() + "/shape", wanted);
    return c.give_codes(result, c.m.node("Reshape", {codes, shape}, c.wanted()));
  }
  c.give_codes(result, c.t.reshaped(codes, graph::arranged(c.result().shape, result), c.wanted()));
}

void export_transpose(Call& c) {
  const auto& perm = c.node.options.AsTranspose()->perm;
  c.t.set_same(c.out(), c.in(0), std::vector<int>(perm.begin(), perm.end()));
}

void export_concat(Call& c) {
  const size_t rank = c.result().shape.size();
  const Order order = c.t.common_order(c.node.inputs, rank);
  const int axis = resolved(c.node.options.AsConcat()->axis, rank);
  Names inputs;
  for (int v : c.node.inputs) inputs.push_back(c.t.codes(v, order));
  c.give_codes(order, c.m.node("Concat", std::move(inputs), c.wanted(),
                               {{"axis", int64_t{position(order, axis)}}}));
}

void export_split(Call& c) {
  const auto& options = *c.node.options.AsSplit();
  const int x = c.in(0);
  const Order order = c.t.order(x);
  const int64_t axis = position(order, resolved(options.axis, c.t.rank(x)));
  Names wanted;
  for (size_t k = 0; k < c.node.outputs.size(); ++k) wanted.push_back(c.wanted(k));
  Names inputs = {c.t.codes(x, order)};
  if (!options.sizes.empty()) {
    inputs.push_back(
        c.m.vector(c.wanted() + "/sizes", Integers(options.sizes.begin(), options.sizes.end())));
  }
  const Names parts = c.m.node("Split", std::move(inputs), wanted, {{"axis", axis}});
  for (size_t k = 0; k < parts.size(); ++k) c.t.set_codes(c.out(k), order, parts[k]);
}

void export_slice(Call& c) {
  if (c.node.inputs.size() > 1) throw Unsupported("a slice that is computed when the model runs");
  const auto& options = *c.node.options.AsSlice();
  constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  const int x = c.in(0);
  const Order order = c.t.order(x);
  Integers starts, ends, axes, steps, dropped_positions;
  std::vector<int> dropped;
  for (size_t i = 0; i < options.begins.size(); ++i) {
    const uint32_t bit = uint32_t{1} << i;
    const bool shrinks = (options.shrink_mask & bit) != 0;
    const int64_t step = shrinks ? 1 : options.strides[i];
    int64_t start = options.begins[i], end = options.ends[i];
    if ((options.begin_mask & bit) != 0) start = step > 0 ? 0 : kLast;
    if (shrinks) {
      end = start == -1 ? kLast : start + 1;
      dropped.push_back(static_cast<int>(i));
      dropped_positions.push_back(position(order, static_cast<int>(i)));
    } else if ((options.end_mask & bit) != 0) {
      end = step > 0 ? kLast : kFirst;
    }
    starts.push_back(start);
    ends.push_back(end);
    steps.push_back(step);
    axes.push_back(position(order, static_cast<int>(i)));
  }
  const std::string name = c.wanted();
  std::string y = c.m.node(
      "Slice",
      {c.t.codes(x, order), c.m.vector(name + "/starts", starts), c.m.vector(name + "/ends", ends),
       c.m.vector(name + "/axes", axes), c.m.vector(name + "/steps", steps)},
      name);
  if (!dropped.empty()) {
    std::sort(dropped_positions.begin(), dropped_positions.end());
    y = c.m.node("Squeeze", {y, c.m.vector(name + "/dropped", dropped_positions)}, name);
  }
  c.give_codes(graph::without_axes(order, dropped), y);
}

void export_pad(Call& c) {
  const auto& options = *c.node.options.AsPad();
  if (options.mode == fb::PadMode::Symmetric) throw Unsupported("symmetric padding");
  const int x = c.in(0);
  const Value& from = c.t.value(x);
  const Order order = c.t.order(x);
  Integers pads = arranged(options.before, order);
  const Integers after = arranged(options.after, order);
  pads.insert(pads.end(), after.begin(), after.end());
  Names inputs = {c.t.codes(x, order), c.m.vector(c.wanted() + "/pads", pads)};
  const bool constant = options.mode == fb::PadMode::Constant;
  if (constant && has_codes(from)) {
    inputs.push_back(c.m.scalar(c.wanted() + "/value", code_of(from, options.value)));
  } else if (constant && from.type == DType::F32) {
    inputs.push_back(c.m.scalar(c.wanted() + "/value", options.value));
  } else if (constant && options.value != 0) {
    throw Unsupported(std::string("a value other than 0 around ") + rt::dtype_name(from.type));
  }
  const char* mode = constant ? "constant" : options.mode == fb::PadMode::Edge ? "edge" : "reflect";
  c.give_codes(order,
               c.m.node("Pad", std::move(inputs), c.wanted(), {{"mode", std::string(mode)}}));
}

constexpr Row kRows[] = {
    {fb::OpOptions::Reshape, export_reshape}, {fb::OpOptions::Transpose, export_transpose},
    {fb::OpOptions::Concat, export_concat},   {fb::OpOptions::Split, export_split},
    {fb::OpOptions::Slice, export_slice},     {fb::OpOptions::Pad, export_pad},
};

}  // namespace

rt::Span<const Row> move_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::onnx_export
