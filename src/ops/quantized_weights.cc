#include "src/ops/quantized_weights.h"

#include <algorithm>

#include "src/ops/multiplier.h"

namespace qrt::rt {

WeightsMode weights_mode(const Node& node) {
  if (node.input(1).type == DType::F32) return WeightsMode::Float;
  if (node.input(0).type == DType::S16) return WeightsMode::Wide;
  return node.input(0).type == DType::F32 ? WeightsMode::Dynamic : WeightsMode::Quantized;
}

Result<QuantizedWeights> QuantizedWeights::collect(const Node& node, const Tensor& in,
                                                   const Tensor& weights, const Tensor* bias,
                                                   double out_step) {
  QuantizedWeights result;
  const auto n = static_cast<size_t>(weights.shape[0]);
  result.outputs_ = n;
  result.depth_ = static_cast<size_t>(weights.shape.elements(1, weights.shape.rank()));
  const Quantization& q = weights.quantization;
  const auto& zeros = q.zero_points;
  if (std::any_of(zeros.begin(), zeros.end(), [](int32_t z) { return z != 0; })) {
    result.zero_points_.resize(n);
    for (size_t i = 0; i < n; ++i) result.zero_points_[i] = q.zero_point(i);
  }
  if (out_step > 0) {
    result.multipliers_.resize(n);
    for (size_t i = 0; i < n; ++i) {
      const double exact = static_cast<double>(in.quantization.scale()) * q.scale(i) / out_step;
      QRT_RETURN_IF_ERROR(make_multiplier(node, exact, &result.multipliers_[i]));
    }
  }
  result.stored_ = weights.data;
  result.arrays_.w = weights.as<int8_t>();
  if (weights.type == DType::S4) {
    result.unpacked_ = std::make_shared<const std::vector<int8_t>>(unpacked_s4(weights));
    result.arrays_.w = result.unpacked_->data();
  }
  result.arrays_.bias = bias != nullptr ? bias->as<int32_t>() : nullptr;
  result.arrays_.a_zero_point = in.quantization.zero_point();
  return result;
}

Result<QuantizedWeights> QuantizedWeights::collect(const Node& node) {
  return collect(node, node.input(0), node.input(1), node.has_input(2) ? &node.input(2) : nullptr,
                 node.output(0).quantization.scale());
}

WeightArrays QuantizedWeights::from(size_t output) const {
  WeightArrays arrays = arrays_;
  arrays.w += output * depth_;
  if (arrays.bias != nullptr) arrays.bias += output;
  if (!zero_points_.empty()) arrays.w_zero_points = zero_points_.data() + output;
  if (!multipliers_.empty()) arrays.multipliers = multipliers_.data() + output;
  return arrays;
}

PackKey QuantizedWeights::key(const char* row, uint32_t layout) const {
  PackKey key = {row, layout, stored_, {outputs_, depth_, unpacked_ != nullptr ? 4u : 8u}};
  key.variant.add(arrays_.a_zero_point);
  const auto add = [&](const auto* numbers, size_t count) {
    key.variant.add(uint64_t{count});
    key.variant.add(numbers, count * sizeof *numbers);
  };
  add(arrays_.bias, arrays_.bias != nullptr ? outputs_ : 0);
  add(zero_points_.data(), zero_points_.size());
  add(multipliers_.data(), multipliers_.size());
  return key;
}

void QuantizedWeights::sums(int32_t* to) const {
  for (size_t o = 0; o < outputs_; ++o) {
    const int32_t zero_point = zero_points_.empty() ? 0 : zero_points_[o];
    int32_t sum = 0;
    for (size_t i = 0; i < depth_; ++i) sum += arrays_.w[o * depth_ + i] - zero_point;
    to[o] = sum;
  }
}

std::vector<int8_t> unpacked_s4(const Tensor& tensor) {
  std::vector<int8_t> bytes(static_cast<size_t>(tensor.shape.elements()));
  const auto* pairs = tensor.as<uint8_t>();
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int nibble = pairs[i / 2] >> (i % 2 * 4) & 15;
    bytes[i] = static_cast<int8_t>((nibble ^ 8) - 8);
  }
  return bytes;
}

Result<const int8_t*> bytes_of_weights(const Node& node, WeightStore& store) {
  const Tensor& weights = node.input(1);
  if (weights.type != DType::S4) return weights.as<int8_t>();
  const auto elements = static_cast<uint64_t>(weights.shape.elements());
  const PackKey key = {"unpacked_s4", 1, weights.data, {elements}};
  QRT_ASSIGN_OR_RETURN(const uint8_t* bytes, store.get(node, key, elements, [&](uint8_t* to) {
    const std::vector<int8_t> from = unpacked_s4(weights);
    std::copy(from.begin(), from.end(), reinterpret_cast<int8_t*>(to));
  }));
  return reinterpret_cast<const int8_t*>(bytes);
}

}  // namespace qrt::rt
