// Operators that find, gather and scatter single elements, and running sums.
#include "src/export/onnx/ops.h"

namespace qrt::onnx_export {
namespace {

using graph::plain_order;

int64_t axis_in(const Order& order, int32_t axis) {
  const auto rank = static_cast<int32_t>(order.size());
  return graph::position(order, axis < 0 ? axis + rank : axis);
}

// What is moved and what is written to its places are to be the same codes.
void check_like(const Value& a, const Value& b) {
  if (has_codes(a) != has_codes(b) || (has_codes(a) && !same_codes(a, b))) {
    throw Unsupported("updates of another quantization");
  }
}

void check_reduction(fb::ScatterReduction reduction) {
  if (reduction == fb::ScatterReduction::None) return;
  throw Unsupported("a reduction, which ONNX has since operator set 16");
}

void export_gather_elements(Call& c) {
  const Order order = c.t.order(c.in(0));
  c.give_codes(
      order,
      c.m.node("GatherElements", {c.t.codes(c.in(0), order), c.t.codes(c.in(1), order)}, c.wanted(),
               {{"axis", axis_in(order, c.node.options.AsGatherElements()->axis)}}));
}

void export_scatter_elements(Call& c) {
  const auto& options = *c.node.options.AsScatterElements();
  check_reduction(options.reduction);
  check_like(c.t.value(c.in(0)), c.t.value(c.in(2)));
  const Order order = c.t.order(c.in(0));
  c.give_codes(order, c.m.node("ScatterElements",
                               {c.t.codes(c.in(0), order), c.t.codes(c.in(1), order),
                                c.t.codes(c.in(2), order)},
                               c.wanted(), {{"axis", axis_in(order, options.axis)}}));
}

// As s64, which is all that some operators read.
std::string wide_indices(Call& c, size_t i) {
  const std::string indices = c.t.plain_codes(c.in(i));
  if (c.t.value(c.in(i)).type == DType::S64) return indices;
  return c.m.node("Cast", {indices}, c.wanted() + "/indices",
                  {{"to", int64_t{onnx_type(DType::S64)}}});
}

void export_scatter_nd(Call& c) {
  check_reduction(c.node.options.AsScatterNd()->reduction);
  check_like(c.t.value(c.in(0)), c.t.value(c.in(2)));
  const std::string indices = wide_indices(c, 1);
  c.give_codes(plain_order(c.t.rank(c.in(0))),
               c.m.node("ScatterND", {c.t.plain_codes(c.in(0)), indices, c.t.plain_codes(c.in(2))},
                        c.wanted()));
}

void export_top_k(Call& c) {
  const auto& options = *c.node.options.AsTopK();
  const int x = c.in(0);
  const Order order = c.t.order(x);
  std::string k;
  if (c.has(1)) {
    k = c.t.reshaped(wide_indices(c, 1), {1}, c.wanted() + "/k");
  } else {
    k = c.m.vector(c.wanted() + "/k", std::vector<int64_t>{options.k});
  }
  const Names found =
      c.m.node("TopK", {c.t.codes(x, order), k}, Names{c.wanted(0), c.wanted(1)},
               {{"axis", axis_in(order, options.axis)}, {"largest", int64_t{!options.smallest}}});
  c.give_codes(order, found[0]);
  std::string indices = found[1];
  if (c.result(1).type != DType::S64) {
    indices =
        c.m.node("Cast", {indices}, c.wanted(1), {{"to", int64_t{onnx_type(c.result(1).type)}}});
  }
  c.t.set_codes(c.out(1), order, indices);
}

void export_cum_sum(Call& c) {
  const auto& options = *c.node.options.AsCumSum();
  const Order order = c.t.order(c.in(0));
  const std::string axis = c.m.scalar(c.wanted() + "/axis", axis_in(order, options.axis));
  c.give_numbers(order, c.m.node("CumSum", {c.t.numbers(c.in(0), order), axis}, c.wanted(),
                                 {{"exclusive", int64_t{options.exclusive}},
                                  {"reverse", int64_t{options.reverse}}}));
}

// A Slice whose begins are limited by two more operators.
void export_dynamic_slice(Call& c) {
  const auto& sizes = c.node.options.AsDynamicSlice()->sizes;
  const int x = c.in(0);
  const std::string name = c.wanted();
  std::vector<int64_t> part, room, none(sizes.size(), 0);
  for (size_t i = 0; i < sizes.size(); ++i) {
    const int32_t dim = c.t.shape(x)[i];
    if (dim < 0) throw Unsupported("a part of a size that is known only at run time");
    part.push_back(sizes[i] < 0 ? dim : sizes[i]);
    room.push_back(dim - part.back());
  }
  const std::string at_least =
      c.m.node("Max", {wide_indices(c, 1), c.m.vector(name + "/first", none)}, name + "/begins");
  const std::string begins =
      c.m.node("Min", {at_least, c.m.vector(name + "/last", room)}, name + "/begins");
  const std::string ends =
      c.m.node("Add", {begins, c.m.vector(name + "/sizes", part)}, name + "/ends");
  c.give_codes(plain_order(sizes.size()),
               c.m.node("Slice", {c.t.plain_codes(x), begins, ends}, name));
}

constexpr Row kRows[] = {
    {fb::OpOptions::GatherElements, export_gather_elements},
    {fb::OpOptions::ScatterElements, export_scatter_elements},
    {fb::OpOptions::ScatterNd, export_scatter_nd},
    {fb::OpOptions::TopK, export_top_k},
    {fb::OpOptions::CumSum, export_cum_sum},
    {fb::OpOptions::DynamicSlice, export_dynamic_slice},
};

}  // namespace

rt::Span<const Row> scatter_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::onnx_export
