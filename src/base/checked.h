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

// alignment is a power of two.
inline constexpr size_t align_up(size_t value, size_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

template <class T>
inline constexpr T ceil_div(T a, T b) {
  return (a + b - 1) / b;
}

}  // namespace qrt::rt
