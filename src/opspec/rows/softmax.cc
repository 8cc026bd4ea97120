// Softmax: see schema/qrt.fbs.
#include <cmath>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

bool logarithm(const void* options) { return as<fb::Softmax>(options).log(); }

Status check(const Node& node) {
  const float beta = node.options<fb::Softmax>().beta();
  if (std::isfinite(beta) && beta > 0) return {};
  return node.fail(Code::InvalidModel, "has a beta of %g", static_cast<double>(beta));
}

QuantizedAs quantized(const void* options) {
  return logarithm(options) ? QuantizedAs::Float : QuantizedAs::Computes;
}

bool keeps_places(const Node& node, const Shapes& shapes, size_t, int axis) {
  return axis + 1 < node.shape_in(shapes, 0).rank();
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Softmax;
  row.signatures = "f32 -> f32; q8 -> q8";
  row.check = check;
  row.infer = infer_rows;
  row.quantized_of = quantized;
  row.keeps_places = keeps_places;
  return row;
}

}  // namespace

extern const OpSpec kSoftmaxSpec;
const OpSpec kSoftmaxSpec = row();

}  // namespace qrt::rt
