// Indices that are data, not attributes: how the Gather and Scatter operators read them. Those of a
// constant are checked when a Program is built. Those that a run computes cannot be refused, so
// they are clamped: an index out of range reads the nearest element, never other memory.
#pragma once

#include <algorithm>
#include <cstdint>

#include "src/ops/strided.h"

namespace qrt::rt {

// Negative indices count from the end, as in ONNX.
inline int64_t clamp_index(int64_t index, int64_t dim) {
  return std::clamp<int64_t>(index < 0 ? index + dim : index, 0, dim - 1);
}

// Calls body with a zero of the type that indices have, s32 or s64.
template <class Body>
void with_index_type(const Tensor& indices, const Body& body) {
  if (indices.type == DType::S32) {
    body(int32_t{0});
  } else {
    body(int64_t{0});
  }
}

// Indices of single elements of data, each at its own place but for one axis.
struct ElementPlaces {
  StridedLoop<2> loop;          // over the indices: 0: where the data's axis begins, 1: the index
  int64_t dim = 0, stride = 0;  // of the data's axis

  ElementPlaces() = default;
  ElementPlaces(const Shape& data, const Shape& indices, int32_t given_axis) {
    int axis;
    (void)resolve_axis(given_axis, data.rank(), &axis);
    int64_t from[kMaxRank], at[kMaxRank];
    dense_strides(data, from);
    dense_strides(indices, at);
    dim = data[axis];
    stride = from[axis];
    for (int i = 0; i < indices.rank(); ++i) loop.add(indices[i], {i == axis ? 0 : from[i], at[i]});
  }

  // Calls body(number of the index, place in the data) for the indices [begin, end), in order.
  template <class Index, class Body>
  void walk(const Index* indices, int64_t begin, int64_t end, const Body& body) const {
    if (begin >= end) return;
    loop.walk(begin, end, [&](const StridedLoop<2>::Strides& at) {
      body(at[1], at[0] + clamp_index(indices[at[1]], dim) * stride);
    });
  }
};

}  // namespace qrt::rt
