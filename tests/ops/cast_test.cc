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

// By all values in order: those of 16 bits are exact in a float, and what lies half way between two
// goes to the even one.
template <class Small>
void check_small_floats(uint16_t infinity) {
  std::vector<Small> in, back;
  std::vector<double> out;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    if ((bits & 0x7FFF) > infinity) continue;
    in.push_back(Small::of_bits(static_cast<uint16_t>(bits)));
    out.push_back(static_cast<double>(in.back()));
  }
  check(in, out);
  check(out, in);
  std::vector<float> floats(out.begin(), out.end());
  check(in, floats);
  check(floats, in);
  // Positive ones follow each other by their bits.
  std::vector<double> between;
  for (uint16_t bits = 0; bits + 1 < infinity; ++bits) {
    const auto low = static_cast<double>(Small::of_bits(bits));
    const auto high = static_cast<double>(Small::of_bits(static_cast<uint16_t>(bits + 1)));
    EXPECT_LT(low, high);
    const double middle = (low + high) / 2;
    const auto even = static_cast<uint16_t>(bits + bits % 2);
    for (const auto& [value, nearest] :
         {std::pair(middle, even), std::pair(std::nextafter(middle, 0), bits),
          std::pair(std::nextafter(middle, high), static_cast<uint16_t>(bits + 1))}) {
      between.push_back(value);
      back.push_back(Small::of_bits(nearest));
      between.push_back(-value);
      back.push_back(Small::of_bits(static_cast<uint16_t>(nearest | 0x8000)));
    }
  }
  check(between, back);
}

TEST(Cast, FloatsOf16BitsAreRoundedOnceHalfToEven) {
  check_small_floats<rt::Half>(0x7C00);
  check_small_floats<rt::BFloat16>(0x7F80);
  EXPECT_EQ(rt::Half(1.0).bits, 0x3C00);
  EXPECT_EQ(rt::Half(65504.0).bits, 0x7BFF);
  EXPECT_EQ(rt::Half(-0x1p-24).bits, 0x8001);
  EXPECT_EQ(rt::BFloat16(1.0).bits, 0x3F80);
  EXPECT_EQ(rt::BFloat16(-0x1.fep127).bits, 0xFF7F);
  EXPECT_EQ(rt::BFloat16(0x1p-133).bits, 0x0001);
  for (double huge : {65520.0, 1e9, 1e300}) EXPECT_EQ(rt::Half(huge).bits, 0x7C00) << huge;
  for (double huge : {0x1.ffp127, 1e300}) EXPECT_EQ(rt::BFloat16(-huge).bits, 0xFF80) << huge;
  EXPECT_EQ(rt::Half(65519.0).bits, 0x7BFF);
  const double nan = std::nan("");
  EXPECT_TRUE(std::isnan(static_cast<float>(rt::Half(nan))));
  EXPECT_TRUE(std::isnan(static_cast<float>(rt::BFloat16(nan))));
  check<rt::Half, int8_t>({rt::Half(1.5), rt::Half(-300.0), rt::Half(nan)}, {1, -128, 0});
  check<int64_t, rt::BFloat16>({1, -3, 1000},
                               {rt::BFloat16(1.0), rt::BFloat16(-3.0), rt::BFloat16(1000.0)});
  expect_node(
      fb::CastT(),
      {array_of({3}, std::vector<rt::Half>{rt::Half(0.0), rt::Half(-0.0), rt::Half(0x1p-24)})},
      {truths({0, 0, 1})});
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
  const Array single = empty_array(DType::F32, {2});
  Array nibbles = empty_array(DType::S4, {2});
  nibbles.bytes.resize(1);
  expect_refused(fb::CastT(), {nibbles}, {single}, "cannot run on s4", rt::Code::Unsupported);
  expect_refused(fb::CastT(), {single}, {nibbles}, "cannot run on f32 -> s4",
                 rt::Code::Unsupported);
  expect_refused(fb::CastT(), {single, single}, {single}, "has 2 inputs, takes 1 to 1");
  expect_refused(fb::CastT(), {single}, {empty_array(DType::S8, {3})}, "the model declares 3");
}

}  // namespace
}  // namespace qrt::test
