#include "src/ops/common.h"

#include <algorithm>

namespace qrt::rt {

Status check_same_kind(const Node& node) {
  const Tensor& in = node.input(0);
  for (size_t i = 0; i < node.outputs(); ++i) {
    const Tensor& out = node.output(i);
    if (out.type != in.type) {
      return node.fail(Code::InvalidModel, "turns %s into %s, but only moves elements",
                       dtype_name(in.type), dtype_name(out.type));
    }
    if (!same_quantization(in.quantization, out.quantization)) {
      return node.fail(Code::InvalidModel, "input and output have different quantization");
    }
  }
  return {};
}

Status check_constant(const Node& node, size_t i) {
  if (node.input(i).constant) return {};
  return node.fail(Code::Unsupported, "input %zu '%s' must be a constant", i, node.input(i).name);
}

bool broadcast(const Shape& a, const Shape& b, Shape* out) {
  *out = Shape::ones(std::max(a.rank(), b.rank()));
  for (int i = 1; i <= out->rank(); ++i) {
    const int32_t da = i <= a.rank() ? a[a.rank() - i] : 1;
    const int32_t db = i <= b.rank() ? b[b.rank() - i] : 1;
    if (da != db && da != 1 && db != 1) return false;
    (*out)[out->rank() - i] = std::max(da, db);
  }
  return true;
}

void broadcast_strides(const Shape& shape, const Shape& out, int64_t* strides) {
  int64_t stride = 1;
  for (int i = out.rank() - 1; i >= 0; --i) {
    const int j = i - (out.rank() - shape.rank());
    const int32_t dim = j >= 0 ? shape[j] : 1;
    strides[i] = dim == 1 ? 0 : stride;
    stride *= dim;
  }
}

Status check_clamp(const Node& node, const fb::Clamp* clamp) {
  if (clamp == nullptr || clamp->min() <= clamp->max()) return {};
  return node.fail(Code::InvalidModel, "clamps to [%g, %g]", static_cast<double>(clamp->min()),
                   static_cast<double>(clamp->max()));
}

QuantizedLimits quantized_limits(const fb::Clamp* clamp, const Tensor& output) {
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
  return {quantize(limits.min), quantize(limits.max)};
}

}  // namespace qrt::rt
