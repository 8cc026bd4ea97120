// Facts about element types: sizes, names, C++ types, ranges of quantized values.
#pragma once

#include <cstddef>
#include <cstdint>

#include "src/base/small_float.h"

namespace qrt::rt {

// As in the .qrt format and in qrt.h, where the same names have the same numbers.
enum class DType : uint8_t { F32, F16, S8, U8, S16, S32, S64, Bool, S4, F64, BF16 };

// S4 is packed two elements a byte, the lower half first.
inline size_t dtype_bits(DType type) {
  switch (type) {
    case DType::F32:
    case DType::S32:
      return 32;
    case DType::F16:
    case DType::BF16:
    case DType::S16:
      return 16;
    case DType::S64:
    case DType::F64:
      return 64;
    case DType::S8:
    case DType::U8:
    case DType::Bool:
      return 8;
    case DType::S4:
      return 4;
  }
  return 0;  // not a member: the verifier refuses it
}

// Whole bytes an element; not for S4.
inline size_t dtype_bytes(DType type) { return dtype_bits(type) / 8; }

// "f32", "s8", ...
const char* dtype_name(DType type);

inline bool dtype_valid(DType type) { return dtype_bits(type) != 0; }

// Integer range of the types that may carry a quantization.
struct IntRange {
  int32_t min, max;
};
inline bool quantized_range(DType type, IntRange* range) {
  switch (type) {
    case DType::S8:
      *range = {-128, 127};
      return true;
    case DType::U8:
      *range = {0, 255};
      return true;
    case DType::S16:
      *range = {-32768, 32767};
      return true;
    case DType::S32:
      *range = {INT32_MIN, INT32_MAX};
      return true;
    case DType::S4:
      *range = {-8, 7};
      return true;
    default:
      return false;
  }
}

// An element of a Bool tensor: any byte, of which all but 0 are true. Files and callers may give
// any; C++'s bool must hold 0 or 1, so memory of tensors is never read as one.
enum class Truth : uint8_t { No = 0, Yes = 1 };
inline bool is_true(Truth t) { return t != Truth::No; }
inline Truth truth_of(bool t) { return t ? Truth::Yes : Truth::No; }

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::F32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::F64;
};
template <>
struct DTypeOf<Half> {
  static constexpr DType value = DType::F16;
};
template <>
struct DTypeOf<BFloat16> {
  static constexpr DType value = DType::BF16;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr DType value = DType::S8;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::U8;
};
template <>
struct DTypeOf<int16_t> {
  static constexpr DType value = DType::S16;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::S32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::S64;
};
template <>
struct DTypeOf<Truth> {
  static constexpr DType value = DType::Bool;
};

}  // namespace qrt::rt
