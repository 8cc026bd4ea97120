// What ScatterNd and ScatterElements have in common: the output begins as the data, and elements of
// it are combined with updates.
#pragma once

#include "src/ops/common.h"
#include "src/runtime/op_kernel.h"

namespace qrt::rt {

// Updates `n` elements from `to` on with those from `from` on.
using CombineElements = void (*)(uint8_t* to, const uint8_t* from, int64_t n);

// For elements of this type; the signatures name those that there are.
CombineElements choose_combine(fb::ScatterReduction reduction, DType type);

// Output 0 becomes a copy of input 0, unless it is written over it.
void copy_data(const RunContext& ctx, size_t bytes);

}  // namespace qrt::rt
