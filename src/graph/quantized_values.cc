#include "src/graph/quantized_values.h"

#include <algorithm>

namespace qrt::graph {

bool same_quantization(const Value& a, const Value& b) {
  return a.type == b.type && a.quantization == b.quantization;
}

bool eight_bit(const Value& value) {
  return (value.type == DType::S8 || value.type == DType::U8) &&
         value.quantization.scales.size() == 1 && value.quantization.axis < 0;
}

bool computable(const Value& value) {
  const Quantization& q = value.quantization;
  const bool wide = value.type == DType::S16 && q.scales.size() == 1 && q.axis < 0;
  return eight_bit(value) || (wide && q.zero_point() == 0);
}

Interval interval_of(const std::unique_ptr<fb::ClampT>& clamp) {
  return clamp == nullptr ? Interval{} : Interval{clamp->min, clamp->max};
}

Interval then(Interval first, Interval second) {
  const auto clamped = [&](float x) { return std::min(std::max(x, second.min), second.max); };
  return {clamped(first.min), clamped(first.max)};
}

Interval range_of(const Value& value) {
  rt::IntRange range;
  if (!rt::quantized_range(value.type, &range)) return {};
  const double scale = static_cast<double>(value.quantization.scales[0]);
  const double zero_point = value.quantization.zero_point();
  return {static_cast<float>(scale * (range.min - zero_point)),
          static_cast<float>(scale * (range.max - zero_point))};
}

}  // namespace qrt::graph
