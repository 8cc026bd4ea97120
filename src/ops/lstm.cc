// Lstm: one long short-term memory layer over a sequence (Hochreiter and Schmidhuber, 1997),
// without peepholes or projection. Checks, shapes and the order of steps; the arithmetic of a step
// is lstm_quantized.cc and lstm_f32.cc.
#include "src/ops/lstm.h"

namespace qrt::rt {
namespace {

Choice choose(const Node& node, const ChooseContext& context) {
  return node.input(0).type == DType::S8 ? choose_lstm_s8(node, context) : choose_lstm_f32();
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

const OpDef kLstmOp = {choose};

}  // namespace qrt::rt
