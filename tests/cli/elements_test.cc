// Numbers into elements and back, as the tool feeds and shows them.
#include "src/cli/elements.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace qrt::cli {
namespace {

using rt::DType;

rt::Tensor quantized(DType type, const float& scale, const int32_t& zero_point) {
  rt::Tensor tensor;
  tensor.type = type;
  tensor.quantization.scales = {&scale, 1};
  tensor.quantization.zero_points = {&zero_point, 1};
  return tensor;
}

template <class T>
std::vector<T> encoded(const rt::Tensor& tensor, const std::vector<float>& reals) {
  std::vector<uint8_t> bytes;
  const rt::Status status = encode(tensor, reals, &bytes);
  EXPECT_TRUE(status.ok()) << status.message();
  std::vector<T> elements(bytes.size() / sizeof(T));
  std::memcpy(elements.data(), bytes.data(), bytes.size());
  return elements;
}

TEST(Elements, QuantizesToNearestEvenAndClamps) {
  const float scale = 0.5F;
  const int32_t zero_point = -3;
  const rt::Tensor s8 = quantized(DType::S8, scale, zero_point);
  EXPECT_EQ(encoded<int8_t>(s8, {0, 0.25F, 0.75F, -0.25F, 1e30F, -INFINITY}),
            (std::vector<int8_t>{-3, -3, -1, -3, 127, -128}));
  const int32_t middle = 128;
  EXPECT_EQ(encoded<uint8_t>(quantized(DType::U8, scale, middle), {0, 1, -100}),
            (std::vector<uint8_t>{128, 130, 0}));
  EXPECT_EQ(encoded<int16_t>(quantized(DType::S16, scale, zero_point), {1e9F, 2}),
            (std::vector<int16_t>{32767, 1}));
}

TEST(Elements, RefusesNotANumberForIntegers) {
  const float scale = 1;
  const int32_t zero_point = 0;
  std::vector<uint8_t> bytes;
  EXPECT_FALSE(encode(quantized(DType::S8, scale, zero_point), {0, NAN}, &bytes).ok());
  EXPECT_TRUE(std::isnan(encoded<float>(rt::Tensor(), {NAN})[0]));
}

TEST(Elements, DecodesWhatItEncodes) {
  const float scale = 0.25F;
  const int32_t zero_point = 7;
  for (DType type : {DType::S8, DType::U8, DType::S16, DType::S32}) {
    const rt::Tensor tensor = quantized(type, scale, zero_point);
    std::vector<uint8_t> bytes;
    ASSERT_TRUE(encode(tensor, {0, 0.5F, 2.25F}, &bytes).ok());
    EXPECT_EQ(decode(tensor, bytes.data(), 3), (std::vector<double>{0, 0.5, 2.25}));
  }
}

TEST(Elements, EveryHalfSurvivesTheWayThroughFloat) {
  rt::Tensor half;
  half.type = DType::F16;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto value = static_cast<uint16_t>(bits);
    const double real = decode(half, &value, 1)[0];
    if (std::isnan(real)) continue;
    EXPECT_EQ(encoded<uint16_t>(half, {static_cast<float>(real)})[0], value) << real;
  }
}

TEST(Elements, HalvesRoundToNearestEven) {
  rt::Tensor half;
  half.type = DType::F16;
  // One unit in the last place above 1 is 2^-10; ties go to the even one.
  EXPECT_EQ(encoded<uint16_t>(half, {1 + 0x1p-11F, 1 + 3 * 0x1p-11F, 65519, 65520, 0x1p-25F}),
            (std::vector<uint16_t>{0x3C00, 0x3C02, 0x7BFF, 0x7C00, 0}));
}

TEST(Elements, UnpacksNibbles) {
  rt::Tensor s4;
  s4.type = DType::S4;
  const uint8_t bytes[] = {0x8F, 0x07};
  EXPECT_EQ(decode(s4, bytes, 3), (std::vector<double>{-1, -8, 7}));
  EXPECT_EQ(bytes_for(DType::S4, 3), 2u);
}

}  // namespace
}  // namespace qrt::cli
