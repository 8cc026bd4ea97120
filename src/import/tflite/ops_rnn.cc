// UNIDIRECTIONAL_SEQUENCE_LSTM. Its four gates' weights and biases become one matrix and one vector
// each, in the order input, forget, cell, output.
#include <iterator>

#include "src/import/tflite/op_table.h"

namespace qrt::import::tflite {
namespace {

// Positions of the operator's inputs.
constexpr int kInputWeights = 1, kRecurrentWeights = 5, kPeephole = 9, kBias = 12, kProjection = 16,
              kHiddenState = 18, kCellState = 19, kLayerNorm = 20;
constexpr int kGates = 4;
// Position among the intermediates of what carries the hidden state's quantization.
constexpr size_t kHiddenIntermediate = 4;

Status check_variant(const OpContext& op) {
  for (int i = kPeephole; i < kPeephole + 3; ++i) {
    if (op.has_input(i)) return Status(Code::Unsupported, "has peephole connections");
  }
  if (op.has_input(kProjection) || op.has_input(kProjection + 1)) {
    return Status(Code::Unsupported, "has a projection");
  }
  for (int i = kLayerNorm; i < kLayerNorm + kGates; ++i) {
    if (op.has_input(i)) return Status(Code::Unsupported, "has layer normalization");
  }
  if (!op.has_input(kInputWeights) || !op.has_input(kRecurrentWeights)) {
    return Status(Code::Unsupported, "couples its input gate and forget gate");
  }
  for (int i = 2; i <= kCellState; ++i) {
    if ((i < kPeephole || (i >= kBias && i < kProjection) || i >= kHiddenState) &&
        !op.has_input(i)) {
      return error(Code::InvalidModel, "its input %d is absent", i);
    }
  }
  return {};
}

// What the gates' weights must agree on, and their place in the whole.
struct Gates {
  DType type;
  std::vector<int32_t> shape;  // of one gate: [H,I], [H,H] or [H]
};

Status check_gates(const OpContext& op, int first, const char* what, const Gates& gates) {
  for (int i = first; i < first + kGates; ++i) {
    QRT_RETURN_IF_ERROR(op.expect_constant(i, what));
    const Value& gate = op.in(i);
    if (gate.shape != gates.shape || gate.type != gates.type) {
      return error(Code::InvalidModel, "its %s '%s' of %s in %s differ from %s in %s", what,
                   shortened(gate.name).c_str(),
                   rt::Shape(gate.shape.data(), gate.shape.size()).str().c_str(),
                   rt::dtype_name(gate.type),
                   rt::Shape(gates.shape.data(), gates.shape.size()).str().c_str(),
                   rt::dtype_name(gates.type));
    }
    if (gate.quantization.axis > 0) {
      return error(Code::Unsupported, "its %s are not quantized along their outputs", what);
    }
  }
  return {};
}

// Each gate's one scale stands for all of its H rows.
Status append_quantization(const Value& gate, Quantization* whole) {
  const Quantization& part = gate.quantization;
  const auto rows = static_cast<size_t>(gate.shape[0]);
  if (part.empty()) {
    return error(Code::InvalidModel, "its weights '%s' have no quantization",
                 shortened(gate.name).c_str());
  }
  if (!part.zero_points.empty()) {
    return error(Code::Unsupported, "its weights '%s' have a zero point other than 0",
                 shortened(gate.name).c_str());
  }
  for (size_t row = 0; row < rows; ++row) {
    whole->scales.push_back(part.scales[part.scales.size() == 1 ? 0 : row]);
  }
  return {};
}

// The gates one below the other, as a constant.
Status join_gates(OpContext& op, int first, const char* suffix, const Gates& gates, int* result) {
  graph::Bytes bytes;
  Quantization quantization;
  for (int i = first; i < first + kGates; ++i) {
    const Value& gate = op.in(i);
    bytes.insert(bytes.end(), gate.data->begin(), gate.data->end());
    if (gates.type != DType::S8) continue;
    quantization.axis = 0;
    QRT_RETURN_IF_ERROR(append_quantization(gate, &quantization));
  }
  std::vector<int32_t> shape = gates.shape;
  shape[0] *= kGates;
  return op.add_constant(op.out().name + suffix, gates.type, std::move(shape), std::move(bytes),
                         std::move(quantization), result);
}

Status check_state(const OpContext& op, int i, const char* what, DType type, int32_t batch,
                   int32_t hidden) {
  const Value& state = op.in(i);
  if (!state.variable) {
    return error(Code::Unsupported, "its %s '%s' is not a variable", what,
                 shortened(state.name).c_str());
  }
  if (state.type != type || state.shape != std::vector<int32_t>{batch, hidden}) {
    return error(Code::InvalidModel, "its %s '%s' is %s of %s, not %dx%d of %s", what,
                 shortened(state.name).c_str(),
                 rt::Shape(state.shape.data(), state.shape.size()).str().c_str(),
                 rt::dtype_name(state.type), batch, hidden, rt::dtype_name(type));
  }
  return {};
}

// In s8 the new hidden state is first written with a quantization of its own; without the
// intermediate it is that of the state.
Status read_hidden_quantization(OpContext& op, fb::LstmT* lstm) {
  Quantization hidden;
  QRT_RETURN_IF_ERROR(op.intermediate(kHiddenIntermediate, &hidden));
  if (hidden.empty()) hidden = op.in(kHiddenState).quantization;
  if (hidden.scales.size() != 1) {
    return Status(Code::InvalidModel, "its hidden state has no quantization");
  }
  lstm->hidden_scale = hidden.scales[0];
  lstm->hidden_zero_point = hidden.zero_point();
  return {};
}

Status read_attributes(OpContext& op, fb::LstmT* lstm) {
  const tfl::UnidirectionalSequenceLSTMOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  if (options->activation() != tfl::Activation::TANH) {
    return error(Code::Unsupported, "its activation is %d, not TANH",
                 static_cast<int>(options->activation()));
  }
  if (options->diagonal_recurrent_tensors()) {
    return Status(Code::Unsupported, "its recurrent weights are diagonal");
  }
  lstm->time_major = options->time_major();
  lstm->cell_clip = options->cell_clip();
  if (op.in(0).type == DType::S8) return read_hidden_quantization(op, lstm);
  return {};
}

Status sequence_lstm(OpContext& op) {
  QRT_RETURN_IF_ERROR(check_variant(op));
  const bool quantized = op.in(0).type == DType::S8;
  if (!quantized && op.in(0).type != DType::F32) {
    return error(Code::Unsupported, "its input is %s, not f32 or s8",
                 rt::dtype_name(op.in(0).type));
  }
  fb::LstmT lstm;
  QRT_RETURN_IF_ERROR(read_attributes(op, &lstm));
  QRT_RETURN_IF_ERROR(op.expect_rank(0, "input", 3));
  QRT_RETURN_IF_ERROR(op.expect_rank(kInputWeights, "input weights", 2));
  const int32_t batch = op.shape(0)[lstm.time_major ? 1 : 0], inputs = op.shape(0)[2];
  const int32_t hidden = op.shape(kInputWeights)[0];
  if (hidden > INT32_MAX / kGates) return Status(Code::InvalidModel, "has too many cells");

  // f32 activations with s8 weights occur; other mixes do not.
  const DType weight_type = op.in(kInputWeights).type;
  if (weight_type != DType::S8 && (quantized || weight_type != DType::F32)) {
    return error(Code::Unsupported, "its weights are %s beside an input of %s",
                 rt::dtype_name(weight_type), rt::dtype_name(op.in(0).type));
  }
  const Gates input_gates{weight_type, {hidden, inputs}};
  const Gates recurrent_gates{weight_type, {hidden, hidden}};
  const Gates biases{quantized ? DType::S32 : DType::F32, {hidden}};
  QRT_RETURN_IF_ERROR(check_gates(op, kInputWeights, "input weights", input_gates));
  QRT_RETURN_IF_ERROR(check_gates(op, kRecurrentWeights, "recurrent weights", recurrent_gates));
  QRT_RETURN_IF_ERROR(check_gates(op, kBias, "bias", biases));
  QRT_RETURN_IF_ERROR(check_state(op, kHiddenState, "hidden state",
                                  quantized ? DType::S8 : DType::F32, batch, hidden));
  QRT_RETURN_IF_ERROR(check_state(op, kCellState, "cell state", quantized ? DType::S16 : DType::F32,
                                  batch, hidden));

  int weights, recurrent, bias;
  QRT_RETURN_IF_ERROR(join_gates(op, kInputWeights, "/weights", input_gates, &weights));
  QRT_RETURN_IF_ERROR(join_gates(op, kRecurrentWeights, "/recurrent", recurrent_gates, &recurrent));
  QRT_RETURN_IF_ERROR(join_gates(op, kBias, "/bias", biases, &bias));
  if (!quantized) {
    QRT_RETURN_IF_ERROR(op.dequantized(weights, &weights));
    QRT_RETURN_IF_ERROR(op.dequantized(recurrent, &recurrent));
  }
  return op.emit(
      std::move(lstm),
      {op.input(0), weights, recurrent, bias, op.input(kHiddenState), op.input(kCellState)},
      {op.output()});
}

constexpr OpRule kRules[] = {
    {tfl::Builtin::UNIDIRECTIONAL_SEQUENCE_LSTM, 1, 24, 1, 1, sequence_lstm},
};

}  // namespace

rt::Span<const OpRule> rnn_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
