// The numerics of s16 that schema/README.md promises, in plain words, for sums below 2^32.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace oracle {

// a / 2^bits: halves up, or away from zero.
inline int64_t half_up(int64_t a, int bits) {
  const auto unit = static_cast<int64_t>(uint64_t{1} << bits);
  const int64_t rest = ((a % unit) + unit) % unit, whole = (a - rest) / unit;
  return whole + (rest >= unit / 2 ? 1 : 0);
}
inline int64_t half_away(int64_t a, int bits) {
  return a < 0 ? -half_up(-a, bits) : half_up(a, bits);
}

// A positive number as 31 bits over a power of two.
struct Factor {
  int64_t mantissa = 0;
  int bits = 31;

  explicit Factor(double real) {
    if (real == 0) return;
    for (; real >= 1; real /= 2) --bits;
    for (; real < 0.5; real *= 2) ++bits;
    mantissa = static_cast<int64_t>(std::floor(real * 2147483648.0 + 0.5));
    if (mantissa == int64_t{1} << 31) mantissa /= 2, --bits;
    if (bits > 62) mantissa = 0, bits = 31;
  }
  // 15 bits of them.
  Factor fifteen() const {
    Factor less = *this;
    less.mantissa = std::min<int64_t>(half_up(mantissa, 16), 32767) << 16;
    return less;
  }
};

inline double clamp16(int64_t q, double min = -32768, double max = 32767) {
  return std::clamp(static_cast<double>(q), min, max);
}

// What sums of products come to.
inline int64_t scale_sum(int64_t sum, const Factor& factor) {
  return half_up(sum * factor.mantissa, factor.bits);
}
// What elements come to: below a half, 31 bits and the power of two are rounded one after the
// other.
inline int64_t scale_element(int64_t x, const Factor& factor) {
  if (factor.bits <= 31) return half_up(x * factor.mantissa, factor.bits);
  const int64_t once = half_up(x * factor.mantissa, 31);
  return half_away(once, factor.bits - 31);
}

// Tables of 513 entries over all s16 values, and the value at q.
template <class T, class Function>
std::vector<int64_t> table16(T in_scale, T zero_point, T out_scale, const Function& f) {
  const T low = in_scale * (T(-32768) - zero_point), high = in_scale * (T(32767) - zero_point);
  const T width = (high - low) / T(512);
  const T steps = T(65536) / (out_scale * T(32767) - out_scale * T(-32768));
  std::vector<int64_t> table;
  for (int i = 0; i < 512; ++i) {
    const T at = low + T(i) * width, after = low + T(i + 1) * width;
    const T value = std::round(f(at) * steps);
    const T drawn = std::round((f(after) * steps + value) / T(2));
    const T off = drawn - std::round(f(at + width / T(2)) * steps);
    const T entry = value - std::round(off / T(2));
    table.push_back(static_cast<int64_t>(std::clamp(entry, T(-32768), T(32767))));
  }
  const T last = std::round(f(high) * steps);
  table.push_back(static_cast<int64_t>(std::clamp(last, T(-32768), T(32767))));
  return table;
}
inline int64_t look_up16(const std::vector<int64_t>& table, int64_t q) {
  const auto index = static_cast<size_t>((q + 32768) / 128);
  const int64_t rest = (q + 32768) % 128;
  return table[index] + half_up((table[index + 1] - table[index]) * rest, 7);
}

}  // namespace oracle
