#include "src/ops/packed_gemm.h"

namespace qrt::rt {

Status PackedGemm::pack(const Node& node, const kernels::GemmS8Kernel& row,
                        const QuantizedWeights& weights, size_t groups, size_t taps,
                        bool single_row, WeightStore& store) {
  const size_t n = weights.outputs() / groups, k = weights.depth() / taps;
  const uint64_t group_bytes = align_up(row.packed_bytes(n, taps, k), kAlignment);
  const uint64_t bytes = size_product(group_bytes, groups);
  PackKey key = weights.key(row.name, kernels::kGemmS8Layout);
  for (const size_t size : {groups, taps, size_t{single_row}}) key.sizes.push_back(size);
  QRT_ASSIGN_OR_RETURN(packed_, store.get(node, key, bytes, [&](uint8_t* to) {
    for (size_t g = 0; g < groups; ++g) {
      const WeightArrays w = weights.from(g * n);
      row.pack(
          {n, taps, k, w.w, w.bias, w.a_zero_point, w.w_zero_points, w.multipliers, single_row},
          to + g * group_bytes);
    }
  }));
  // There is memory for it: these fit.
  group_bytes_ = static_cast<size_t>(group_bytes);
  bytes_ = static_cast<size_t>(bytes);
  return {};
}

}  // namespace qrt::rt
