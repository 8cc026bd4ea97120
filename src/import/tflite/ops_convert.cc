// Operators that change the element type: QUANTIZE, DEQUANTIZE, CAST.
#include <cstring>

#include "src/import/tflite/op_table.h"

namespace qrt::import::tflite {
namespace {

Status quantize(OpContext& op) {
  if (op.out().quantization.empty()) {
    return error(Code::Unsupported, "its output is %s without a quantization",
                 rt::dtype_name(op.out().type));
  }
  return op.emit(fb::QuantizeT(), {op.input(0)}, {op.output()});
}

// Models with f16 weights keep them so in the file and dequantize each before its use.
Status widen_constant(OpContext& op) {
  const graph::Bytes& halves = *op.in(0).data;
  graph::Bytes floats(2 * halves.size());
  for (size_t i = 0; i < halves.size() / 2; ++i) {
    rt::Half half;
    std::memcpy(&half, &halves[2 * i], sizeof half);
    const auto value = static_cast<float>(half);
    std::memcpy(&floats[4 * i], &value, sizeof(value));
  }
  op.out().shape = std::vector<int32_t>(op.in(0).shape);
  return op.make_constant(0, std::move(floats));
}

Status dequantize(OpContext& op) {
  if (op.out().type != DType::F32) {
    return error(Code::InvalidModel, "its output is %s, not f32", rt::dtype_name(op.out().type));
  }
  if (op.in(0).type == DType::F16) {
    if (op.in(0).constant()) return widen_constant(op);
    return op.emit(fb::CastT(), {op.input(0)}, {op.output()});
  }
  if (op.in(0).quantization.empty()) {
    return error(Code::Unsupported, "its input is %s without a quantization",
                 rt::dtype_name(op.in(0).type));
  }
  return op.emit(fb::DequantizeT(), {op.input(0)}, {op.output()});
}

Status cast(OpContext& op) { return op.emit(fb::CastT(), {op.input(0)}, {op.output()}); }

// A constant that was stored sparsely has all its elements since it was read.
Status densify(OpContext& op) {
  QRT_RETURN_IF_ERROR(op.expect_constant(0, "input"));
  Value& out = op.out();
  const Value& in = op.in(0);
  if (out.type != in.type) {
    return error(Code::InvalidModel, "its output is %s, its input %s", rt::dtype_name(out.type),
                 rt::dtype_name(in.type));
  }
  out.shape = in.shape;
  out.quantization = in.quantization;
  out.data = in.data;
  return {};
}

constexpr OpRule kRules[] = {
    {tfl::Builtin::DENSIFY, 1, 1, 1, 1, densify},
    {tfl::Builtin::QUANTIZE, 1, 1, 1, 1, quantize},
    {tfl::Builtin::DEQUANTIZE, 1, 1, 1, 1, dequantize},
    {tfl::Builtin::CAST, 1, 1, 1, 1, cast},
};

}  // namespace

rt::Span<const OpRule> convert_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
