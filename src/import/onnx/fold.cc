#include "src/import/onnx/fold.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "src/base/checked.h"

namespace qrt::import::onnx_import {
namespace {

using Kind = fb::BinaryKind;

int64_t count(const Shape& shape) {
  int64_t elements = 1;
  for (int32_t dim : shape) elements *= dim;
  return elements;
}

std::vector<int64_t> strides_of(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// Calls f with the coordinates of every element, the last axis fastest.
void for_each(const Shape& shape, const std::function<void(const std::vector<int64_t>&)>& f) {
  std::vector<int64_t> at(shape.size(), 0);
  for (int64_t n = count(shape); n > 0; --n) {
    f(at);
    for (size_t axis = shape.size(); axis-- > 0;) {
      if (++at[axis] < shape[axis]) break;
      at[axis] = 0;
    }
  }
}

// The result whose elements are those of `a` at the given places.
Numbers pick(const Numbers& a, const Shape& shape, const std::vector<int64_t>& places) {
  Numbers result{a.type, shape, {}, {}};
  for (int64_t place : places) {
    const auto i = static_cast<size_t>(place);
    if (a.is_float()) {
      result.floats.push_back(a.floats[i]);
    } else {
      result.integers.push_back(a.integers[i]);
    }
  }
  return result;
}

bool compares(Kind kind) { return kind >= Kind::Equal && kind <= Kind::GreaterEqual; }

template <class T>
bool compare(Kind kind, T a, T b) {
  switch (kind) {
    case Kind::Equal:
      return a == b;
    case Kind::NotEqual:
      return a != b;
    case Kind::Less:
      return a < b;
    case Kind::LessEqual:
      return a <= b;
    case Kind::Greater:
      return a > b;
    default:
      return a >= b;
  }
}

// False if the result does not exist or does not fit.
bool integer_binary(Kind kind, int64_t a, int64_t b, int64_t* result) {
  switch (kind) {
    case Kind::Add:
      return rt::checked_add(a, b, result);
    case Kind::Sub:
      return !__builtin_sub_overflow(a, b, result);
    case Kind::Mul:
      return rt::checked_mul(a, b, result);
    case Kind::Div:
      if (b == 0 || (b == -1 && a == std::numeric_limits<int64_t>::min())) return false;
      *result = a / b;
      return true;
    case Kind::FloorMod:
      if (b == 0 || b == -1) return false;
      *result = a % b;
      if (*result != 0 && (*result < 0) != (b < 0)) *result += b;
      return true;
    case Kind::Min:
      *result = std::min(a, b);
      return true;
    case Kind::Max:
      *result = std::max(a, b);
      return true;
    case Kind::And:
      *result = a != 0 && b != 0;
      return true;
    case Kind::Or:
      *result = a != 0 || b != 0;
      return true;
    default:
      return false;
  }
}

bool float_binary(Kind kind, float a, float b, float* result) {
  switch (kind) {
    case Kind::Add:
      *result = a + b;
      return true;
    case Kind::Sub:
      *result = a - b;
      return true;
    case Kind::Mul:
      *result = a * b;
      return true;
    case Kind::Div:
      *result = a / b;
      return true;
    case Kind::Min:
      *result = std::min(a, b);
      return true;
    case Kind::Max:
      *result = std::max(a, b);
      return true;
    case Kind::Pow:
      *result = std::pow(a, b);
      return true;
    default:
      return false;
  }
}

bool float_unary(fb::UnaryKind kind, float a, float* result) {
  switch (kind) {
    case fb::UnaryKind::Neg:
      *result = -a;
      return true;
    case fb::UnaryKind::Abs:
      *result = std::fabs(a);
      return true;
    case fb::UnaryKind::Floor:
      *result = std::floor(a);
      return true;
    case fb::UnaryKind::Ceil:
      *result = std::ceil(a);
      return true;
    case fb::UnaryKind::Round:
      *result = std::nearbyint(a);
      return true;
    case fb::UnaryKind::Sqrt:
      *result = std::sqrt(a);
      return true;
    case fb::UnaryKind::Reciprocal:
      *result = 1.0f / a;
      return true;
    default:
      return false;
  }
}

bool integer_unary(fb::UnaryKind kind, int64_t a, int64_t* result) {
  switch (kind) {
    case fb::UnaryKind::Neg:
      return !__builtin_sub_overflow(int64_t{0}, a, result);
    case fb::UnaryKind::Abs:
      return a >= 0 ? (*result = a, true) : !__builtin_sub_overflow(int64_t{0}, a, result);
    case fb::UnaryKind::Not:
      *result = a == 0;
      return true;
    default:
      return false;
  }
}

template <class T, class Combine>
std::optional<std::vector<T>> reduce(const std::vector<T>& elements,
                                     const std::vector<int64_t>& places, size_t size,
                                     const Combine& combine) {
  std::vector<T> result(size);
  std::vector<bool> started(size, false);
  for (size_t i = 0; i < elements.size(); ++i) {
    const auto place = static_cast<size_t>(places[i]);
    if (!started[place]) {
      result[place] = elements[i];
      started[place] = true;
    } else if (!combine(result[place], elements[i], &result[place])) {
      return std::nullopt;
    }
  }
  return result;
}

}  // namespace

std::optional<Numbers> fold_binary(Kind kind, const Numbers& a, const Numbers& b,
                                   const Shape& shape) {
  const Numbers x = fold_broadcast(a, shape), y = fold_broadcast(b, shape);
  Numbers result{compares(kind) ? DType::Bool : a.type, shape, {}, {}};
  for (size_t i = 0; i < x.size(); ++i) {
    if (compares(kind)) {
      result.integers.push_back(a.is_float() ? compare(kind, x.floats[i], y.floats[i])
                                             : compare(kind, x.integers[i], y.integers[i]));
    } else if (a.is_float()) {
      result.floats.emplace_back();
      if (!float_binary(kind, x.floats[i], y.floats[i], &result.floats.back())) return {};
    } else {
      result.integers.emplace_back();
      if (!integer_binary(kind, x.integers[i], y.integers[i], &result.integers.back())) return {};
    }
  }
  return result;
}

std::optional<Numbers> fold_unary(fb::UnaryKind kind, const Numbers& a) {
  Numbers result = a;
  for (float& element : result.floats) {
    if (!float_unary(kind, element, &element)) return {};
  }
  for (int64_t& element : result.integers) {
    if (!integer_unary(kind, element, &element)) return {};
  }
  return result;
}

std::optional<Numbers> fold_reduce(fb::ReduceKind kind, const Numbers& a,
                                   const std::vector<int>& axes, const Shape& shape) {
  static constexpr Kind kCombine[] = {Kind::Add, Kind::Add, Kind::Max, Kind::Min, Kind::Mul};
  if (kind == fb::ReduceKind::Mean) return {};
  const Kind combine = kCombine[static_cast<size_t>(kind)];
  // Strides of the result, 0 along the axes that are reduced.
  Shape kept = a.shape;
  for (int axis : axes) kept[static_cast<size_t>(axis)] = 1;
  std::vector<int64_t> strides = strides_of(kept), places;
  for (int axis : axes) strides[static_cast<size_t>(axis)] = 0;
  for_each(a.shape, [&](const std::vector<int64_t>& at) {
    int64_t place = 0;
    for (size_t i = 0; i < at.size(); ++i) place += at[i] * strides[i];
    places.push_back(place);
  });
  Numbers result{a.type, shape, {}, {}};
  const auto size = static_cast<size_t>(count(shape));
  const auto floats =
      reduce(a.floats, places, a.is_float() ? size : 0,
             [&](float x, float y, float* z) { return float_binary(combine, x, y, z); });
  const auto integers =
      reduce(a.integers, places, a.is_float() ? 0 : size,
             [&](int64_t x, int64_t y, int64_t* z) { return integer_binary(combine, x, y, z); });
  if (!floats || !integers) return {};
  result.floats = *floats;
  result.integers = *integers;
  return result;
}

std::optional<Numbers> fold_cast(const Numbers& a, DType type) {
  Numbers result{type, a.shape, {}, {}};
  for (size_t i = 0; i < a.size(); ++i) {
    const double element =
        a.is_float() ? static_cast<double>(a.floats[i]) : static_cast<double>(a.integers[i]);
    if (type == DType::F32) {
      result.floats.push_back(static_cast<float>(element));
    } else if (type == DType::Bool) {
      result.integers.push_back(element != 0);
    } else if (type == DType::S64 || type == DType::S32) {
      const double limit = type == DType::S64 ? 9.2e18 : 2147483647.0;
      if (!(std::fabs(element) <= limit)) {
        // INT64_MAX stands for "to the end" in slices: integers stay exact.
        if (a.is_float() || type != DType::S64) return {};
      }
      result.integers.push_back(a.is_float() ? static_cast<int64_t>(element) : a.integers[i]);
    } else {
      return {};
    }
  }
  return result;
}

Numbers fold_select(const Numbers& condition, const Numbers& a, const Numbers& b,
                    const Shape& shape) {
  const Numbers c = fold_broadcast(condition, shape);
  const Numbers x = fold_broadcast(a, shape), y = fold_broadcast(b, shape);
  Numbers result{a.type, shape, {}, {}};
  for (size_t i = 0; i < c.size(); ++i) {
    const Numbers& from = c.integers[i] != 0 ? x : y;
    if (a.is_float()) {
      result.floats.push_back(from.floats[i]);
    } else {
      result.integers.push_back(from.integers[i]);
    }
  }
  return result;
}

Numbers fold_broadcast(const Numbers& a, const Shape& shape) {
  if (a.shape == shape) return a;
  std::vector<int64_t> strides = strides_of(a.shape), places;
  const size_t missing = shape.size() - a.shape.size();
  for_each(shape, [&](const std::vector<int64_t>& at) {
    int64_t place = 0;
    for (size_t i = 0; i < a.shape.size(); ++i) {
      if (a.shape[i] != 1) place += at[i + missing] * strides[i];
    }
    places.push_back(place);
  });
  return pick(a, shape, places);
}

Numbers fold_gather(const Numbers& data, int axis, const Numbers& indices, const Shape& shape) {
  const auto k = static_cast<size_t>(axis);
  const std::vector<int64_t> strides = strides_of(data.shape);
  const std::vector<int64_t> index_strides = strides_of(indices.shape);
  const size_t index_rank = indices.shape.size();
  std::vector<int64_t> places;
  for_each(shape, [&](const std::vector<int64_t>& at) {
    int64_t place = 0, index = 0;
    for (size_t i = 0; i < k; ++i) place += at[i] * strides[i];
    for (size_t i = 0; i < index_rank; ++i) index += at[k + i] * index_strides[i];
    place += indices.integers[static_cast<size_t>(index)] * strides[k];
    for (size_t i = k + 1; i < data.shape.size(); ++i) {
      place += at[i - 1 + index_rank] * strides[i];
    }
    places.push_back(place);
  });
  return pick(data, shape, places);
}

Numbers fold_slice(const Numbers& a, const std::vector<int64_t>& begins,
                   const std::vector<int64_t>& steps, const Shape& shape) {
  const std::vector<int64_t> strides = strides_of(a.shape);
  std::vector<int64_t> places;
  for_each(shape, [&](const std::vector<int64_t>& at) {
    int64_t place = 0;
    for (size_t i = 0; i < at.size(); ++i) place += (begins[i] + at[i] * steps[i]) * strides[i];
    places.push_back(place);
  });
  return pick(a, shape, places);
}

Numbers fold_concat(const std::vector<Numbers>& parts, int axis, const Shape& shape) {
  Numbers result{parts.front().type, shape, {}, {}};
  int64_t outer = 1;
  for (size_t i = 0; i < static_cast<size_t>(axis); ++i) outer *= shape[i];
  for (int64_t o = 0; o < outer; ++o) {
    for (const Numbers& part : parts) {
      const auto run = static_cast<std::ptrdiff_t>(part.size()) / outer;
      const auto from = o * run, to = from + run;
      if (part.is_float()) {
        result.floats.insert(result.floats.end(), part.floats.begin() + from,
                             part.floats.begin() + to);
      } else {
        result.integers.insert(result.integers.end(), part.integers.begin() + from,
                               part.integers.begin() + to);
      }
    }
  }
  return result;
}

}  // namespace qrt::import::onnx_import
