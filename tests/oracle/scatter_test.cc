// Operators that find, gather and scatter elements, against plain loops: every type, pseudo-random
// shapes, axes and indices, with and without duplicates.
#include "tests/oracle/scatter.h"

#include <algorithm>

#include "tests/oracle/check.h"

namespace qrt::test {
namespace {

const std::vector<DType> kMovable = {DType::S8,  DType::U8,  DType::Bool, DType::F16,
                                     DType::S16, DType::F32, DType::S32,  DType::S64};
const std::vector<DType> kCombined = {DType::S8,  DType::U8,  DType::S16,
                                      DType::F32, DType::S32, DType::S64};

Dims random_shape(std::mt19937& random) {
  Dims shape;
  for (int32_t rank = draw(random, 1, 4); rank > 0; --rank) shape.push_back(draw(random, 1, 7));
  if (random() % 3 == 0) shape.back() = draw(random, 16, 70);
  return shape;
}

Kind movable_kind(std::mt19937& random) {
  const DType type = pick(random, kMovable);
  if (type == DType::S8 && random() % 2 == 0) return s8(0.25, 3);
  return plain(type);
}

Stored random_indices(const Dims& shape, int32_t dim, std::mt19937& random) {
  const DType type = random() % 2 == 0 ? DType::S32 : DType::S64;
  Stored indices = random_stored(plain(type), shape, -dim, dim - 1, random);
  if (random() % 2 == 0) indices.role = Stored::Constant;
  return indices;
}

// Of as many dimensions as the data, none larger but along the axis.
Dims places(const Dims& data, size_t axis, std::mt19937& random) {
  Dims shape = data;
  for (size_t i = 0; i < shape.size(); ++i) {
    shape[i] = i == axis ? draw(random, 1, 9) : draw(random, 1, data[i]);
  }
  return random() % 2 == 0 ? shape : data;
}

int32_t given(size_t axis, const Dims& shape, std::mt19937& random) {
  return static_cast<int32_t>(axis) - (random() % 2 == 0 ? static_cast<int32_t>(shape.size()) : 0);
}

size_t random_axis(const Dims& shape, std::mt19937& random) { return random() % shape.size(); }

TEST(OracleScatter, GatherElements) {
  repeat(120, 1, [](std::mt19937& random) {
    const Stored data = random_stored(movable_kind(random), random_shape(random), random);
    const size_t axis = random_axis(data.shape, random);
    const Stored indices =
        random_indices(places(data.shape, axis, random), data.shape[axis], random);
    fb::GatherElementsT options;
    options.axis = given(axis, data.shape, random);
    SCOPED_TRACE(testing::PrintToString(data.shape) + " at " +
                 testing::PrintToString(indices.shape) + ", axis " + std::to_string(axis));
    expect_node(options, {data, indices},
                like(data, oracle::gather_elements(data.numbers(), indices.numbers(), axis)));
  });
}

// What reductions do to integers of this many bits, or floats. Those of 64 bits stay far from the
// ends.
double wrapped(double value, DType type) {
  if (type == DType::F32 || type == DType::S64) return value;
  if (type == DType::Bool) return value != 0;
  const double modulus = std::ldexp(1.0, static_cast<int>(rt::dtype_bits(type)));
  double rest = value - std::floor(value / modulus) * modulus;
  if (type != DType::U8 && rest >= modulus / 2) rest -= modulus;
  return rest;
}

oracle::Combine combination(fb::ScatterReduction reduction, DType type) {
  return [=](double old, double update) {
    switch (reduction) {
      case fb::ScatterReduction::Add:
        return wrapped(old + update, type);
      case fb::ScatterReduction::Mul:
        return wrapped(old * update, type);
      case fb::ScatterReduction::Max:
        return std::max(old, update);
      case fb::ScatterReduction::Min:
        return std::min(old, update);
      default:
        return update;
    }
  };
}

// Data and updates for a reduction: whole numbers, of which few products leave 2^53.
struct Operands {
  Stored data;
  Kind kind;
  double low, high;
};

Operands operands(fb::ScatterReduction reduction, std::mt19937& random) {
  const Dims shape = random_shape(random);
  if (reduction == fb::ScatterReduction::None) {
    const Kind kind = movable_kind(random);
    const bool small = kind.type == DType::F16 || kind.type == DType::Bool;
    return {random_stored(kind, shape, random), kind, 0.0, small ? 1.0 : 100.0};
  }
  const bool orders =
      reduction == fb::ScatterReduction::Max || reduction == fb::ScatterReduction::Min;
  Kind kind = plain(pick(random, kCombined));
  if (random() % 6 == 0) kind = plain(DType::Bool);
  if (orders && random() % 4 == 0) kind = s8(0.25, 3);
  const double low = kind.type == DType::U8 || kind.type == DType::Bool ? 0 : -3;
  const double high = kind.type == DType::Bool ? 1 : 3;
  return {random_stored(kind, shape, low, high, random), kind, low, high};
}

// Floats become whole ones, so that sums are exact in any order.
void make_whole(Stored* stored) {
  if (stored->type != DType::F32) return;
  for (double& value : stored->values) value = std::floor(value);
}

TEST(OracleScatter, ScatterElements) {
  for (fb::ScatterReduction reduction : fb::EnumValuesScatterReduction()) {
    repeat(60, 2, [&](std::mt19937& random) {
      Operands o = operands(reduction, random);
      const Dims shape = o.data.shape;
      const size_t axis = random_axis(shape, random);
      const Stored indices = random_indices(places(shape, axis, random), shape[axis], random);
      Stored updates = random_stored(o.kind, indices.shape, o.low, o.high, random);
      make_whole(&o.data);
      make_whole(&updates);
      fb::ScatterElementsT options;
      options.axis = given(axis, shape, random);
      options.reduction = reduction;
      SCOPED_TRACE(std::string(fb::EnumNameScatterReduction(reduction)) + " " +
                   rt::dtype_name(o.kind.type) + testing::PrintToString(shape) + " at " +
                   testing::PrintToString(indices.shape) + ", axis " + std::to_string(axis));
      expect_node(options, {o.data, indices, updates},
                  like(o.data, oracle::scatter_elements(o.data.numbers(), indices.numbers(),
                                                        updates.numbers(), axis,
                                                        combination(reduction, o.kind.type))));
    });
  }
}

TEST(OracleScatter, ScatterNd) {
  for (fb::ScatterReduction reduction : fb::EnumValuesScatterReduction()) {
    repeat(60, 3, [&](std::mt19937& random) {
      Operands o = operands(reduction, random);
      const Dims shape = o.data.shape;
      const int32_t tuple = draw(random, 1, static_cast<int32_t>(shape.size()));
      const int32_t smallest = *std::min_element(shape.begin(), shape.begin() + tuple);
      Dims named, whole;
      for (int32_t n = draw(random, 0, 2); n > 0; --n) named.push_back(draw(random, 1, 5));
      whole = named;
      whole.insert(whole.end(), shape.begin() + tuple, shape.end());
      named.push_back(tuple);
      const Stored indices = random_indices(named, smallest, random);
      Stored updates = random_stored(o.kind, whole, o.low, o.high, random);
      make_whole(&o.data);
      make_whole(&updates);
      fb::ScatterNdT options;
      options.reduction = reduction;
      SCOPED_TRACE(std::string(fb::EnumNameScatterReduction(reduction)) + " " +
                   rt::dtype_name(o.kind.type) + testing::PrintToString(shape) + " at " +
                   testing::PrintToString(named));
      expect_node(
          options, {o.data, indices, updates},
          like(o.data, oracle::scatter_nd(o.data.numbers(), indices.numbers(), updates.numbers(),
                                          combination(reduction, o.kind.type))));
    });
  }
}

TEST(OracleScatter, DynamicSliceAndItsUpdate) {
  repeat(120, 4, [](std::mt19937& random) {
    const Kind kind = movable_kind(random);
    const Stored data = random_stored(kind, random_shape(random), random);
    const auto rank = static_cast<int32_t>(data.shape.size());
    Stored begins =
        random_stored(plain(random() % 2 == 0 ? DType::S32 : DType::S64), {rank}, -3, 9, random);
    fb::DynamicSliceT slice;
    Dims part;
    for (int32_t dim : data.shape) {
      part.push_back(draw(random, 1, dim));
      slice.sizes.push_back(part.back() == dim ? -1 : part.back());
    }
    const Dims at(begins.values.begin(), begins.values.end());
    SCOPED_TRACE(testing::PrintToString(part) + " of " + testing::PrintToString(data.shape) +
                 " from " + testing::PrintToString(at));
    expect_node(slice, {data, begins}, like(data, oracle::slice_at(data.numbers(), at, part)));
    const Stored updates = random_stored(kind, part, random);
    expect_node(fb::DynamicUpdateSliceT(), {data, updates, begins},
                like(data, oracle::update_at(data.numbers(), updates.numbers(), at)));
  });
}

TEST(OracleScatter, TopK) {
  repeat(150, 5, [](std::mt19937& random) {
    Kind kind = plain(pick(random, kCombined));
    if (random() % 4 == 0) kind = s8(0.25, 3);
    const double low = kind.type == DType::U8 ? 0 : -5;
    Stored in = random_stored(kind, random_shape(random), low, 5, random);  // with ties
    make_whole(&in);
    const size_t axis = random_axis(in.shape, random);
    fb::TopKT options;
    options.axis = given(axis, in.shape, random);
    options.k = draw(random, 1, in.shape[axis]);
    options.smallest = random() % 2 == 0;
    const oracle::Ranked ranked = oracle::top_k(in.numbers(), axis, options.k, options.smallest);
    SCOPED_TRACE(testing::PrintToString(in.shape) + ", axis " + std::to_string(axis) + ", k " +
                 std::to_string(options.k) + " of " + rt::dtype_name(kind.type));
    const Expected indices{random() % 2 == 0 ? DType::S32 : DType::S64, ranked.indices, {}, {}};
    std::vector<Stored> inputs = {in};
    if (random() % 3 == 0) {
      Stored k{DType::S64, {1}, {}, {static_cast<double>(options.k)}, Stored::Constant};
      inputs.push_back(k);
      options.k = 0;
    }
    expect_node(one_node(options, inputs), {like(in, ranked.values), indices});
  });
}

TEST(OracleScatter, CumSum) {
  repeat(120, 6, [](std::mt19937& random) {
    const DType type = pick<DType>(random, {DType::F32, DType::S32, DType::S64});
    Stored in = random_stored(plain(type), random_shape(random), -9, 9, random);
    make_whole(&in);
    const size_t axis = random_axis(in.shape, random);
    fb::CumSumT options;
    options.axis = given(axis, in.shape, random);
    options.exclusive = random() % 2 == 0;
    options.reverse = random() % 2 == 0;
    SCOPED_TRACE(testing::PrintToString(in.shape) + ", axis " + std::to_string(axis));
    expect_node(options, {in},
                like(in, oracle::cum_sum(in.numbers(), axis, options.exclusive, options.reverse)));
  });
}

}  // namespace
}  // namespace qrt::test
