#include "src/ops/quantized_weights.h"

#include <algorithm>

#include "src/ops/multiplier.h"

namespace qrt::rt {
namespace {

// Products a sum may have so that it stays within 32 bits: 2^16 * 2^7 * 2^8 (a weight less its zero
// point).
constexpr int64_t kMaxProducts = 65536;

double exact_multiplier(const Tensor& input, const Tensor& weights, const Tensor& output,
                        size_t i) {
  return static_cast<double>(input.quantization.scale()) * weights.quantization.scale(i) /
         output.quantization.scale();
}

Status check_weight_quantization(const Node& node, size_t outputs) {
  const Tensor& weights = node.input(1);
  const Quantization& q = weights.quantization;
  if (!q.present() || q.block != 0) {
    return node.fail(Code::Unsupported, "its weights '%s' need a per-tensor or per-output scale",
                     weights.name);
  }
  if (!q.per_tensor() && (q.axis != 0 || q.scales.size() != outputs)) {
    return node.fail(Code::InvalidModel, "its weights '%s' have scales along axis %d, not 0",
                     weights.name, q.axis);
  }
  if (weights.shape.elements() / static_cast<int64_t>(outputs) > kMaxProducts) {
    return node.fail(
        Code::Unsupported, "sums %lld products an output, more than %lld",
        static_cast<long long>(weights.shape.elements() / static_cast<int64_t>(outputs)),
        static_cast<long long>(kMaxProducts));
  }
  return {};
}

Status check_bias(const Node& node, size_t outputs, DType type) {
  if (!node.has_input(2)) return {};
  QRT_RETURN_IF_ERROR(check_constant(node, 2));
  const Tensor& bias = node.input(2);
  if (bias.type != type || bias.shape.elements() != static_cast<int64_t>(outputs)) {
    return node.fail(Code::InvalidModel, "its bias '%s' is %s of %s, needs %zu of %s", bias.name,
                     bias.shape.str().c_str(), dtype_name(bias.type), outputs, dtype_name(type));
  }
  return {};
}

}  // namespace

Status check_weights(const Node& node, size_t outputs, WeightsMode* mode) {
  QRT_RETURN_IF_ERROR(check_constant(node, 1));
  const DType in = node.input(0).type, w = node.input(1).type, out = node.output(0).type;
  if (in == DType::F32 && w == DType::F32 && out == DType::F32) {
    *mode = WeightsMode::Float;
  } else if (in == DType::F32 && w == DType::S8 && out == DType::F32) {
    *mode = WeightsMode::Dynamic;
  } else if (in == DType::S8 && w == DType::S8 && out == DType::S8) {
    *mode = WeightsMode::Quantized;
    if (!is_qs8(node.input(0)) || !is_qs8(node.output(0))) {
      return node.fail(Code::InvalidModel, "its input and output need one scale each");
    }
  } else {
    return node.fail(Code::Unsupported, "cannot run with input %s, weights %s and output %s",
                     dtype_name(in), dtype_name(w), dtype_name(out));
  }
  if (*mode != WeightsMode::Float) QRT_RETURN_IF_ERROR(check_weight_quantization(node, outputs));
  if (*mode == WeightsMode::Quantized) {
    for (size_t i = 0; i < outputs; ++i) {
      float multiplier;
      QRT_RETURN_IF_ERROR(make_multiplier(
          node, exact_multiplier(node.input(0), node.input(1), node.output(0), i), &multiplier));
    }
  }
  return check_bias(node, outputs, *mode == WeightsMode::Quantized ? DType::S32 : DType::F32);
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
