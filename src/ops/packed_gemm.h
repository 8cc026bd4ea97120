// Constant weights packed by a row of gemm_s8, for everything that multiplies matrices.
#pragma once

#include "kernels/gemm_s8.h"
#include "src/ops/quantized_weights.h"
#include "src/runtime/weight_store.h"

namespace qrt::rt {

// [groups][n][taps][k], each group a matrix of its own.
class PackedGemm {
 public:
  // `weights` are groups * n outputs of taps * k. single_row: as in kernels::GemmS8Weights.
  Status pack(const Node& node, const kernels::GemmS8Kernel& row, const QuantizedWeights& weights,
              size_t groups, size_t taps, bool single_row, WeightStore& store);

  const uint8_t* group(size_t g) const { return packed_ + g * group_bytes_; }
  size_t bytes() const { return bytes_; }

 private:
  const uint8_t* packed_ = nullptr;
  size_t group_bytes_ = 0, bytes_ = 0;
};

}  // namespace qrt::rt
