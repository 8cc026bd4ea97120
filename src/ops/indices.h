// Indices that are data, not attributes: how Gather and GatherNd read them. Those of a constant are
// checked when a Program is built. Those that a run computes cannot be refused, so they are
// clamped: an index out of range reads the nearest element, never other memory.
#pragma once

#include <algorithm>
#include <cstdint>

#include "src/ops/common.h"

namespace qrt::rt {

// Negative indices count from the end, as in ONNX.
inline int64_t clamp_index(int64_t index, int64_t dim) {
  return std::clamp<int64_t>(index < 0 ? index + dim : index, 0, dim - 1);
}

// Input i holds s32 or s64.
inline Status check_index_type(const Node& node, size_t i) {
  const DType type = node.input(i).type;
  if (type == DType::S32 || type == DType::S64) return {};
  return node.fail(Code::InvalidModel, "its indices are of type %s, not s32 or s64",
                   dtype_name(type));
}

// Each element e of input i, if that is a constant, is an index into an axis of dim(e) elements.
template <class Dim>
Status check_constant_indices(const Node& node, size_t i, const Dim& dim) {
  const Tensor& indices = node.input(i);
  if (!indices.constant) return {};
  for (int64_t e = 0; e < indices.shape.elements(); ++e) {
    const int64_t index =
        indices.type == DType::S32 ? int64_t{indices.as<int32_t>()[e]} : indices.as<int64_t>()[e];
    const int64_t size = dim(e);
    if (index < -size || index >= size) {
      return node.fail(Code::InvalidModel, "its index %lld is outside an axis of %lld elements",
                       static_cast<long long>(index), static_cast<long long>(size));
    }
  }
  return {};
}

}  // namespace qrt::rt
