// Quantization of float activations at run time, for operators with integer weights: the range of
// the values at hand, always holding zero (so that padding is exact).
#pragma once

#include "kernels/convert_s8.h"
#include "kernels/gemm_s8.h"
#include "src/ops/packed_gemm.h"

namespace qrt::rt {

struct DynamicRange {
  float scale;
  int32_t zero_point;
};

// The s8 range that just covers n finite floats and zero; symmetric: with 0 as zero point.
DynamicRange dynamic_range(const float* values, size_t n, bool symmetric);

// Quantizes n floats with that range.
void quantize_dynamic(const kernels::ConvertS8Kernel& kernel, const float* values, size_t n,
                      DynamicRange range, int8_t* out);

// s8 weights [groups][n][taps][k] for float activations: packed without zero point, since that is
// known only at run time, with each output's weight sum to correct for it afterwards.
class DynamicWeights {
 public:
  explicit DynamicWeights(const kernels::GemmS8Kernel& row) : row_(row) {}
  Status pack(const Node& node, size_t groups, size_t taps, WeightStore& store);
  const kernels::GemmS8Kernel& row() const { return row_; }
  size_t group_outputs() const { return n_; }

  // Rows of one group: out[m * out_stride + n] = clamp(real value + bias). `args` describes a and
  // out_stride; `acc` is scratch for m * group_outputs accumulators.
  void run(kernels::GemmS8Args args, size_t group, size_t m, DynamicRange range, Limits limits,
           int32_t* acc, float* out, size_t out_stride) const;

 private:
  const kernels::GemmS8Kernel& row_;
  size_t n_ = 0, depth_ = 0;  // outputs of a group, weights of an output
  PackedGemm packed_;
  const float* bias_ = nullptr;
  // By output, in the store:
  const float* scales_ = nullptr;
  const int32_t* sums_ = nullptr;
};

}  // namespace qrt::rt
