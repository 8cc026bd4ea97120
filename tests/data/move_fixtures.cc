// Operators that move elements, for an element of every size; and sizes that a session decides.
#include "tests/data/fixture.h"

namespace qrt::test {
namespace {

// Every such operator on one type.
void add_moves(Fixture& f, DType type, const Quantization& q) {
  const int in = f.input(type, {2, 4, 6, 4}, q);
  fb::ReshapeT reshape;
  reshape.shape = {8, -1};
  f.node_like(in, reshape, {in}, {8, 24});
  fb::TransposeT transpose;
  transpose.perm = {2, 0, 3, 1};
  f.node_like(in, transpose, {in}, {6, 2, 4, 4});
  fb::ConcatT concat;
  concat.axis = -2;
  f.node_like(in, concat, {in, f.constant(type, {2, 4, 1, 4}, q), in}, {2, 4, 13, 4});

  fb::SplitT split;
  split.axis = 2;
  split.sizes = {1, 3, 2};
  std::vector<int> parts;
  for (int32_t size : split.sizes) {
    parts.push_back(f.graph.add_tensor("part", type, {2, 4, size, 4}, q));
  }
  f.graph.add_node("split", split, {in}, parts);
  f.graph.outputs.insert(f.graph.outputs.end(), parts.begin(), parts.end());

  fb::SliceT slice;
  slice.begins = {1, -1, 0, 1};
  slice.ends = {2, 0, 5, 9};
  slice.strides = {1, -2, 2, 1};
  slice.shrink_mask = 1;
  slice.end_mask = 2;
  f.node_like(in, slice, {in}, {2, 3, 3});

  for (fb::PadMode mode : fb::EnumValuesPadMode()) {
    fb::PadT pad;
    pad.before = {0, 1, 0, 3};
    pad.after = {0, 2, 1, 0};
    pad.mode = mode;
    const bool whole = type == DType::F16;
    if (mode == fb::PadMode::Constant && !whole) pad.value = 1;
    f.node_like(in, pad, {in}, {2, 7, 7, 7});
  }

  fb::GatherT gather;
  gather.axis = 2;
  gather.batch_dims = 1;
  const int places = f.graph.add_constant<int32_t>("places", {2, 3}, {5, 0, -1, 2, 2, 4});
  f.node_like(in, gather, {in, places}, {2, 4, 3, 4});
  fb::GatherNdT gather_nd;
  const int tuples = f.graph.add_constant<int64_t>("tuples", {3, 2}, {1, 3, 0, 0, -1, 2});
  f.node_like(in, gather_nd, {in, tuples}, {3, 6, 4});

  fb::BroadcastToT broadcast;
  broadcast.shape = {3, 2, 4, 6, 4};
  f.node_like(in, broadcast, {in}, broadcast.shape);
  fb::TileT tile;
  tile.multiples = {1, 2, 1, 3};
  f.node_like(in, tile, {in}, {2, 8, 6, 12});
  for (fb::DepthOrder order : fb::EnumValuesDepthOrder()) {
    fb::DepthToSpaceT spread;
    spread.block = 2;
    spread.order = order;
    f.node_like(in, spread, {in}, {2, 8, 12, 1});
  }
  fb::SpaceToDepthT collect;
  collect.block = 2;
  f.node_like(in, collect, {in}, {2, 2, 3, 16});
}

Fixture moves() {
  Fixture f("move");
  add_moves(f, DType::S8, per_tensor(0.5f, 3));
  add_moves(f, DType::U8, per_tensor(0.5f, 130));
  add_moves(f, DType::S16, per_tensor(0.125f, 0));
  for (DType type : {DType::F32, DType::F16, DType::S32, DType::S64, DType::Bool}) {
    add_moves(f, type, {});
  }
  fb::ReshapeT reshape;
  reshape.shape = {2, 9};
  const int packed = f.input(DType::S4, {3, 6}, per_tensor(0.5f, -2));
  f.node_like(packed, reshape, {packed}, {2, 9});
  return f;
}

// Dimensions that are -1 in the file: a session decides them.
Fixture sizes() {
  Fixture f("sizes");
  const Quantization q = per_tensor(0.05f, -7), out = per_tensor(0.5f, 2);
  const int s8 = f.input(DType::S8, {-1, 6, -1, 5}, q), f32 = f.input(DType::F32, {-1, 16});
  const int weights = f.constant(DType::S8, {8, 3, 3, 5}, per_tensor(0.01f, 0));
  fb::Conv2DT conv;
  conv.window = std::make_unique<fb::Window2DT>();
  conv.window->padding = fb::Padding::Same;
  const int convolved = f.node(std::move(conv), {s8, weights}, DType::S8, {-1, 6, -1, 8}, out);
  fb::ReduceT mean;
  mean.axes = {1, 2};
  f.node(mean, {convolved}, DType::S8, {-1, 8}, out);
  fb::ReshapeT flat;
  flat.shape = {-1};
  f.node_like(convolved, flat, {convolved}, {-1});
  const int layer = f.constant(DType::F32, {7, 16});
  const int logits = f.node(fb::FullyConnectedT(), {f32, layer}, DType::F32, {-1, 7});
  f.node(fb::SoftmaxT(), {logits}, DType::F32, {-1, 7});
  return f;
}

}  // namespace

std::vector<Fixture> move_fixtures() {
  std::vector<Fixture> all;
  all.push_back(moves());
  all.push_back(sizes());
  return all;
}

}  // namespace qrt::test
