#include "src/ops/dynamic_quantization.h"

#include <algorithm>
#include <cfloat>

namespace qrt::rt {

DynamicRange dynamic_range(const float* values, size_t n, bool symmetric) {
  // In lanes, which compilers turn into vectors; a NaN is neither smaller nor larger.
  constexpr size_t kLanes = 16;
  float mins[kLanes] = {}, maxs[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) {
      const float x = values[i + k];
      mins[k] = x < mins[k] ? x : mins[k];
      maxs[k] = x > maxs[k] ? x : maxs[k];
    }
  }
  float min = *std::min_element(mins, mins + kLanes), max = *std::max_element(maxs, maxs + kLanes);
  for (; i < n; ++i) {
    min = values[i] < min ? values[i] : min;
    max = values[i] > max ? values[i] : max;
  }
  if (min == max) return {1.0f, 0};
  min = std::max(min, -FLT_MAX);  // infinities would leave no scale for the others
  max = std::min(max, FLT_MAX);
  const double scale = symmetric ? static_cast<double>(std::max(max, -min) / 127.0f)
                                 : (static_cast<double>(max) - min) / 255.0;
  // Steps too small for a float's whole precision, whose inverse may be infinite: all are zero.
  if (scale < static_cast<double>(FLT_MIN)) return {1.0f, 0};
  if (symmetric) return {static_cast<float>(scale), 0};
  const double zero_point = std::nearbyint(-128.0 - min / scale);
  return {static_cast<float>(scale), static_cast<int32_t>(std::clamp(zero_point, -128.0, 127.0))};
}

void quantize_dynamic(const kernels::ConvertS8Kernel& kernel, const float* values, size_t n,
                      DynamicRange range, int8_t* out) {
  kernel.f32_to_s8(values, n, 1.0f / range.scale, {range.zero_point, -128, 127}, out);
}

Status DynamicWeights::pack(const Node& node, size_t groups, size_t taps, WeightStore& store) {
  const Tensor& tensor = node.input(1);
  QRT_ASSIGN_OR_RETURN(const QuantizedWeights weights,
                       QuantizedWeights::collect(node, node.input(0), tensor, nullptr, 0));
  const size_t outputs = weights.outputs();
  n_ = outputs / groups;
  depth_ = weights.depth();
  bias_ = bias_data<float>(node);
  QRT_RETURN_IF_ERROR(packed_.pack(node, row_, weights, groups, taps, false, store));
  PackKey key = weights.key("dynamic_sums", 1);
  for (size_t i = 0; i < outputs; ++i) key.variant.add(tensor.quantization.scale(i));
  const uint64_t bytes = size_product(outputs, sizeof(float) + sizeof(int32_t));
  QRT_ASSIGN_OR_RETURN(const uint8_t* block, store.get(node, key, bytes, [&](uint8_t* to) {
    auto* scales = reinterpret_cast<float*>(to);
    for (size_t i = 0; i < outputs; ++i) scales[i] = tensor.quantization.scale(i);
    weights.sums(reinterpret_cast<int32_t*>(scales + outputs));
  }));
  scales_ = reinterpret_cast<const float*>(block);
  sums_ = reinterpret_cast<const int32_t*>(scales_ + outputs);
  return {};
}

// Sums of this many (a - zero point)(w - zero point) stay within 32 bits: 255 * 255 * 33,025 <
// 2^31. More, up to the 65,536 that an operator may have, are exact in double.
static constexpr size_t kNarrowDepth = 33025;

// acc[i][n] are sums of a(w - zero point); `exact` takes from them a's zero point times a sum of
// weights.
template <class Exact>
static void to_real(const int32_t* acc, size_t m, size_t n, const int32_t* sums, const Exact& exact,
                    float scale, const float* scales, const float* bias, Limits limits, float* out,
                    size_t out_stride) {
  for (size_t i = 0; i < m; ++i) {
    for (size_t k = 0; k < n; ++k) {
      // Finite, so that a sum of zero stays zero.
      const float step = std::min(scale * scales[k], FLT_MAX);
      const float real = exact(acc[i * n + k], sums[k]) * step + (bias != nullptr ? bias[k] : 0.0f);
      out[i * out_stride + k] = std::min(std::max(real, limits.min), limits.max);
    }
  }
}

void DynamicWeights::run(kernels::GemmS8Args args, size_t group, size_t m, DynamicRange range,
                         Limits limits, int32_t* acc, float* out, size_t out_stride) const {
  args.packed = packed_.group(group);
  args.n = n_;
  args.out_stride = n_;
  row_.run_s32(args, 0, m, 0, n_, acc);
  const size_t first = group * n_;
  const float* bias = bias_ != nullptr ? bias_ + first : nullptr;
  if (depth_ <= kNarrowDepth) {
    const auto sum = [zero_point = static_cast<uint32_t>(range.zero_point)](int32_t products,
                                                                            int32_t weights) {
      return static_cast<float>(static_cast<int32_t>(static_cast<uint32_t>(products) -
                                                     zero_point * static_cast<uint32_t>(weights)));
    };
    return to_real(acc, m, n_, sums_ + first, sum, range.scale, scales_ + first, bias, limits, out,
                   out_stride);
  }
  const auto sum = [zero_point = static_cast<double>(range.zero_point)](int32_t products,
                                                                        int32_t weights) {
    return static_cast<float>(products - zero_point * weights);
  };
  to_real(acc, m, n_, sums_ + first, sum, range.scale, scales_ + first, bias, limits, out,
          out_stride);
}

}  // namespace qrt::rt
