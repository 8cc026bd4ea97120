#include "src/runtime/real_zero.h"

#include <cstring>

#include "src/runtime/storage.h"

namespace qrt::rt {
namespace {

// Calls visit(element, zero point) for every element, in order.
template <class Visit>
void for_each_zero_point(const Quantization& q, const Shape& shape, const Visit& visit) {
  const auto count = static_cast<size_t>(shape.elements());
  if (q.per_tensor()) {
    const int32_t zero_point = q.zero_point();
    for (size_t i = 0; i < count; ++i) visit(i, zero_point);
    return;
  }
  // [outer][axis][inner]: along the axis, a scale for every index or for every `block` of them.
  const auto dim = static_cast<size_t>(shape[q.axis]);
  const auto inner = static_cast<size_t>(shape.elements(q.axis + 1, shape.rank()));
  const size_t block = q.block == 0 ? 1 : static_cast<size_t>(q.block);
  for (size_t i = 0; i < count; ++i) {
    const size_t index = i / inner % dim, outer = i / inner / dim;
    const size_t scale =
        q.block == 0 ? index
                     : (outer * ((dim + block - 1) / block) + index / block) * inner + i % inner;
    visit(i, q.zero_point(scale));
  }
}

template <class T>
void fill(const Quantization& q, const Shape& shape, void* memory) {
  T* elements = static_cast<T*>(memory);
  for_each_zero_point(
      q, shape, [&](size_t i, int32_t zero_point) { elements[i] = static_cast<T>(zero_point); });
}

}  // namespace

void fill_with_real_zero(const Tensor& tensor, const Shape& shape, void* memory) {
  const Quantization& q = tensor.quantization;
  std::memset(memory, 0, bytes_of(tensor, shape));
  if (!q.present() || q.zero_points.empty()) return;
  switch (tensor.type) {
    case DType::S8:
      return fill<int8_t>(q, shape, memory);
    case DType::U8:
      return fill<uint8_t>(q, shape, memory);
    case DType::S16:
      return fill<int16_t>(q, shape, memory);
    case DType::S32:
      return fill<int32_t>(q, shape, memory);
    case DType::S4:
      return for_each_zero_point(q, shape, [&](size_t i, int32_t zero_point) {
        const int nibble = (zero_point & 15) << (i % 2 * 4);
        static_cast<uint8_t*>(memory)[i / 2] |= static_cast<uint8_t>(nibble);
      });
    default:  // types that are never quantized
      return;
  }
}

}  // namespace qrt::rt
