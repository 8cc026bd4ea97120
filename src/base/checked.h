// Integer arithmetic on numbers from untrusted files: every operation says whether it overflowed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace qrt::rt {

// *out = a op b; false, with *out unspecified, if the result does not fit.
template <class T>
[[nodiscard]] inline bool checked_add(T a, T b, T* out) {
  return !__builtin_add_overflow(a, b, out);
}
template <class T>
[[nodiscard]] inline bool checked_mul(T a, T b, T* out) {
  return !__builtin_mul_overflow(a, b, out);
}

// alignment is a power of two. 64 bits stay 64 bits where size_t has fewer.
template <class T>
inline constexpr T align_up(T value, size_t alignment) {
  return (value + static_cast<T>(alignment) - 1) & ~(static_cast<T>(alignment) - 1);
}

// The product of sizes, in 64 bits on every CPU, or kTooMuch: more than any memory, yet so little
// that it may be rounded up and a few may be added. For numbers of bytes and operations that depend
// on a file, to which a limit is applied afterwards.
inline constexpr uint64_t kTooMuch = uint64_t{1} << 60;
template <class... Sizes>
[[nodiscard]] inline uint64_t size_product(Sizes... sizes) {
  uint64_t product = 1;
  bool fits = true, zero = false;
  const auto multiply = [&](uint64_t size) {
    zero = zero || size == 0;
    fits = fits && checked_mul(product, size, &product) && product < kTooMuch;
  };
  (multiply(static_cast<uint64_t>(sizes)), ...);
  return zero ? 0 : fits ? product : kTooMuch;
}

template <class T>
inline constexpr T ceil_div(T a, T b) {
  return (a + b - 1) / b;
}

}  // namespace qrt::rt
