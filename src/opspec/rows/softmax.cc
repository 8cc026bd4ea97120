// Softmax: see schema/qrt.fbs.
#include <cmath>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

bool logarithm(const void* options) { return as<fb::Softmax>(options).log(); }

Status check(const Node& node) {
  const float beta = node.options<fb::Softmax>().beta();
  if (!std::isfinite(beta) || beta <= 0) {
    return node.fail(Code::InvalidModel, "has a beta of %g", static_cast<double>(beta));
  }
  if (node.input(0).type != DType::S16) return {};
  if (const float scale = node.output(0).quantization.scale(); scale != 1.0f / 32768.0f) {
    return node.fail(Code::Unsupported, "gives s16 with a scale of %g; it must be 2^-15",
                     static_cast<double>(scale));
  }
  return {};
}

const char* signatures(const void* options) {
  return logarithm(options) ? "f32 -> f32; q8 -> q8" : "f32 -> f32; q8 -> q8; q8/q16 -> q16";
}

// Sums of exponentials of s16 stay within 32 bits.
Status infer(Inference& x) {
  QRT_RETURN_IF_ERROR(infer_rows(x));
  constexpr int32_t kMost = 65536;
  const int32_t n = x.in(0).last();
  if (x.node().input(0).type != DType::S16 || !is_number(n) || n <= kMost) return {};
  return x.node().fail(Code::Unsupported, "has rows of %d s16 values, more than %d", n, kMost);
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
  row.signatures_of = signatures;
  row.check = check;
  row.infer = infer;
  row.quantized_of = quantized;
  row.keeps_places = keeps_places;
  return row;
}

}  // namespace

extern const OpSpec kSoftmaxSpec;
const OpSpec kSoftmaxSpec = row();

}  // namespace qrt::rt
