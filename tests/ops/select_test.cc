#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

// The element of `array` under numpy's broadcasting at an index of a larger shape.
const uint8_t* broadcast_element(const Array& array, const Dims& index) {
  Dims own(index.end() - static_cast<std::ptrdiff_t>(array.shape.size()), index.end());
  for (size_t i = 0; i < own.size(); ++i) {
    if (array.shape[i] == 1) own[i] = 0;
  }
  return &array.bytes[position(own, array.shape) * array.element_bytes()];
}

void check(const Array& condition, const Array& a, const Array& b, const Dims& shape) {
  SCOPED_TRACE(::testing::PrintToString(condition.shape) + " ? " +
               ::testing::PrintToString(a.shape) + " : " + ::testing::PrintToString(b.shape));
  Array out = a;
  out.shape = shape;
  out.bytes.clear();
  for_each_index(shape, [&](const Dims& index) {
    const uint8_t* from =
        broadcast_element(*broadcast_element(condition, index) != 0 ? a : b, index);
    out.bytes.insert(out.bytes.end(), from, from + a.element_bytes());
  });
  expect_node(fb::SelectT(), {condition, a, b}, {out});
}

Array random_condition(Dims shape, std::mt19937& random) {
  Array array = random_array(DType::Bool, std::move(shape), random);
  // Any byte that is not zero is true.
  for (uint8_t& byte : array.bytes) byte = static_cast<uint8_t>(byte % 2 != 0 ? byte : 0);
  return array;
}

TEST(Select, BroadcastsAllThree) {
  std::mt19937 random(1);
  for (int round = 0; round < 100; ++round) {
    Dims shape(random() % 7);
    for (int32_t& dim : shape) dim = 1 + static_cast<int32_t>(random() % 4);
    const DType type = kMovedTypes[random() % kMovedTypes.size()];
    // One operand has the whole shape; the others may lack leading axes and have ones.
    const auto smaller = [&](bool whole) {
      if (whole) return shape;
      Dims dims(shape.begin() + static_cast<std::ptrdiff_t>(random() % (shape.size() + 1)),
                shape.end());
      for (int32_t& dim : dims) dim = random() % 3 == 0 ? 1 : dim;
      return dims;
    };
    const Array condition = random_condition(smaller(round % 3 == 0), random);
    const Array a = random_array(type, smaller(round % 3 == 1), random);
    const Array b = random_array(type, smaller(round % 3 == 2), random);
    check(condition, a, b, shape);
  }
}

TEST(Select, OnManyThreads) {
  std::mt19937 random(2);
  const Dims shape = {41, 5000};
  for (const Dims& other : {shape, Dims{41, 1}, Dims{5000}, Dims{}}) {
    check(random_condition(shape, random), random_array(DType::S16, shape, random),
          random_array(DType::S16, other, random), shape);
    check(random_condition(other, random), random_array(DType::S8, shape, random),
          random_array(DType::S8, shape, random), shape);
  }
}

TEST(Select, Refuses) {
  const Array condition = empty_array(DType::Bool, {2, 3}), a = empty_array(DType::S8, {2, 3});
  const fb::SelectT options;
  expect_refused(options, {a, a, a}, {a}, "it takes bool, movable, =1 -> =1",
                 rt::Code::Unsupported);
  expect_refused(options, {condition, a}, {a}, "has 2 inputs, takes 3 to 3");
  expect_refused(options, {condition, a, empty_array(DType::U8, {2, 3})}, {a},
                 "cannot run on bool, s8 without scale, u8 without scale -> s8",
                 rt::Code::Unsupported);
  Array scaled = a;
  scaled.quantization = kSomeScale;
  expect_refused(options, {condition, a, scaled}, {a},
                 "cannot run on bool, s8 without scale, s8 -> s8 without scale",
                 rt::Code::Unsupported);
  expect_refused(options, {condition, scaled, scaled}, {a},
                 "cannot run on bool, s8, s8 -> s8 without scale", rt::Code::Unsupported);
  expect_refused(options, {condition, a, empty_array(DType::S8, {2})}, {a},
                 "cannot broadcast 2x3, 2x3 and 2 together");
  expect_refused(options, {empty_array(DType::Bool, {4, 3}), a, a}, {a},
                 "cannot broadcast 4x3, 2x3 and 2x3 together");
}

}  // namespace
}  // namespace qrt::test
