#include <cmath>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

// The plain search, written apart from the operator's.
template <class T>
std::vector<int64_t> naive(const std::vector<T>& in, const Dims& shape, size_t axis, bool min) {
  Dims rest = shape;
  rest[axis] = 1;
  std::vector<int64_t> found;
  for_each_index(rest, [&](Dims index) {
    const auto value = [&](int32_t i) {
      index[axis] = i;
      return in[position(index, shape)];
    };
    int32_t best = 0;
    for (int32_t i = 1; i < shape[axis]; ++i) {
      if (min ? value(i) < value(best) : value(i) > value(best)) best = i;
    }
    found.push_back(best);
  });
  return found;
}

template <class T>
void check(const Dims& shape, size_t axis, std::mt19937& random) {
  SCOPED_TRACE(::testing::PrintToString(shape) + " axis " + std::to_string(axis) + " of " +
               rt::dtype_name(rt::DTypeOf<T>::value));
  std::vector<T> values(elements(shape));
  // Few values, so that there are ties.
  for (T& value : values) value = static_cast<T>(random() % 9);
  if (std::is_signed_v<T>) {
    for (T& value : values) value = static_cast<T>(value - 4);
  }
  const Array in = array_of(shape, values);
  for (bool min : {false, true}) {
    const std::vector<int64_t> found = naive(values, shape, axis, min);
    Dims kept = shape, dropped = shape;
    kept[axis] = 1;
    dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(axis));
    fb::ArgReduceT options;
    options.min = min;
    options.axis = static_cast<int32_t>(axis);
    expect_node(options, {in},
                {array_of(dropped, std::vector<int32_t>(found.begin(), found.end()))});
    options.axis -= static_cast<int32_t>(shape.size());
    options.keep_dims = true;
    expect_node(options, {in}, {array_of(kept, found)});
  }
}

TEST(ArgReduce, EveryAxisTypeAndDirection) {
  std::mt19937 random(1);
  for (const Dims& shape : {Dims{1}, Dims{9}, Dims{5, 7}, Dims{3, 4, 70}, Dims{2, 3, 2, 5},
                            Dims{1, 2, 1, 2, 3, 1, 2, 3}}) {
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      check<float>(shape, axis, random);
      check<int8_t>(shape, axis, random);
      check<uint8_t>(shape, axis, random);
      check<int16_t>(shape, axis, random);
      check<int32_t>(shape, axis, random);
    }
  }
}

TEST(ArgReduce, ClassesOfPixelsOnManyThreads) {
  std::mt19937 random(2);
  check<int8_t>({1, 65, 66, 21}, 3, random);
  check<int8_t>({1, 21, 65, 66}, 1, random);
}

TEST(ArgReduce, NothingBeatsNaN) {
  fb::ArgReduceT options;
  options.axis = 1;
  const float nan = NAN;
  expect_node(options, {array_of<float>({3, 3}, {nan, 1, 2, 1, nan, 2, nan, nan, nan})},
              {array_of<int32_t>({3}, {0, 2, 0})});
}

TEST(ArgReduce, Refuses) {
  const Array in = empty_array(DType::S8, {2, 3}), out = empty_array(DType::S32, {2});
  fb::ArgReduceT options;
  options.axis = 1;
  expect_refused(options, {empty_array(DType::S64, {2, 3})}, {out}, "cannot run on s64 -> s32",
                 rt::Code::Unsupported);
  expect_refused(options, {in}, {empty_array(DType::F32, {2})},
                 "cannot run on s8 without scale -> f32", rt::Code::Unsupported);
  Array scaled = out;
  scaled.quantization = {{1.0f}, {}, -1, 0};
  expect_refused(options, {in}, {scaled}, "cannot run on s8 without scale -> s32",
                 rt::Code::Unsupported);
  Array per_axis = in;
  per_axis.quantization = {{1, 2}, {}, 0, 0};
  expect_refused(options, {per_axis}, {out}, "cannot run on s8 with scales along axis 0 -> s32",
                 rt::Code::Unsupported);
  for (int32_t axis : {2, -3}) {
    options.axis = axis;
    expect_refused(options, {in}, {out}, "axis " + std::to_string(axis) + " does not exist in 2x3");
  }
}

}  // namespace
}  // namespace qrt::test
