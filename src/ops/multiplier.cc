#include "src/ops/multiplier.h"

#include <cfloat>
#include <cmath>

namespace qrt::rt {

Status make_multiplier(const Node& node, double exact, float* multiplier, double largest) {
  if (!(std::fabs(exact) * largest <= static_cast<double>(FLT_MAX))) {
    return node.fail(Code::InvalidModel,
                     "its scales are too far apart: a step of its sums is %g steps of its output",
                     exact);
  }
  *multiplier = static_cast<float>(exact);
  return {};
}

double product_ratio(const Node& node) {
  return static_cast<double>(node.input(0).quantization.scale()) *
         node.input(1).quantization.scale() / node.output(0).quantization.scale();
}

double scale_ratio(const Node& node, size_t i) {
  return static_cast<double>(node.input(i).quantization.scale()) /
         node.output(0).quantization.scale();
}

Status make_inverse_scale(const Node& node, float* inverse) {
  const float scale = node.output(0).quantization.scale();
  *inverse = 1.0f / scale;
  if (std::isnormal(*inverse)) return {};
  return node.fail(Code::InvalidModel, "its output's scale of %g is too large to divide by",
                   static_cast<double>(scale));
}

}  // namespace qrt::rt
