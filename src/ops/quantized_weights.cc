#include "src/ops/quantized_weights.h"

#include <algorithm>

#include "src/ops/multiplier.h"

namespace qrt::rt {
namespace {

double exact_multiplier(const Tensor& input, const Tensor& weights, const Tensor& output,
                        size_t i) {
  return static_cast<double>(input.quantization.scale()) * weights.quantization.scale(i) /
         output.quantization.scale();
}

}  // namespace

Status check_multipliers(const Node& node, size_t outputs) {
  for (size_t i = 0; i < outputs; ++i) {
    float multiplier;
    QRT_RETURN_IF_ERROR(make_multiplier(
        node, exact_multiplier(node.input(0), node.input(1), node.output(0), i), &multiplier));
  }
  return {};
}

WeightsMode weights_mode(const Node& node) {
  if (node.input(1).type == DType::F32) return WeightsMode::Float;
  return node.input(0).type == DType::F32 ? WeightsMode::Dynamic : WeightsMode::Quantized;
}

std::vector<int32_t> weight_zero_points(const Tensor& weights, size_t outputs) {
  std::vector<int32_t> zero_points(outputs);
  for (size_t i = 0; i < outputs; ++i) zero_points[i] = weights.quantization.zero_point(i);
  const bool all_zero =
      std::all_of(zero_points.begin(), zero_points.end(), [](int32_t z) { return z == 0; });
  if (all_zero) zero_points.clear();
  return zero_points;
}

std::vector<float> requantize_multipliers(const Tensor& input, const Tensor& weights,
                                          const Tensor& output, size_t outputs) {
  std::vector<float> multipliers(outputs);
  for (size_t i = 0; i < outputs; ++i) {
    multipliers[i] = static_cast<float>(exact_multiplier(input, weights, output, i));
  }
  return multipliers;
}

}  // namespace qrt::rt
