#include "src/ops/common.h"

#include <algorithm>

namespace qrt::rt {

void broadcast_strides(const Shape& shape, const Shape& out, int64_t* strides) {
  int64_t stride = 1;
  for (int i = out.rank() - 1; i >= 0; --i) {
    const int j = i - (out.rank() - shape.rank());
    const int32_t dim = j >= 0 ? shape[j] : 1;
    strides[i] = dim == 1 ? 0 : stride;
    stride *= dim;
  }
}

size_t strided_index(const Shape& axes, const int64_t* strides, size_t index) {
  size_t result = 0;
  for (int i = axes.rank() - 1; i >= 0; --i) {
    result += index % static_cast<size_t>(axes[i]) * static_cast<size_t>(strides[i]);
    index /= static_cast<size_t>(axes[i]);
  }
  return result;
}

kernels::Output quantized_output(const fb::Clamp* clamp, const Tensor& output) {
  IntRange range = {INT32_MIN, INT32_MAX};
  (void)quantized_range(output.type, &range);
  const Limits limits = clamp_limits(clamp);
  const double scale = output.quantization.scale();
  const double zero_point = output.quantization.zero_point();
  const auto quantize = [&](float real) {
    const double q = std::nearbyint(static_cast<double>(real) / scale) + zero_point;
    return static_cast<int32_t>(
        std::clamp(q, static_cast<double>(range.min), static_cast<double>(range.max)));
  };
  return {output.quantization.zero_point(), quantize(limits.min), quantize(limits.max)};
}

}  // namespace qrt::rt
