// Operators that move elements, against plain loops: an element of every size, pseudo-random shapes
// and attributes.
#include "tests/oracle/move.h"

#include <numeric>

#include "tests/oracle/check.h"

namespace qrt::test {
namespace {

const std::vector<DType> kTypes = {DType::S8,  DType::U8,  DType::Bool, DType::F16,
                                   DType::S16, DType::F32, DType::S32,  DType::S64};

Dims random_shape(std::mt19937& random, int32_t lowest_rank = 1) {
  Dims shape;
  for (int32_t rank = draw(random, lowest_rank, 5); rank > 0; --rank) {
    shape.push_back(pick<int32_t>(random, {1, 2, 3, 4, 5, 7, 8, 9}));
  }
  if (!shape.empty() && random() % 3 == 0)
    shape.back() = pick<int32_t>(random, {16, 17, 31, 33, 65});
  return shape;
}

Kind random_kind(std::mt19937& random) {
  const DType type = pick(random, kTypes);
  if (type == DType::S8 && random() % 2 == 0) return s8(0.25, 3);
  return plain(type);
}

TEST(OracleMove, Reshape) {
  repeat(40, 1, [](std::mt19937& random) {
    const Stored in = random_stored(random_kind(random), random_shape(random), random);
    fb::ReshapeT options;
    options.shape = {in.shape.back(), -1};
    const auto rest = static_cast<int32_t>(in.values.size()) / in.shape.back();
    expect_node(options, {in}, like(in, {{in.shape.back(), rest}, in.values}));
  });
}

TEST(OracleMove, Transpose) {
  repeat(120, 2, [](std::mt19937& random) {
    const Stored in = random_stored(random_kind(random), random_shape(random), random);
    fb::TransposeT options;
    options.perm.resize(in.shape.size());
    std::iota(options.perm.begin(), options.perm.end(), 0);
    std::shuffle(options.perm.begin(), options.perm.end(), random);
    SCOPED_TRACE(testing::PrintToString(in.shape) + testing::PrintToString(options.perm));
    expect_node(options, {in}, like(in, oracle::transpose(in.numbers(), options.perm)));
  });
}

TEST(OracleMove, ConcatAndSplit) {
  repeat(80, 3, [](std::mt19937& random) {
    const Kind kind = random_kind(random);
    const Dims shape = random_shape(random);
    const int32_t axis = draw(random, 0, static_cast<int32_t>(shape.size()) - 1);
    const auto at = static_cast<size_t>(axis);
    std::vector<Stored> parts;
    std::vector<Tensor> tensors;
    fb::ConcatT concat;
    fb::SplitT split;
    for (int32_t n = draw(random, 1, 4); n > 0; --n) {
      Dims own = shape;
      own[at] = draw(random, 1, 9);
      parts.push_back(random_stored(kind, own, random));
      tensors.push_back(parts.back().numbers());
      split.sizes.push_back(own[at]);
    }
    concat.axis = split.axis = random() % 2 == 0 ? axis : axis - static_cast<int32_t>(shape.size());
    const Tensor whole = oracle::concat(tensors, at);
    SCOPED_TRACE(testing::PrintToString(whole.shape) + ", axis " + std::to_string(axis));
    expect_node(concat, parts, like(parts[0], whole));
    Stored in = parts[0];
    in.shape = whole.shape;
    in.values = whole.values;
    std::vector<Expected> outputs;
    int32_t begin = 0;
    for (int32_t size : split.sizes) {
      outputs.push_back(like(in, oracle::part(whole, at, begin, size)));
      begin += size;
    }
    expect_node(one_node(split, {in}), outputs);
  });
}

TEST(OracleMove, Slice) {
  repeat(200, 4, [](std::mt19937& random) {
    const Stored in = random_stored(random_kind(random), random_shape(random), random);
    fb::SliceT options;
    std::vector<Dims> taken;
    Dims shape;
    for (size_t i = 0; i < in.shape.size(); ++i) {
      const int32_t n = in.shape[i];
      for (Dims range; range.empty();) {  // what takes nothing is refused
        options.begin_mask &= ~(1u << i);
        options.end_mask &= ~(1u << i);
        options.begins.resize(i);
        options.ends.resize(i);
        options.strides.resize(i);
        options.begins.push_back(draw(random, -n - 2, n + 2));
        options.ends.push_back(draw(random, -n - 2, n + 2));
        options.strides.push_back(pick<int32_t>(random, {1, 1, 2, 3, -1, -2, 100, -100}));
        if (random() % 4 == 0) options.begin_mask |= 1u << i;
        if (random() % 4 == 0) options.end_mask |= 1u << i;
        range = oracle::python_range(n, options.begins[i], options.ends[i], options.strides[i],
                                     (options.begin_mask >> i & 1) != 0,
                                     (options.end_mask >> i & 1) != 0);
        if (!range.empty()) taken.push_back(range);
      }
      if (random() % 5 == 0) {
        options.begins[i] = draw(random, -n, n - 1);
        options.shrink_mask |= 1u << i;
        taken[i] = {options.begins[i] < 0 ? options.begins[i] + n : options.begins[i]};
      } else {
        shape.push_back(static_cast<int32_t>(taken[i].size()));
      }
    }
    SCOPED_TRACE(testing::PrintToString(in.shape) + " from " +
                 testing::PrintToString(options.begins) + " to " +
                 testing::PrintToString(options.ends) + " by " +
                 testing::PrintToString(options.strides));
    expect_node(options, {in},
                like(in, {shape, oracle::pick_elements(in.numbers(), taken).values}));
  });
}

TEST(OracleMove, Pad) {
  repeat(150, 5, [](std::mt19937& random) {
    const Stored in = random_stored(random_kind(random), random_shape(random), random);
    fb::PadT options;
    options.mode = static_cast<fb::PadMode>(draw(random, 0, 2));
    for (int32_t n : in.shape) {
      const int32_t most = options.mode == fb::PadMode::Constant  ? 4
                           : options.mode == fb::PadMode::Reflect ? n - 1
                                                                  : n;
      options.before.push_back(draw(random, 0, std::min(most, 4)));
      options.after.push_back(draw(random, 0, std::min(most, 4)));
    }
    double element = 0;
    if (options.mode == fb::PadMode::Constant && in.type != DType::F16 && in.type != DType::Bool) {
      options.value = static_cast<float>(draw(random, 0, 20));
      element = static_cast<double>(options.value);
    }
    if (!in.quantization.empty()) element = element / 0.25 + 3;
    const auto mode = static_cast<oracle::PadMode>(options.mode);
    SCOPED_TRACE(testing::PrintToString(in.shape) + testing::PrintToString(options.before) +
                 testing::PrintToString(options.after));
    expect_node(options, {in},
                like(in, oracle::pad(in.numbers(), options.before, options.after, mode, element)));
  });
}

Stored random_indices(const Dims& shape, int32_t dim, std::mt19937& random) {
  const DType type = random() % 2 == 0 ? DType::S32 : DType::S64;
  Stored indices = random_stored(plain(type), shape, -dim, dim - 1, random);
  if (random() % 2 == 0) indices.role = Stored::Constant;
  return indices;
}

TEST(OracleMove, Gather) {
  repeat(120, 6, [](std::mt19937& random) {
    const Stored data = random_stored(random_kind(random), random_shape(random), random);
    const auto rank = static_cast<int32_t>(data.shape.size());
    fb::GatherT options;
    options.axis = draw(random, 0, rank - 1);
    options.batch_dims = draw(random, 0, options.axis);
    const auto axis = static_cast<size_t>(options.axis),
               batch = static_cast<size_t>(options.batch_dims);
    Dims shape(data.shape.begin(), data.shape.begin() + options.batch_dims);
    for (int32_t n = draw(random, 0, 2); n > 0; --n) shape.push_back(draw(random, 1, 6));
    const Stored indices = random_indices(shape, data.shape[axis], random);
    if (random() % 2 == 0) options.axis -= rank;
    SCOPED_TRACE(testing::PrintToString(data.shape) + " at " + testing::PrintToString(shape) +
                 ", axis " + std::to_string(axis) + ", batch " + std::to_string(batch));
    expect_node(options, {data, indices},
                like(data, oracle::gather(data.numbers(), indices.numbers(), axis, batch)));
  });
}

TEST(OracleMove, GatherNd) {
  repeat(120, 7, [](std::mt19937& random) {
    const Stored data = random_stored(random_kind(random), random_shape(random, 2), random);
    const auto rank = static_cast<int32_t>(data.shape.size());
    fb::GatherNdT options;
    options.batch_dims = draw(random, 0, 1);
    const int32_t tuple = draw(random, 1, rank - options.batch_dims);
    int32_t smallest = 100;
    for (int32_t k = 0; k < tuple; ++k) {
      smallest = std::min(smallest, data.shape[static_cast<size_t>(options.batch_dims + k)]);
    }
    Dims shape(data.shape.begin(), data.shape.begin() + options.batch_dims);
    for (int32_t n = draw(random, 0, 2); n > 0; --n) shape.push_back(draw(random, 1, 6));
    shape.push_back(tuple);
    const Stored indices = random_indices(shape, smallest, random);
    SCOPED_TRACE(testing::PrintToString(data.shape) + " at " + testing::PrintToString(shape));
    expect_node(options, {data, indices},
                like(data, oracle::gather_nd(data.numbers(), indices.numbers(),
                                             static_cast<size_t>(options.batch_dims))));
  });
}

TEST(OracleMove, BroadcastToAndTile) {
  repeat(100, 8, [](std::mt19937& random) {
    const Stored in = random_stored(random_kind(random), random_shape(random), random);
    fb::BroadcastToT broadcast;
    fb::TileT tile;
    broadcast.shape = in.shape;
    if (random() % 2 == 0) broadcast.shape.insert(broadcast.shape.begin(), 3);
    Stored narrow = in;
    for (size_t i = 0; i < in.shape.size(); ++i) {
      if (random() % 2 == 0) narrow.shape[i] = 1;
      tile.multiples.push_back(draw(random, 1, 3));
    }
    narrow.values.resize(oracle::count(narrow.shape));
    SCOPED_TRACE(testing::PrintToString(narrow.shape) + " to " +
                 testing::PrintToString(broadcast.shape));
    expect_node(broadcast, {narrow},
                like(in, oracle::broadcast_to(narrow.numbers(), broadcast.shape)));
    expect_node(tile, {in}, like(in, oracle::tile(in.numbers(), tile.multiples)));
  });
}

TEST(OracleMove, DepthAndSpace) {
  repeat(80, 9, [](std::mt19937& random) {
    const int32_t block = draw(random, 1, 4), channels = draw(random, 1, 9);
    const Kind kind = random_kind(random);
    const Dims low = {draw(random, 1, 2), draw(random, 1, 5), draw(random, 1, 5),
                      channels * block * block};
    const Dims high = {low[0], low[1] * block, low[2] * block, channels};
    const Stored deep = random_stored(kind, low, random), wide = random_stored(kind, high, random);
    for (fb::DepthOrder order : fb::EnumValuesDepthOrder()) {
      fb::DepthToSpaceT spread;
      spread.block = block;
      spread.order = order;
      expect_node(spread, {deep},
                  like(deep, oracle::depth_to_space(deep.numbers(), block,
                                                    order == fb::DepthOrder::DepthFirst)));
    }
    fb::SpaceToDepthT collect;
    collect.block = block;
    expect_node(collect, {wide}, like(wide, oracle::space_to_depth(wide.numbers(), block)));
  });
}

}  // namespace
}  // namespace qrt::test
