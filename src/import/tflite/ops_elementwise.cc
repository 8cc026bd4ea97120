// Operators that work element by element, with and without broadcasting.
#include <limits>

#include "src/import/tflite/op_table.h"

namespace qrt::import::tflite {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;
using tfl::Builtin;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Status emit_binary(OpContext& op, BinaryKind kind, tfl::Activation fused) {
  FusedActivation activation;
  QRT_RETURN_IF_ERROR(activation.begin(op, fused));
  fb::BinaryT binary;
  binary.kind = kind;
  binary.clamp = activation.clamp();
  QRT_RETURN_IF_ERROR(
      op.emit(std::move(binary), {op.input(0), op.input(1)}, {activation.output()}));
  return activation.finish(op);
}

template <BinaryKind kind>
Status binary(OpContext& op) {
  return emit_binary(op, kind, tfl::Activation::NONE);
}

// Options hold a fused activation.
template <BinaryKind kind, class Options>
Status activated_binary(OpContext& op) {
  const auto* options = op.options<Options>();
  return emit_binary(op, kind, options != nullptr ? options->activation() : tfl::Activation::NONE);
}

template <UnaryKind kind>
Status unary(OpContext& op) {
  fb::UnaryT unary;
  unary.kind = kind;
  return op.emit(std::move(unary), {op.input(0)}, {op.output()});
}

Status clip(OpContext& op, float min, float max) {
  fb::UnaryT clip;
  clip.kind = UnaryKind::Clip;
  clip.clamp = graph::make_clamp(min, max);
  return op.emit(std::move(clip), {op.input(0)}, {op.output()});
}
Status relu(OpContext& op) { return clip(op, 0, kInfinity); }
Status relu6(OpContext& op) { return clip(op, 0, 6); }
Status relu_n1_to_1(OpContext& op) { return clip(op, -1, 1); }
Status relu_0_to_1(OpContext& op) { return clip(op, 0, 1); }

Status elu(OpContext& op) {
  fb::UnaryT unary;
  unary.kind = UnaryKind::Elu;
  unary.alpha = 1;
  return op.emit(std::move(unary), {op.input(0)}, {op.output()});
}

Status leaky_relu(OpContext& op) {
  const tfl::LeakyReluOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  fb::UnaryT unary;
  unary.kind = UnaryKind::LeakyRelu;
  unary.alpha = options->alpha();
  return op.emit(std::move(unary), {op.input(0)}, {op.output()});
}

// max(x, 0) + slope * min(x, 0), with a slope for each channel. In integers the product is rounded
// in steps of the result, and one of the two terms is always exactly zero: the sum rounds no more.
Status prelu(OpContext& op) {
  const DType type = op.in(0).type;
  const bool integers = type == DType::S8 || type == DType::U8 || type == DType::S16;
  const auto scaled_once = [](const Quantization& q) { return q.scales.size() == 1; };
  const bool quantized = integers && scaled_once(op.in(0).quantization) &&
                         scaled_once(op.in(1).quantization) && scaled_once(op.out().quantization);
  if (op.in(1).type != type || op.out().type != type || !(type == DType::F32 || quantized)) {
    return error(Code::Unsupported, "PRELU of %s with slopes of %s", rt::dtype_name(type),
                 rt::dtype_name(op.in(1).type));
  }
  const auto add_part = [&](const char* suffix, const Quantization& q) {
    return op.add_inner(suffix, type, Quantization(q));
  };
  const Quantization given = op.in(0).quantization, wanted = op.out().quantization;
  const int above = add_part("/above", given), below = add_part("/below", given);
  const int scaled = add_part("/scaled", wanted);
  fb::UnaryT positive, negative;
  positive.clamp = graph::make_clamp(0, kInfinity);
  negative.clamp = graph::make_clamp(-kInfinity, 0);
  fb::BinaryT product, sum;
  product.kind = BinaryKind::Mul;
  QRT_RETURN_IF_ERROR(op.emit(std::move(positive), {op.input(0)}, {above}));
  QRT_RETURN_IF_ERROR(op.emit(std::move(negative), {op.input(0)}, {below}));
  QRT_RETURN_IF_ERROR(op.emit(std::move(product), {below, op.input(1)}, {scaled}));
  return op.emit(std::move(sum), {above, scaled}, {op.output()});
}

Status gelu(OpContext& op) {
  const auto* options = op.options<tfl::GeluOptions>();
  fb::UnaryT unary;
  unary.kind = options != nullptr && options->approximate() ? UnaryKind::GeluTanh : UnaryKind::Gelu;
  return op.emit(std::move(unary), {op.input(0)}, {op.output()});
}

Status softmax(OpContext& op) {
  const tfl::SoftmaxOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  fb::SoftmaxT softmax;
  softmax.beta = options->beta();
  return op.emit(std::move(softmax), {op.input(0)}, {op.output()});
}

Status log_softmax(OpContext& op) {
  fb::SoftmaxT softmax;
  softmax.log = true;
  return op.emit(std::move(softmax), {op.input(0)}, {op.output()});
}

Status select_v2(OpContext& op) {
  return op.emit(fb::SelectT(), {op.input(0), op.input(1), op.input(2)}, {op.output()});
}

// The older operator does not broadcast; a vector as condition chooses along the first axis.
Status select(OpContext& op) {
  const int rank = op.rank(1);
  if (op.rank(0) != 1 || rank <= 1) return select_v2(op);
  Dims shape(at(rank), 1);
  shape[0] = op.shape(0)[0];
  int condition;
  QRT_RETURN_IF_ERROR(op.reshaped(op.input(0), shape, "/condition", &condition));
  return op.emit(fb::SelectT(), {condition, op.input(1), op.input(2)}, {op.output()});
}

constexpr OpRule kRules[] = {
    {Builtin::ADD, 2, 2, 1, 1, activated_binary<BinaryKind::Add, tfl::AddOptions>},
    {Builtin::SUB, 2, 2, 1, 1, activated_binary<BinaryKind::Sub, tfl::SubOptions>},
    {Builtin::MUL, 2, 2, 1, 1, activated_binary<BinaryKind::Mul, tfl::MulOptions>},
    {Builtin::DIV, 2, 2, 1, 1, activated_binary<BinaryKind::Div, tfl::DivOptions>},
    {Builtin::FLOOR_DIV, 2, 2, 1, 1, binary<BinaryKind::FloorDiv>},
    {Builtin::FLOOR_MOD, 2, 2, 1, 1, binary<BinaryKind::FloorMod>},
    {Builtin::MINIMUM, 2, 2, 1, 1, binary<BinaryKind::Min>},
    {Builtin::MAXIMUM, 2, 2, 1, 1, binary<BinaryKind::Max>},
    {Builtin::POW, 2, 2, 1, 1, binary<BinaryKind::Pow>},
    {Builtin::SQUARED_DIFFERENCE, 2, 2, 1, 1, binary<BinaryKind::SquaredDifference>},
    {Builtin::EQUAL, 2, 2, 1, 1, binary<BinaryKind::Equal>},
    {Builtin::NOT_EQUAL, 2, 2, 1, 1, binary<BinaryKind::NotEqual>},
    {Builtin::LESS, 2, 2, 1, 1, binary<BinaryKind::Less>},
    {Builtin::LESS_EQUAL, 2, 2, 1, 1, binary<BinaryKind::LessEqual>},
    {Builtin::GREATER, 2, 2, 1, 1, binary<BinaryKind::Greater>},
    {Builtin::GREATER_EQUAL, 2, 2, 1, 1, binary<BinaryKind::GreaterEqual>},
    {Builtin::LOGICAL_AND, 2, 2, 1, 1, binary<BinaryKind::And>},
    {Builtin::LOGICAL_OR, 2, 2, 1, 1, binary<BinaryKind::Or>},
    {Builtin::RELU, 1, 1, 1, 1, relu},
    {Builtin::RELU6, 1, 1, 1, 1, relu6},
    {Builtin::RELU_N1_TO_1, 1, 1, 1, 1, relu_n1_to_1},
    {Builtin::RELU_0_TO_1, 1, 1, 1, 1, relu_0_to_1},
    {Builtin::LOGICAL_NOT, 1, 1, 1, 1, unary<UnaryKind::Not>},
    {Builtin::LOGISTIC, 1, 1, 1, 1, unary<UnaryKind::Logistic>},
    {Builtin::TANH, 1, 1, 1, 1, unary<UnaryKind::Tanh>},
    {Builtin::SQRT, 1, 1, 1, 1, unary<UnaryKind::Sqrt>},
    {Builtin::RSQRT, 1, 1, 1, 1, unary<UnaryKind::Rsqrt>},
    {Builtin::EXP, 1, 1, 1, 1, unary<UnaryKind::Exp>},
    {Builtin::LOG, 1, 1, 1, 1, unary<UnaryKind::Log>},
    {Builtin::NEG, 1, 1, 1, 1, unary<UnaryKind::Neg>},
    {Builtin::ABS, 1, 1, 1, 1, unary<UnaryKind::Abs>},
    {Builtin::SQUARE, 1, 1, 1, 1, unary<UnaryKind::Square>},
    {Builtin::FLOOR, 1, 1, 1, 1, unary<UnaryKind::Floor>},
    {Builtin::CEIL, 1, 1, 1, 1, unary<UnaryKind::Ceil>},
    {Builtin::ROUND, 1, 1, 1, 1, unary<UnaryKind::Round>},
    {Builtin::SIN, 1, 1, 1, 1, unary<UnaryKind::Sin>},
    {Builtin::COS, 1, 1, 1, 1, unary<UnaryKind::Cos>},
    {Builtin::SIGN, 1, 1, 1, 1, unary<UnaryKind::Sign>},
    {Builtin::HARD_SWISH, 1, 1, 1, 1, unary<UnaryKind::HardSwish>},
    {Builtin::ELU, 1, 1, 1, 1, elu},
    {Builtin::LEAKY_RELU, 1, 1, 1, 1, leaky_relu},
    {Builtin::PRELU, 2, 2, 1, 1, prelu},
    {Builtin::GELU, 1, 1, 1, 1, gelu},
    {Builtin::SOFTMAX, 1, 1, 1, 1, softmax},
    {Builtin::LOG_SOFTMAX, 1, 1, 1, 1, log_softmax},
    {Builtin::SELECT, 3, 3, 1, 1, select},
    {Builtin::SELECT_V2, 3, 3, 1, 1, select_v2},
};

}  // namespace

rt::Span<const OpRule> elementwise_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
