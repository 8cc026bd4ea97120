#include "src/export/onnx/call.h"

#include <cmath>

#include "src/graph/quantized_values.h"

namespace qrt::onnx_export {
namespace {

std::string clamp_floats(ModelWriter& m, const std::string& tensor, graph::Interval limits,
                         const std::string& wanted) {
  const bool low = std::isfinite(limits.min), high = std::isfinite(limits.max);
  if (!low && !high) return tensor;
  if (limits.min == 0 && !high) return m.node("Relu", {tensor}, wanted);
  return m.node("Clip",
                {tensor, low ? m.scalar(wanted + "/min", limits.min) : "",
                 high ? m.scalar(wanted + "/max", limits.max) : ""},
                wanted);
}

graph::Interval interval_of(const fb::ClampT* clamp) {
  return clamp == nullptr ? graph::Interval{} : graph::Interval{clamp->min, clamp->max};
}

}  // namespace

// Quantized results are clamped as integers, behind QuantizeLinear, and only where the range of the
// codes does not do it: a clamp before it would keep ONNX Runtime from using its integer kernels.
// That is the same, for rounding keeps order.
void Call::give_numbers(const Order& order, const std::string& tensor, const fb::ClampT* clamp) {
  const Value& y = result();
  if (y.quantization.empty()) return give_codes(order, tensor, clamp);
  if (clamp == nullptr || !has_codes(y)) return t.set_numbers(out(), order, tensor);
  const graph::Quantization& q = y.quantization;
  give_codes(order, t.quantize(tensor, q.scales[0], zero_code(y), DType::U8, y.name + "/u8"),
             clamp);
}

void Call::give_codes(const Order& order, const std::string& tensor, const fb::ClampT* clamp) {
  const Value& y = result();
  const graph::Interval limits = interval_of(clamp);
  if (has_codes(y)) {
    const uint8_t low = code_of(y, limits.min), high = code_of(y, limits.max);
    if (low == 0 && high == 255) return t.set_codes(out(), order, tensor);
    return t.set_codes(
        out(), order,
        m.node("Clip", {tensor, m.scalar(y.name + "/min", low), m.scalar(y.name + "/max", high)},
               y.name + "/clamped"));
  }
  if (clamp != nullptr && y.type != DType::F32) {
    throw Unsupported(std::string("a clamp of type ") + rt::dtype_name(y.type));
  }
  t.set_codes(out(), order, clamp_floats(m, tensor, limits, y.name + "/clamped"));
}

}  // namespace qrt::onnx_export
