#include "src/graph/quantized_values.h"

#include <algorithm>

namespace qrt::graph {

bool same_quantization(const Value& a, const Value& b) {
  const Quantization &p = a.quantization, &q = b.quantization;
  if (a.type != b.type || p.scales != q.scales || p.axis != q.axis || p.block != q.block) {
    return false;
  }
  for (size_t i = 0; i < p.scales.size(); ++i) {
    if (p.zero_point(i) != q.zero_point(i)) return false;
  }
  return true;
}

bool eight_bit(const Value& value) {
  return (value.type == DType::S8 || value.type == DType::U8) &&
         value.quantization.scales.size() == 1 && value.quantization.axis < 0;
}

Interval interval_of(const std::unique_ptr<fb::ClampT>& clamp) {
  return clamp == nullptr ? Interval{} : Interval{clamp->min, clamp->max};
}

Interval then(Interval first, Interval second) {
  const auto clamped = [&](float x) { return std::min(std::max(x, second.min), second.max); };
  return {clamped(first.min), clamped(first.max)};
}

Interval range_of(const Value& value) {
  rt::IntRange range{0, 0};
  (void)rt::quantized_range(value.type, &range);
  const double scale = static_cast<double>(value.quantization.scales[0]);
  const double zero_point = value.quantization.zero_point();
  return {static_cast<float>(scale * (range.min - zero_point)),
          static_cast<float>(scale * (range.max - zero_point))};
}

}  // namespace qrt::graph
