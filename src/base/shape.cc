#include "src/base/shape.h"

#include "src/base/checked.h"

namespace qrt::rt {

std::string Shape::str() const {
  if (rank_ == 0) return "scalar";
  std::string text;
  for (int i = 0; i < rank_; ++i) {
    if (i > 0) text += 'x';
    text += dims_[i] < 0 ? "?" : std::to_string(dims_[i]);
  }
  return text;
}

bool checked_bytes(const Shape& shape, size_t element_bits, uint64_t limit, uint64_t* bytes) {
  uint64_t bits = element_bits;
  for (int32_t dim : shape) {
    if (dim < 0 || !checked_mul<uint64_t>(bits, static_cast<uint64_t>(dim), &bits)) return false;
  }
  *bytes = bits / 8 + (bits % 8 != 0);
  return *bytes <= limit;
}

}  // namespace qrt::rt
