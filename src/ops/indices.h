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

}  // namespace qrt::rt
