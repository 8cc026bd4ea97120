#include "src/ops/scatter.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace qrt::rt {
namespace {

using Reduction = fb::ScatterReduction;

// Integers wrap around.
template <Reduction kReduction, class T>
T combined(T old, T update) {
  if constexpr (std::is_same_v<T, bool>) {
    constexpr bool kOr = kReduction == Reduction::Add || kReduction == Reduction::Max;
    return kOr ? old || update : old && update;
  } else if constexpr (kReduction == Reduction::Max) {
    return std::max(old, update);
  } else if constexpr (kReduction == Reduction::Min) {
    return std::min(old, update);
  } else if constexpr (std::is_integral_v<T>) {
    const auto a = static_cast<uint64_t>(old), b = static_cast<uint64_t>(update);
    return static_cast<T>(kReduction == Reduction::Add ? a + b : a * b);
  } else {
    return kReduction == Reduction::Add ? old + update : old * update;
  }
}

template <Reduction kReduction, class T>
void combine(uint8_t* to, const uint8_t* from, int64_t n) {
  if constexpr (std::is_same_v<T, bool>) {
    for (int64_t i = 0; i < n; ++i) to[i] = combined<kReduction, bool>(to[i] != 0, from[i] != 0);
  } else {
    T* old = reinterpret_cast<T*>(to);
    const T* updates = reinterpret_cast<const T*>(from);
    for (int64_t i = 0; i < n; ++i) old[i] = combined<kReduction>(old[i], updates[i]);
  }
}

template <size_t kBytes>
void replace(uint8_t* to, const uint8_t* from, int64_t n) {
  std::memcpy(to, from, static_cast<size_t>(n) * kBytes);
}

CombineElements choose_replace(size_t bytes) {
  return bytes == 1 ? replace<1> : bytes == 2 ? replace<2> : bytes == 4 ? replace<4> : replace<8>;
}

template <Reduction kReduction>
CombineElements choose_combine(DType type) {
  switch (type) {
    case DType::S8:
      return combine<kReduction, int8_t>;
    case DType::U8:
      return combine<kReduction, uint8_t>;
    case DType::S16:
      return combine<kReduction, int16_t>;
    case DType::S32:
      return combine<kReduction, int32_t>;
    case DType::S64:
      return combine<kReduction, int64_t>;
    case DType::Bool:
      return combine<kReduction, bool>;
    default:
      return combine<kReduction, float>;
  }
}

}  // namespace

CombineElements choose_combine(Reduction reduction, DType type) {
  switch (reduction) {
    case Reduction::Add:
      return choose_combine<Reduction::Add>(type);
    case Reduction::Mul:
      return choose_combine<Reduction::Mul>(type);
    case Reduction::Max:
      return choose_combine<Reduction::Max>(type);
    case Reduction::Min:
      return choose_combine<Reduction::Min>(type);
    default:
      return choose_replace(dtype_bytes(type));
  }
}

void copy_data(const RunContext& ctx, size_t bytes) {
  const uint8_t* from = ctx.in<uint8_t>(0);
  uint8_t* to = ctx.out<uint8_t>();
  if (from == to) return;
  ctx.pool.parallel_for(bytes, 1, [&](size_t begin, size_t end, size_t) {
    std::memcpy(to + begin, from + begin, end - begin);
  });
}

}  // namespace qrt::rt
