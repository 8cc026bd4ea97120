#include "kernels/function_f32/functions.h"

namespace qrt::kernels {
namespace {

struct Scalar {
  using V = float;
  static constexpr size_t lanes = 1;

  static QRT_INLINE V broadcast(float x) { return x; }
  static QRT_INLINE V load(const float* p) { return *p; }
  static QRT_INLINE void store(float* p, V x) { *p = x; }
  // The second where one is not a number.
  static QRT_INLINE V max(V a, V b) { return a > b ? a : b; }
  static QRT_INLINE V min(V a, V b) { return a < b ? a : b; }
  static QRT_INLINE V where_less(V a, V b, V yes, V no) { return a < b ? yes : no; }
  static QRT_INLINE V absolute(V x) { return from_bits(bits(x) & 0x7fffffffu); }
  // x >= 0 with the sign of y.
  static QRT_INLINE V with_sign(V x, V y) { return from_bits(bits(x) | (bits(y) & 0x80000000u)); }
  // x * 2^n, in two steps, so that neither leaves the range of floats; 1.5 * 2^23 + n is given.
  static QRT_INLINE V scaled(V x, V shifted) {
    const int32_t n = static_cast<int32_t>(bits(shifted) - 0x4b400000u), half = n >> 1;
    return x * power(half) * power(n - half);
  }

 private:
  static QRT_INLINE uint32_t bits(float x) {
    uint32_t y;
    memcpy(&y, &x, sizeof(y));
    return y;
  }
  static QRT_INLINE float from_bits(uint32_t x) {
    float y;
    memcpy(&y, &x, sizeof(y));
    return y;
  }
  static QRT_INLINE float power(int32_t n) {
    return from_bits((static_cast<uint32_t>(n) + 127u) << 23);
  }
};

}  // namespace

extern const FunctionF32Kernel kFunctionF32Scalar;
const FunctionF32Kernel kFunctionF32Scalar =
    Functions<Scalar>::row("f32_function__scalar", QRT_SET_SCALAR, 0);

}  // namespace qrt::kernels
