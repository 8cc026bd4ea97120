// UNIDIRECTIONAL_SEQUENCE_LSTM and SVDF. An LSTM's four gates' weights and biases become one matrix
// and one vector each, in the order input, forget, cell, output.
#include <cmath>
#include <cstring>
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

// SVDF: inputs x [B,I], feature weights [F,I], time weights [F,M], bias [U] or none, and a state
// [B,F*M] that holds the last M features of each of F = U * rank filters. A step appends x's
// features to it; each of U units sums its filters' products over time.
class Svdf {
 public:
  explicit Svdf(OpContext& op) : op_(op) {}

  Status run() {
    QRT_RETURN_IF_ERROR(read());
    int features, old, moved, weights, summed;
    QRT_RETURN_IF_ERROR(new_features(&features));
    const DType type = op_.in(4).type;
    const Quantization q = op_.in(4).quantization;
    old = op_.add_inner("/old", type, Quantization(q));
    QRT_RETURN_IF_ERROR(op_.emit(fb::ReadVariableT(), {op_.input(4)}, {old}));
    QRT_RETURN_IF_ERROR(append(features, old, &moved));
    int kept;
    QRT_RETURN_IF_ERROR(reshaped(moved, {batch_, filters_ * memory_}, "/kept", &kept));
    QRT_RETURN_IF_ERROR(op_.emit(fb::AssignVariableT(), {op_.input(4), kept}, {}));
    QRT_RETURN_IF_ERROR(op_.dequantized(moved, &moved));
    QRT_RETURN_IF_ERROR(op_.dequantized(op_.input(2), &weights));
    const int products = op_.add_inner("/products", DType::F32);
    fb::BinaryT product;
    product.kind = fb::BinaryKind::Mul;
    QRT_RETURN_IF_ERROR(op_.emit(std::move(product), {moved, weights}, {products}));
    QRT_RETURN_IF_ERROR(sum(products, "/filters", &summed));
    if (rank_ > 1) {
      int by_unit;
      QRT_RETURN_IF_ERROR(reshaped(summed, {batch_, filters_ / rank_, rank_}, "/ranks", &by_unit));
      QRT_RETURN_IF_ERROR(sum(by_unit, "/units", &summed));
    }
    return finish(summed);
  }

 private:
  Status read() {
    const tfl::SVDFOptions* options;
    QRT_RETURN_IF_ERROR(op_.options(&options));
    if (!op_.has_input(4)) return Status(Code::InvalidModel, "has no state");
    QRT_RETURN_IF_ERROR(op_.expect_rank(0, "input", 2));
    QRT_RETURN_IF_ERROR(op_.expect_rank(1, "feature weights", 2));
    QRT_RETURN_IF_ERROR(op_.expect_rank(2, "time weights", 2));
    activation_ = options->activation();
    rank_ = options->rank();
    batch_ = op_.shape(0)[0];
    filters_ = op_.shape(1)[0];
    memory_ = op_.shape(2)[1];
    const int32_t inputs = op_.shape(0)[1], depth = op_.shape(1)[1], rows = op_.shape(2)[0];
    if (depth != inputs || rows != filters_ || rank_ < 1 || filters_ % rank_ != 0) {
      return error(Code::InvalidModel,
                   "has %d filters of %d for %d inputs, time weights of %d and rank %d", filters_,
                   depth, inputs, rows, rank_);
    }
    if (int64_t{filters_} * memory_ > INT32_MAX) {
      return error(Code::InvalidModel, "keeps %d features of %d filters", memory_, filters_);
    }
    return check_state(op_, 4, "state", op_.in(0).type == DType::F32 ? DType::F32 : DType::S16,
                       batch_, filters_ * memory_);
  }

  // [B,F], as the state holds them.
  Status new_features(int* features) {
    int x, weights;
    QRT_RETURN_IF_ERROR(op_.dequantized(op_.input(0), &x));
    QRT_RETURN_IF_ERROR(op_.dequantized(op_.input(1), &weights));
    *features = op_.add_inner("/features", DType::F32);
    QRT_RETURN_IF_ERROR(op_.emit(fb::FullyConnectedT(), {x, weights, kAbsent}, {*features}));
    if (op_.in(4).type == DType::F32) return {};
    const int floats = *features;
    *features = op_.add_inner("/features/q", op_.in(4).type, Quantization(op_.in(4).quantization));
    return op_.emit(fb::QuantizeT(), {floats}, {*features});
  }

  // The state [B,F,M] without its oldest features and with the new ones.
  Status append(int features, int old, int* moved) {
    QRT_RETURN_IF_ERROR(reshaped(features, {batch_, filters_, 1}, "/new", moved));
    if (memory_ == 1) return {};
    const int added = *moved;
    const DType type = op_.in(4).type;
    const Quantization q = op_.in(4).quantization;
    int all;
    QRT_RETURN_IF_ERROR(reshaped(old, {batch_, filters_, memory_}, "/all", &all));
    const int later = op_.add_inner("/later", type, Quantization(q));
    fb::SliceT slice;
    slice.begins = {0, 0, 1};
    slice.ends = {batch_, filters_, memory_};
    slice.strides = {1, 1, 1};
    QRT_RETURN_IF_ERROR(op_.emit(std::move(slice), {all}, {later}));
    *moved = op_.add_inner("/moved", type, Quantization(q));
    fb::ConcatT concat;
    concat.axis = 2;
    return op_.emit(std::move(concat), {later, added}, {*moved});
  }

  Status reshaped(int value, const Dims& shape, const char* suffix, int* result) {
    return op_.reshaped(value, shape, suffix, result);
  }

  // Over the last of three axes.
  Status sum(int value, const char* suffix, int* result) {
    fb::ReduceT reduce;
    reduce.kind = fb::ReduceKind::Sum;
    reduce.axes = {2};
    *result = op_.add_inner(suffix, DType::F32);
    return op_.emit(std::move(reduce), {value}, {*result});
  }

  Status finish(int units) {
    int bias = kAbsent;
    if (op_.has_input(3)) QRT_RETURN_IF_ERROR(real_bias(&bias));
    const bool floats = op_.out().type == DType::F32;
    FusedActivation activation;
    if (floats) QRT_RETURN_IF_ERROR(activation.begin(op_, activation_));
    const bool clamps = activation_ == tfl::Activation::RELU;
    if (!floats && !clamps && activation_ != tfl::Activation::NONE) {
      return error(Code::Unsupported, "has integers and activation %d",
                   static_cast<int>(activation_));
    }
    const int result = floats ? activation.output() : op_.add_inner("/real", DType::F32);
    auto clamp = floats ? activation.clamp() : clamps ? graph::make_clamp(0, INFINITY) : nullptr;
    if (bias != kAbsent) {
      fb::BinaryT add;
      add.clamp = std::move(clamp);
      QRT_RETURN_IF_ERROR(op_.emit(std::move(add), {units, bias}, {result}));
    } else {
      fb::UnaryT clip;
      clip.clamp = std::move(clamp);
      QRT_RETURN_IF_ERROR(op_.emit(std::move(clip), {units}, {result}));
    }
    return floats ? activation.finish(op_) : op_.emit(fb::QuantizeT(), {result}, {op_.output()});
  }

  // In s32 it has steps of the state's and the time weights'.
  Status real_bias(int* bias) {
    *bias = op_.input(3);
    if (op_.in(3).type == DType::F32) return {};
    QRT_RETURN_IF_ERROR(op_.expect_constant(3, "bias"));
    const Quantization &state = op_.in(4).quantization, &time = op_.in(2).quantization;
    if (op_.in(3).type != DType::S32 || state.scales.size() != 1 || time.scales.size() != 1) {
      return Status(Code::Unsupported, "has a bias without one scale");
    }
    graph::Bytes reals(op_.in(3).data->size());
    const double step = double{state.scales[0]} * time.scales[0];
    for (size_t i = 0; i < reals.size(); i += sizeof(int32_t)) {
      int32_t steps;
      std::memcpy(&steps, op_.in(3).data->data() + i, sizeof steps);
      const auto real = static_cast<float>(steps * step);
      std::memcpy(&reals[i], &real, sizeof real);
    }
    return op_.add_constant(op_.out().name + "/bias", DType::F32,
                            std::vector<int32_t>(op_.in(3).shape), std::move(reals), {}, bias);
  }

  OpContext& op_;
  tfl::Activation activation_ = tfl::Activation::NONE;
  int32_t rank_ = 1, batch_ = 0, filters_ = 0, memory_ = 0;
};

Status svdf(OpContext& op) { return Svdf(op).run(); }

constexpr OpRule kRules[] = {
    {tfl::Builtin::SVDF, 3, 5, 1, 1, svdf},
    {tfl::Builtin::UNIDIRECTIONAL_SEQUENCE_LSTM, 1, 24, 1, 1, sequence_lstm},
};

}  // namespace

rt::Span<const OpRule> rnn_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
