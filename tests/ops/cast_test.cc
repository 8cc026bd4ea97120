#include <cmath>
#include <limits>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const float kNaN = std::numeric_limits<float>::quiet_NaN();

template <class In, class Out>
void check(const std::vector<In>& in, const std::vector<Out>& out) {
  SCOPED_TRACE(std::string(rt::dtype_name(rt::DTypeOf<In>::value)) + " to " +
               rt::dtype_name(rt::DTypeOf<Out>::value));
  const Dims shape = {static_cast<int32_t>(in.size())};
  expect_node(fb::CastT(), {array_of(shape, in)}, {array_of(shape, out)});
}

Array truths(const Bytes& bytes) {
  Array array = empty_array(DType::Bool, {static_cast<int32_t>(bytes.size())});
  array.bytes = bytes;
  return array;
}

// Values that both types hold convert both ways.
template <class A, class B>
void check_both(const std::vector<int>& values) {
  check(std::vector<A>(values.begin(), values.end()), std::vector<B>(values.begin(), values.end()));
  check(std::vector<B>(values.begin(), values.end()), std::vector<A>(values.begin(), values.end()));
}
template <class A>
void check_with_all(const std::vector<int>& values) {
  check_both<A, float>(values);
  check_both<A, int8_t>(values);
  check_both<A, uint8_t>(values);
  check_both<A, int16_t>(values);
  check_both<A, int32_t>(values);
  check_both<A, int64_t>(values);
  const Array wide = array_of<A>({static_cast<int32_t>(values.size())},
                                 std::vector<A>(values.begin(), values.end()));
  Bytes bits;
  for (int value : values) bits.push_back(value != 0);
  expect_node(fb::CastT(), {wide}, {truths(bits)});
}

TEST(Cast, ValuesThatBothTypesHold) {
  const std::vector<int> values = {0, 1, 2, 63, 126, 127};
  check_with_all<float>(values);
  check_with_all<int8_t>(values);
  check_with_all<uint8_t>(values);
  check_with_all<int16_t>(values);
  check_with_all<int32_t>(values);
  check_with_all<int64_t>(values);
}

TEST(Cast, FloatsAreTruncatedAndSaturate) {
  const std::vector<float> in = {0.9f, -0.9f, 1.5f,      -1.5f,      127.9f, 128.0f,
                                 -129, 300,   kInfinity, -kInfinity, kNaN,   -0.0f};
  check<float, int8_t>(in, {0, 0, 1, -1, 127, 127, -128, 127, 127, -128, 0, 0});
  check<float, uint8_t>(in, {0, 0, 1, 0, 127, 128, 0, 255, 255, 0, 0, 0});
  check<float, int32_t>({2147483520.0f, 2147483648.0f, -2147483648.0f, -4e9f, 1e30f},
                        {2147483520, INT32_MAX, INT32_MIN, INT32_MIN, INT32_MAX});
  check<float, int64_t>({9223371487098961920.0f, 9223372036854775808.0f, -1e30f},
                        {9223371487098961920, INT64_MAX, INT64_MIN});
}

TEST(Cast, IntegersKeepTheirLowBits) {
  check<int32_t, int8_t>({128, -129, 255, 256, INT32_MIN}, {-128, 127, -1, 0, 0});
  check<int8_t, uint8_t>({-1, -128}, {255, 128});
  check<int64_t, int32_t>({int64_t{1} << 32, (int64_t{1} << 31)}, {0, INT32_MIN});
  check<int8_t, int64_t>({-1, -128}, {-1, -128});
}

TEST(Cast, AnyByteButZeroIsTrue) {
  expect_node(fb::CastT(), {truths({0, 1, 2, 255})}, {array_of<float>({4}, {0, 1, 1, 1})});
  expect_node(fb::CastT(), {truths({0, 1, 2, 255})}, {array_of<int32_t>({4}, {0, 1, 1, 1})});
  expect_node(fb::CastT(), {truths({0, 1, 2, 255})}, {truths({0, 1, 1, 1})});
  expect_node(fb::CastT(), {array_of<float>({4}, {0.1f, -0.0f, kNaN, -3})}, {truths({1, 0, 1, 1})});
  expect_node(fb::CastT(), {array_of<int64_t>({2}, {int64_t{1} << 40, 0})}, {truths({1, 0})});
}

TEST(Cast, TakesTheStoredIntegersOfQuantizedTensors) {
  Array in = array_of<int8_t>({3}, {-1, 0, 5});
  in.quantization = kSomeScale;
  expect_node(fb::CastT(), {in}, {array_of<float>({3}, {-1, 0, 5})});
}

TEST(Cast, OnManyThreads) {
  std::vector<int32_t> in(200000);
  std::vector<float> out(in.size());
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<int32_t>(i * 7919 % 100003);
  for (size_t i = 0; i < in.size(); ++i) out[i] = static_cast<float>(in[i]);
  check(in, out);
}

TEST(Cast, Refuses) {
  const Array half = empty_array(DType::F16, {2}), single = empty_array(DType::F32, {2});
  expect_refused(fb::CastT(), {half}, {single}, "cannot run on f16 -> f32", rt::Code::Unsupported);
  expect_refused(fb::CastT(), {single}, {half}, "cannot run on f32 -> f16", rt::Code::Unsupported);
  expect_refused(fb::CastT(), {single, single}, {single}, "has 2 inputs, takes 1 to 1");
  expect_refused(fb::CastT(), {single}, {empty_array(DType::S8, {3})}, "the model declares 3");
}

}  // namespace
}  // namespace qrt::test
