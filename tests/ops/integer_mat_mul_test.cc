#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

struct Product {
  Dims a, b;
  int32_t a_zeros, b_zeros;  // 0: none; 1: a number; else one for each row or column
};

template <class A, class B>
void check(const Product& p, std::mt19937& random) {
  SCOPED_TRACE(::testing::PrintToString(p.a) + " by " + ::testing::PrintToString(p.b) + ", zeros " +
               std::to_string(p.a_zeros) + " and " + std::to_string(p.b_zeros) + " of " +
               rt::dtype_name(rt::DTypeOf<A>::value) + " and " +
               rt::dtype_name(rt::DTypeOf<B>::value));
  const auto numbers = [&](size_t count, auto zero) {
    std::vector<decltype(zero)> all(count, zero);
    for (auto& number : all) number = static_cast<decltype(zero)>(random());
    return all;
  };
  const size_t rank = std::max(p.a.size(), p.b.size());
  const auto padded = [&](Dims shape) {
    shape.insert(shape.begin(), rank - shape.size(), 1);
    return shape;
  };
  const Dims wide_a = padded(p.a), wide_b = padded(p.b);
  Dims shape(rank);
  for (size_t i = 0; i + 2 < rank; ++i) shape[i] = std::max(wide_a[i], wide_b[i]);
  shape[rank - 2] = wide_a[rank - 2];
  shape[rank - 1] = wide_b[rank - 1];
  const auto a = numbers(elements(p.a), A{}), az = numbers(static_cast<size_t>(p.a_zeros), A{});
  const auto b = numbers(elements(p.b), B{}), bz = numbers(static_cast<size_t>(p.b_zeros), B{});
  const auto zero = [](const auto& zeros, int32_t line) {
    if (zeros.empty()) return 0;
    return int32_t{zeros[zeros.size() == 1 ? 0 : static_cast<size_t>(line)]};
  };
  std::vector<int32_t> out;
  for_each_index(shape, [&](const Dims& index) {
    int64_t sum = 0;
    Dims at_a = index, at_b = index;
    for (size_t i = 0; i + 2 < rank; ++i) {
      at_a[i] = std::min(index[i], wide_a[i] - 1);
      at_b[i] = std::min(index[i], wide_b[i] - 1);
    }
    for (int32_t k = 0; k < wide_a[rank - 1]; ++k) {
      at_a[rank - 1] = at_b[rank - 2] = k;
      sum += int64_t{a[position(at_a, wide_a)] - zero(az, index[rank - 2])} *
             (b[position(at_b, wide_b)] - zero(bz, index[rank - 1]));
    }
    out.push_back(static_cast<int32_t>(sum));
  });
  // Absent inputs are made by hand.
  graph::Graph g;
  const auto input = [&](const char* name, DType type, const Dims& dims) {
    g.inputs.push_back(g.add_tensor(name, type, dims));
    return g.inputs.back();
  };
  const DType ta = rt::DTypeOf<A>::value, tb = rt::DTypeOf<B>::value;
  std::vector<int> in = {input("a", ta, p.a), input("b", tb, p.b), graph::kAbsent, graph::kAbsent};
  if (!az.empty()) in[2] = input("az", ta, az.size() == 1 ? Dims{} : Dims{p.a_zeros});
  if (!bz.empty()) in[3] = input("bz", tb, bz.size() == 1 ? Dims{1} : Dims{p.b_zeros});
  g.outputs = {g.add_tensor("out", DType::S32, shape)};
  g.add_node("node", fb::IntegerMatMulT(), in, g.outputs);
  for (pthreadpool_t pool : {pthreadpool_t{nullptr}, three_threads()}) {
    rt::SessionOptions options;
    options.pool = pool;
    Loaded loaded = must_load(g, options);
    ASSERT_NE(loaded.session, nullptr);
    size_t next = 0;
    loaded.set(next++, a);
    loaded.set(next++, b);
    if (!az.empty()) loaded.set(next++, az);
    if (!bz.empty()) loaded.set(next++, bz);
    loaded.run();
    EXPECT_EQ(loaded.get<int32_t>(), out);
  }
}

TEST(IntegerMatMul, EveryTypeZeroPointAndBatch) {
  std::mt19937 random(1);
  const std::vector<Product> products = {
      {{1, 1}, {1, 1}, 0, 0},          {{3, 5}, {5, 7}, 0, 0},    {{3, 5}, {5, 7}, 1, 1},
      {{3, 5}, {5, 7}, 3, 7},          {{3, 5}, {5, 7}, 0, 1},    {{3, 5}, {5, 7}, 1, 0},
      {{2, 1, 3, 5}, {4, 5, 2}, 1, 2}, {{4, 3, 5}, {5, 2}, 3, 0}, {{3, 5}, {4, 5, 2}, 3, 2},
      {{90, 70}, {70, 80}, 1, 80},
  };
  for (const Product& product : products) {
    check<int8_t, int8_t>(product, random);
    check<uint8_t, int8_t>(product, random);
    check<int8_t, uint8_t>(product, random);
    check<uint8_t, uint8_t>(product, random);
  }
}

TEST(IntegerMatMul, Refuses) {
  const Array a = empty_array(DType::U8, {2, 3}), b = empty_array(DType::S8, {3, 4});
  const Array out = empty_array(DType::S32, {2, 4});
  const fb::IntegerMatMulT options;
  for (const Dims& shape : {Dims{3}, Dims{2, 4}}) {
    expect_refused(options, {empty_array(DType::U8, shape), b}, {out}, "cannot multiply ");
  }
  expect_refused(options, {a, empty_array(DType::S8, {3})}, {out}, "cannot multiply 2x3 and 3");
  for (const Dims& shape : {Dims{3}, Dims{2, 1}}) {
    expect_refused(options, {a, b, empty_array(DType::U8, shape)}, {out}, "has zero points ");
    expect_refused(options, {a, b, empty_array(DType::U8, {1}), empty_array(DType::S8, shape)},
                   {out}, "has zero points ");
  }
  expect_refused(options, {a, b, empty_array(DType::S8, {1})}, {out},
                 "has zero points of another type than the integers");
  expect_refused(options, {empty_array(DType::S32, {2, 3}), b}, {out}, "cannot run on s32, s8",
                 rt::Code::Unsupported);
}

}  // namespace
}  // namespace qrt::test
