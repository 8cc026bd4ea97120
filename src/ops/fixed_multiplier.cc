#include "src/ops/fixed_multiplier.h"

#include <algorithm>
#include <cmath>

#include "src/ops/common.h"

namespace qrt::rt {

Status make_fixed(const Node& node, double exact, kernels::FixedPoint* factor, int most) {
  const double limit = std::ldexp(1.0, most);
  if (!(exact < limit)) {
    return node.fail(Code::InvalidModel,
                     "its scales are too far apart: a step of its sums is %g steps of its output",
                     exact);
  }
  *factor = {0, 31};
  int exponent = 0;
  const double fraction = std::frexp(exact, &exponent);
  auto mantissa = static_cast<int64_t>(std::round(std::ldexp(fraction, 31)));
  if (mantissa == int64_t{1} << 31) {
    mantissa /= 2;
    ++exponent;
  }
  if (mantissa == 0 || exponent < -31) return {};
  // What rounds up to the limit itself.
  if (exponent > most) return make_fixed(node, limit, factor, most);
  *factor = {static_cast<int32_t>(mantissa), 31 - exponent};
  return {};
}

kernels::FixedPoint reduced(kernels::FixedPoint factor) {
  const int64_t rounded = (int64_t{factor.mantissa} + (1 << 15)) >> 16;
  factor.mantissa = static_cast<int32_t>(std::min<int64_t>(rounded, 0x7FFF)) * (1 << 16);
  return factor;
}

double product_ratio_s16(const Node& node, bool product_in_float) {
  const float a = node.input(0).quantization.scale(), b = node.input(1).quantization.scale();
  const double product = product_in_float ? static_cast<double>(a * b)
                                          : static_cast<double>(a) * static_cast<double>(b);
  return product / static_cast<double>(node.output(0).quantization.scale());
}

kernels::RangeS16 range_s16(const fb::Clamp* clamp, const Tensor& output) {
  const kernels::Output range = quantized_output(clamp, output);
  return {range.min, range.max};
}

}  // namespace qrt::rt
