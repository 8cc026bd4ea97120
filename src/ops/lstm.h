// What the integer and the float LSTM share.
#pragma once

#include "src/ops/common.h"

namespace qrt::rt {

struct LstmShape {
  size_t batch = 0, steps = 0, inputs = 0, units = 0;
  // Row of x and of the output that holds step t of sequence b: t * step_stride + b * batch_stride.
  size_t step_stride = 0, batch_stride = 0;

  size_t row(size_t t, size_t b) const { return t * step_stride + b * batch_stride; }
};
LstmShape lstm_shape(const Node& node, const Shapes& shapes);

struct LstmState : OpState {
  LstmShape shape;
};

// Gates in the order of the weights' rows.
enum LstmGate { kInputGate = 0, kForgetGate = 1, kCellGate = 2, kOutputGate = 3 };

Choice choose_lstm_s8(const Node& node, const ChooseContext& context);
Choice choose_lstm_f32();

}  // namespace qrt::rt
