// What a Slice takes of one axis: for its shape, and for copying.
#pragma once

#include <algorithm>

#include "qrt_generated.h"

namespace qrt::rt {

// In 64 bits: the attributes are any 32-bit numbers.
struct SliceAxis {
  int64_t first, stride;
  int64_t count;  // 0 or more; -1 if the one element of an axis to be dropped is out of range
};

// Of `dim` elements along axis i, from `begin` to `end`. The stride is not 0.
inline SliceAxis slice_axis(const fb::Slice& slice, unsigned i, int64_t dim, int64_t begin,
                            int64_t end) {
  const auto bit = [i](uint32_t mask) { return (mask >> i & 1u) != 0; };
  const int64_t stride = slice.strides()->Get(i);
  const int64_t from = begin < 0 ? begin + dim : begin;
  if (bit(slice.shrink_mask())) return {from, 1, from >= 0 && from < dim ? 1 : -1};
  // Backwards, the end just before the beginning is -1.
  const int64_t low = stride > 0 ? 0 : -1, high = stride > 0 ? dim : dim - 1;
  const int64_t to = end < 0 ? end + dim : end;
  const int64_t first =
      bit(slice.begin_mask()) ? (stride > 0 ? low : high) : std::clamp(from, low, high);
  const int64_t last =
      bit(slice.end_mask()) ? (stride > 0 ? high : low) : std::clamp(to, low, high);
  const int64_t sign = stride > 0 ? 1 : -1;
  return {first, stride, std::max<int64_t>((last - first + stride - sign) / stride, 0)};
}

inline SliceAxis slice_axis(const fb::Slice& slice, unsigned i, int64_t dim) {
  return slice_axis(slice, i, dim, slice.begins()->Get(i), slice.ends()->Get(i));
}

}  // namespace qrt::rt
