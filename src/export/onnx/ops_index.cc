// Operators that pick or repeat elements.
#include "src/export/onnx/ops.h"

namespace qrt::onnx_export {
namespace {

using graph::channels_first;
using graph::plain_order;

void export_gather(Call& c) {
  const auto& options = *c.node.options.AsGather();
  if (options.batch_dims != 0) throw Unsupported("indices of their own for each batch");
  const int x = c.in(0);
  const int axis = options.axis < 0 ? options.axis + static_cast<int>(c.t.rank(x)) : options.axis;
  // As many axes as before: they may lie as they do.
  const bool keeps_rank = c.t.rank(c.in(1)) == 1;
  const Order order = keeps_rank ? c.t.order(x) : plain_order(c.t.rank(x));
  const std::string y = c.m.node("Gather", {c.t.codes(x, order), c.t.plain_codes(c.in(1))},
                                 c.wanted(), {{"axis", int64_t{graph::position(order, axis)}}});
  c.give_codes(keeps_rank ? order : plain_order(c.result().shape.size()), y);
}

void export_gather_nd(Call& c) {
  const int64_t batch_dims = c.node.options.AsGatherNd()->batch_dims;
  std::string indices = c.t.plain_codes(c.in(1));
  if (c.t.value(c.in(1)).type != DType::S64) {
    indices = c.m.node("Cast", {indices}, c.wanted() + "/indices",
                       {{"to", int64_t{onnx_type(DType::S64)}}});
  }
  const std::string y = c.m.node("GatherND", {c.t.plain_codes(c.in(0)), indices}, c.wanted(),
                                 {{"batch_dims", batch_dims}});
  c.give_codes(plain_order(c.result().shape.size()), y);
}

void export_broadcast_to(Call& c) {
  if (c.node.inputs.size() > 1) throw Unsupported("a shape that is computed when the model runs");
  const auto& shape = c.node.options.AsBroadcastTo()->shape;
  const Order order = plain_order(shape.size());
  const std::string to =
      c.m.vector(c.wanted() + "/shape", std::vector<int64_t>(shape.begin(), shape.end()));
  c.give_codes(order, c.m.node("Expand", {c.t.broadcast_codes(c.in(0), order), to}, c.wanted()));
}

void export_tile(Call& c) {
  const auto& multiples = c.node.options.AsTile()->multiples;
  const Order order = c.t.order(c.in(0));
  std::vector<int64_t> repeats;
  for (int axis : order) repeats.push_back(multiples[static_cast<size_t>(axis)]);
  c.give_codes(
      order,
      c.m.node("Tile", {c.t.codes(c.in(0), order), c.m.vector(c.wanted() + "/repeats", repeats)},
               c.wanted()));
}

void export_depth_to_space(Call& c) {
  const auto& options = *c.node.options.AsDepthToSpace();
  const Order order = channels_first(4);
  const bool depth_first = options.order == fb::DepthOrder::DepthFirst;
  c.give_codes(order, c.m.node("DepthToSpace", {c.t.codes(c.in(0), order)}, c.wanted(),
                               {{"blocksize", int64_t{options.block}},
                                {"mode", std::string(depth_first ? "DCR" : "CRD")}}));
}

// Runtimes have it for floats only.
void export_space_to_depth(Call& c) {
  const Order order = channels_first(4);
  c.give_numbers(order, c.m.node("SpaceToDepth", {c.t.numbers(c.in(0), order)}, c.wanted(),
                                 {{"blocksize", int64_t{c.node.options.AsSpaceToDepth()->block}}}));
}

constexpr Row kRows[] = {
    {fb::OpOptions::Gather, export_gather},
    {fb::OpOptions::GatherNd, export_gather_nd},
    {fb::OpOptions::BroadcastTo, export_broadcast_to},
    {fb::OpOptions::Tile, export_tile},
    {fb::OpOptions::DepthToSpace, export_depth_to_space},
    {fb::OpOptions::SpaceToDepth, export_space_to_depth},
};

}  // namespace

rt::Span<const Row> index_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::onnx_export
