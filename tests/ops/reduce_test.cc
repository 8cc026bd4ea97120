// Reduce of bytes over every set of axes, against sums made index by index.
#include <algorithm>
#include <cmath>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

struct Expected {
  int64_t sum = 0, count = 0;
  int max = -128, min = 127;
};

void check(const Dims& shape, unsigned axes, std::mt19937& random) {
  SCOPED_TRACE(::testing::PrintToString(shape) + " axes " + std::to_string(axes));
  Dims out_shape = shape;
  fb::ReduceT options;
  options.keep_dims = true;
  for (size_t i = 0; i < shape.size(); ++i) {
    if ((axes >> i & 1) == 0) continue;
    options.axes.push_back(static_cast<int32_t>(i));
    out_shape[i] = 1;
  }
  Array in = random_array(DType::S8, shape, random);
  in.quantization = {{0.5f}, {3}, -1, 0};
  std::vector<Expected> expected(elements(out_shape));
  size_t flat = 0;
  for_each_index(shape, [&](Dims index) {
    for (size_t i = 0; i < shape.size(); ++i) index[i] = out_shape[i] == 1 ? 0 : index[i];
    Expected& e = expected[position(index, out_shape)];
    const int q = static_cast<int8_t>(in.bytes[flat++]);
    e.sum += q - 3, ++e.count;
    e.max = std::max(e.max, q), e.min = std::min(e.min, q);
  });
  const auto run = [&](fb::ReduceKind kind, const graph::Quantization& quantization,
                       const std::function<double(const Expected&)>& f) {
    std::vector<int8_t> values;
    for (const Expected& e : expected) values.push_back(static_cast<int8_t>(f(e)));
    Array out = array_of(out_shape, values);
    out.quantization = quantization;
    options.kind = kind;
    expect_node(options, {in}, {out});
  };
  const auto scaled = [](const Expected& e, double multiplier, int zero_point) {
    const float steps = static_cast<float>(e.sum) * static_cast<float>(multiplier);
    return std::clamp(std::nearbyint(static_cast<double>(steps)) + zero_point, -128.0, 127.0);
  };
  run(fb::ReduceKind::Mean, {{0.25f}, {-9}, -1, 0},
      [&](const Expected& e) { return scaled(e, 2.0 / static_cast<double>(e.count), -9); });
  run(fb::ReduceKind::Sum, {{16.0f}, {5}, -1, 0},
      [&](const Expected& e) { return scaled(e, 0.5 / 16.0, 5); });
  run(fb::ReduceKind::Max, in.quantization, [](const Expected& e) { return e.max; });
  run(fb::ReduceKind::Min, in.quantization, [](const Expected& e) { return e.min; });
}

TEST(Reduce, BytesOverEverySetOfAxes) {
  std::mt19937 random(1);
  for (const Dims& shape : {Dims{7}, Dims{5, 40}, Dims{3, 20, 33}, Dims{2, 5, 6, 70},
                            Dims{2, 3, 1, 4, 5}, Dims{1, 16, 17, 130}}) {
    for (unsigned axes = 1; axes < 1u << shape.size(); ++axes) check(shape, axes, random);
  }
}

template <class T>
void check_extremes(const graph::Quantization& quantization, std::mt19937& random) {
  SCOPED_TRACE(rt::dtype_name(rt::DTypeOf<T>::value));
  std::vector<T> values(3 * 5 * 7), largest(5), smallest(5);
  for (T& value : values) value = static_cast<T>(random());
  for (size_t j = 0; j < 5; ++j) {
    largest[j] = smallest[j] = values[j * 7];
    for (size_t i = 0; i < 3; ++i) {
      for (size_t k = 0; k < 7; ++k) {
        largest[j] = std::max(largest[j], values[(i * 5 + j) * 7 + k]);
        smallest[j] = std::min(smallest[j], values[(i * 5 + j) * 7 + k]);
      }
    }
  }
  Array in = array_of<T>({3, 5, 7}, values);
  in.quantization = quantization;
  for (bool max : {true, false}) {
    fb::ReduceT options;
    options.kind = max ? fb::ReduceKind::Max : fb::ReduceKind::Min;
    options.axes = {0, 2};
    Array out = array_of<T>({5}, max ? largest : smallest);
    out.quantization = quantization;
    expect_node(options, {in}, {out});
  }
}

TEST(Reduce, ExtremesOfOtherIntegers) {
  std::mt19937 random(2);
  check_extremes<int8_t>({}, random);
  check_extremes<uint8_t>({}, random);
  check_extremes<uint8_t>(kSomeScale, random);
  check_extremes<int16_t>({}, random);
  check_extremes<int16_t>({{0.5f}, {}, -1, 0}, random);
}

// The sum of so many bytes may leave 32 bits, their maximum cannot.
TEST(Reduce, OnlySumsAreLimited) {
  const Dims shape = {(1 << 22) + 1};
  Array in = empty_array(DType::S8, shape), out = empty_array(DType::S8, {});
  in.quantization = out.quantization = kSomeScale;
  fb::ReduceT options;
  options.axes = {0};
  options.kind = fb::ReduceKind::Sum;
  expect_refused(options, {in}, {out}, "reduces 4194305 values to one", rt::Code::Unsupported);
  in.bytes.back() = 9;
  out.bytes = {9};
  options.kind = fb::ReduceKind::Max;
  expect_node(options, {in}, {out});
}

// Nothing has a sum, 0, and a product, 1, but no largest element.
TEST(Reduce, NothingHasNoLargestElement) {
  const Array in = empty_array(DType::F32, {2, 0});
  fb::ReduceT options;
  options.axes = {1};
  for (const fb::ReduceKind kind : {fb::ReduceKind::Max, fb::ReduceKind::Min}) {
    options.kind = kind;
    expect_refused(options, {in}, {empty_array(DType::F32, {2})},
                   "reduces nothing: its input is 2x0");
  }
  options.kind = fb::ReduceKind::Sum;
  expect_node(options, {in}, {array_of<float>({2}, {0, 0})});
  options.kind = fb::ReduceKind::Prod;
  expect_node(options, {in}, {array_of<float>({2}, {1, 1})});
}

}  // namespace
}  // namespace qrt::test
