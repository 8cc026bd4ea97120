// What operators with s16 activations and constant s8 weights share: sums that begin as the bias,
// and how they become s16.
#pragma once

#include <vector>

#include "kernels/gemm_s16.h"
#include "src/ops/fixed_multiplier.h"
#include "src/ops/row_kernel.h"

namespace qrt::rt {

// Outputs whose sums are kept at once.
inline constexpr size_t kSumsS16 = kernels::kS16Channels;

class SumsS16 {
 public:
  SumsS16(const Node& node, const kernels::GemmS16Kernel& row, const fb::Clamp* clamp)
      : row_(row), range_(range_s16(clamp, node.output(0))) {}

  // Takes bias and multipliers from a node with weights (input 1) and bias (input 2).
  Status collect(const Node& node);

  // Of outputs [first, first + n): what their sums begin with, and what they come to.
  void begin(size_t first, size_t n, int64_t* sums) const;
  void finish(const int64_t* sums, size_t first, size_t n, int16_t* out) const;

 private:
  const kernels::GemmS16Kernel& row_;
  const kernels::RangeS16 range_;
  const int32_t* bias32_ = nullptr;
  const int64_t* bias64_ = nullptr;
  // By output, one of the two.
  std::vector<kernels::FixedPoint> factors_;
  std::vector<double> real_factors_;
  bool twice_ = false;  // fixed factors are rounded twice
};

}  // namespace qrt::rt
