// Floating point numbers of 16 bits: IEEE 754's half precision, and bfloat16, the upper half of a
// float. They are stored; what computes converts them. To a small float numbers are rounded once,
// half to even; what is too large becomes infinite.
#pragma once

#include <cstdint>
#include <cstring>

namespace qrt::rt {

// A number of 1 sign bit, kExponent bits of exponent and kFraction of fraction.
template <int kExponent, int kFraction>
struct SmallFloat {
  static_assert(1 + kExponent + kFraction == 16);

  uint16_t bits = 0;

  SmallFloat() = default;
  explicit SmallFloat(double value) : bits(narrowed(value)) {}
  static SmallFloat of_bits(uint16_t bits) {
    SmallFloat result;
    result.bits = bits;
    return result;
  }
  // Exact, in either.
  explicit operator double() const {
    const uint64_t sign = uint64_t{bits} >> 15 << 63;
    const int exponent = bits >> kFraction & kLargestExponent;
    const uint64_t fraction = bits & kFractionMask;
    uint64_t wide;
    if (exponent == kLargestExponent) {
      wide = uint64_t{0x7FF} << 52 | fraction << (52 - kFraction);
    } else if (exponent != 0) {
      wide = static_cast<uint64_t>(exponent - kBias + 1023) << 52 | fraction << (52 - kFraction);
    } else {
      // In units of the smallest subnormal, a power of two.
      const double unit = of(static_cast<uint64_t>(1 - kBias - kFraction + 1023) << 52);
      const double magnitude = static_cast<double>(fraction) * unit;
      std::memcpy(&wide, &magnitude, sizeof wide);
    }
    return of(wide | sign);
  }
  explicit operator float() const { return static_cast<float>(static_cast<double>(*this)); }

 private:
  static constexpr int kLargestExponent = (1 << kExponent) - 1;
  static constexpr int kBias = kLargestExponent / 2;
  static constexpr uint64_t kFractionMask = (uint64_t{1} << kFraction) - 1;
  static constexpr uint16_t kInfinity = kLargestExponent << kFraction;

  static double of(uint64_t wide) {
    double value;
    std::memcpy(&value, &wide, sizeof value);
    return value;
  }

  static uint16_t narrowed(double value) {
    uint64_t wide;
    std::memcpy(&wide, &value, sizeof wide);
    const auto sign = static_cast<uint16_t>(wide >> 63 << 15);
    const int exponent = static_cast<int>(wide >> 52 & 0x7FF) - 1023;
    const uint64_t fraction = wide & ((uint64_t{1} << 52) - 1);
    if (exponent == 1024) {  // infinite, or no number
      const int quiet = fraction != 0 ? 1 << (kFraction - 1) : 0;
      return static_cast<uint16_t>(sign | kInfinity | quiet);
    }
    // Fewer bits are left of what lies below the smallest normal number.
    const int below = exponent < 1 - kBias ? 1 - kBias - exponent : 0;
    const int shift = 52 - kFraction + below;
    if (shift > 53) return sign;
    const uint64_t mantissa = fraction | uint64_t{1} << 52;
    const uint64_t half = uint64_t{1} << (shift - 1), rest = mantissa & ((half << 1) - 1);
    uint64_t units = mantissa >> shift;
    if (rest > half || (rest == half && (units & 1) != 0)) ++units;
    // The leading bit of a normal number's units carries into the exponent, as it should.
    if (below == 0) units += static_cast<uint64_t>(exponent - (1 - kBias)) << kFraction;
    return static_cast<uint16_t>(sign | (units < kInfinity ? units : kInfinity));
  }
};

using Half = SmallFloat<5, 10>;
using BFloat16 = SmallFloat<8, 7>;

}  // namespace qrt::rt
