// Lstm: one long short-term memory layer over a sequence (Hochreiter and Schmidhuber, 1997),
// without peepholes or projection. Checks, shapes and the order of steps; the arithmetic of a step
// is lstm_quantized.cc and lstm_f32.cc.
#include "src/ops/lstm.h"

namespace qrt::rt {
namespace {

Status check_types(const Node& node) {
  const DType type = node.input(0).type;
  const auto is = [&](size_t i, DType wanted) { return node.input(i).type == wanted; };
  const DType out = node.output(0).type;
  if (type == DType::F32 && is(1, type) && is(2, type) && is(3, type) && is(4, type) &&
      is(5, type) && out == type) {
    return {};
  }
  if (type == DType::S8 && is(1, type) && is(2, type) && is(3, DType::S32) && is(4, type) &&
      is(5, DType::S16) && out == type) {
    const Quantization& cell = node.input(5).quantization;
    if (!is_qs8(node.input(0)) || !is_qs8(node.input(4)) || !is_qs8(node.output(0)) ||
        !cell.present() || !cell.per_tensor() || cell.zero_point() != 0) {
      return node.fail(Code::InvalidModel, "its input, output and states need one scale each");
    }
    if (!same_quantization(node.input(4).quantization, node.output(0).quantization)) {
      return node.fail(Code::Unsupported, "its output and hidden state differ in quantization");
    }
    for (size_t i = 1; i <= 2; ++i) {
      const Quantization& q = node.input(i).quantization;
      if (!q.present() || q.block != 0 || (!q.per_tensor() && q.axis != 0)) {
        return node.fail(Code::InvalidModel, "its weights need a scale a tensor or a row");
      }
    }
    return {};
  }
  return node.fail(Code::Unsupported, "cannot run with input %s, weights %s and cell state %s",
                   dtype_name(type), dtype_name(node.input(1).type),
                   dtype_name(node.input(5).type));
}

Status infer(const Node& node, Shapes& shapes) {
  QRT_RETURN_IF_ERROR(node.check_arity(6, 6, 1));
  for (size_t i = 1; i <= 3; ++i) QRT_RETURN_IF_ERROR(check_constant(node, i));
  if (!node.input(4).variable || !node.input(5).variable ||
      node.input_index(4) == node.input_index(5)) {
    return node.fail(Code::InvalidModel, "its two states must be variables");
  }
  QRT_RETURN_IF_ERROR(check_types(node));
  const auto& options = node.options<fb::Lstm>();
  if (!(options.cell_clip() >= 0) || !std::isfinite(options.cell_clip()) ||
      !(options.hidden_scale() >= 0) || !std::isfinite(options.hidden_scale())) {
    return node.fail(Code::InvalidModel, "has a negative clip or scale");
  }
  const Shape& x = node.shape_in(shapes, 0);
  const Shape &w = node.shape_in(shapes, 1), &r = node.shape_in(shapes, 2);
  const Shape &h = node.shape_in(shapes, 4), &c = node.shape_in(shapes, 5);
  const bool ranks = x.rank() == 3 && w.rank() == 2 && r.rank() == 2 && h.rank() == 2;
  if (!ranks || w[1] != x[2] || w[0] % 4 != 0 || r[0] != w[0] || r[1] != w[0] / 4 ||
      node.input(3).shape.elements() != w[0] || h[0] != x[options.time_major() ? 1 : 0] ||
      h[1] != r[1] || c != h || w[1] > 65536 || r[1] > 65536) {
    return node.fail(Code::InvalidModel,
                     "its shapes do not fit: input %s, weights %s and %s, state %s",
                     x.str().c_str(), w.str().c_str(), r.str().c_str(), h.str().c_str());
  }
  set_output(node, shapes, 0, {x[0], x[1], r[1]});
  return {};
}

Status prepare(const Node& node, const BuildContext& context, std::unique_ptr<OpKernel>* kernel) {
  return node.input(0).type == DType::S8 ? prepare_lstm_s8(node, context, kernel)
                                         : prepare_lstm_f32(node, kernel);
}

}  // namespace

LstmShape lstm_shape(const Node& node, const Shapes& shapes) {
  const Shape& x = node.shape_in(shapes, 0);
  const bool time_major = node.options<fb::Lstm>().time_major();
  LstmShape s;
  s.batch = static_cast<size_t>(x[time_major ? 1 : 0]);
  s.steps = static_cast<size_t>(x[time_major ? 0 : 1]);
  s.inputs = static_cast<size_t>(x[2]);
  s.units = static_cast<size_t>(node.shape_in(shapes, 2)[1]);
  s.step_stride = time_major ? s.batch : 1;
  s.batch_stride = time_major ? 1 : s.steps;
  return s;
}

const OpDef kLstmOp = {fb::OpOptions::Lstm, infer, prepare};

}  // namespace qrt::rt
