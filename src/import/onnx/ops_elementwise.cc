#include <algorithm>
#include <cmath>

#include "src/base/dtype.h"
#include "src/import/onnx/ops.h"
#include "src/import/onnx/steps.h"
#include "src/import/onnx/tensor_proto.h"

namespace qrt::import::onnx_import {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;

// Emits `unary(x)` as output 0.
void emit_unary(Call& c, UnaryKind kind, Tensor& x, float alpha = 0, float beta = 0,
                std::unique_ptr<fb::ClampT> clamp = nullptr) {
  fb::UnaryT options;
  options.kind = kind;
  options.alpha = alpha;
  options.beta = beta;
  options.clamp = std::move(clamp);
  c.move(std::move(options), x, x.order(), x.order());
}

// A clamp between real numbers; limits may be infinite.
void emit_clip(Call& c, Tensor& x, float low, float high) {
  if (std::isnan(low) || std::isnan(high)) unsupported("a limit that is no number");
  low = std::min(low, high);  // ONNX: where they cross, everything becomes the maximum
  auto clamp = graph::make_clamp(low, high);
  if (clamp == nullptr) return c.out_same(0, c.pointer(0));
  emit_unary(c, UnaryKind::Clip, x, 0, 0, std::move(clamp));
}

// The quantization of the values that a tensor holds; null without one.
const Quantization* quantization_of(Call& c, const Tensor& x) {
  const Quantization& q = c.b.graph.value(x.forms.front().value).quantization;
  return q.empty() ? nullptr : &q;
}

// A clamp of quantized integers, as a clamp of the real numbers they stand for.
void clip_quantized(Call& c, Tensor& x, const Quantization& q, std::optional<int64_t> low,
                    std::optional<int64_t> high) {
  if (q.scales.size() != 1) unsupported("a limit of values that are quantized per channel");
  const auto real = [&](int64_t limit) {
    return static_cast<float>(static_cast<double>(limit - q.zero_point()) * q.scales[0]);
  };
  emit_clip(c, x, low ? real(*low) : -INFINITY, high ? real(*high) : INFINITY);
}

// Integers of which libqrt's arithmetic has only the wider: the result is the wider one's, cut off.
bool is_narrow(DType type) { return type == DType::S8 || type == DType::U8 || type == DType::S16; }

// All inputs as s32, as constants or by Casts.
std::vector<TensorPtr> widened_inputs(Call& c) {
  std::vector<TensorPtr> inputs;
  for (size_t i = 0; i < c.inputs(); ++i) {
    inputs.push_back(c.has(i) ? c.pointer(i) : nullptr);
    if (!c.has(i) || !is_narrow(c.in(i).type)) continue;
    const std::string suffix = "wide" + std::to_string(i);
    const int wide = c.b.value(c.temporary(suffix.c_str()), DType::S32);
    c.emit(fb::CastT{}, {c.b.form(c.in(i), c.in(i).order())}, {wide});
    inputs[i] = std::make_shared<Tensor>(c.inner(suffix.c_str(), wide, c.in(i).order()));
  }
  return inputs;
}

// Output 0, which was computed as s32, in the inputs' type.
void narrow_output(Call& c, DType type) {
  Tensor wide = *c.results[0];
  if (wide.type != DType::S32) return;
  c.emit(fb::CastT{}, {c.b.form(wide, wide.order())}, {c.out(0, type, wide.order())});
}

void clip_by_comparing(Call& c) {
  check_not_quantized(c);
  if (is_narrow(c.in(0).type)) {
    const DType type = c.in(0).type;
    c.replace_inputs(widened_inputs(c));
    clip_by_comparing(c);
    return narrow_output(c, type);
  }
  Tensor& x = c.in(0);
  const Order order = x.order();
  TensorPtr current = c.pointer(0);
  for (size_t i = 1; i <= 2; ++i) {
    if (!c.has(i)) continue;
    check_same_type({&x, &c.in(i)});
    if (checked_elements(c.in(i).shape) != 1 || c.in(i).rank() > x.rank()) {
      invalid("a limit that is no scalar");
    }
    const BinaryKind kind = i == 1 ? BinaryKind::Max : BinaryKind::Min;
    const bool last = i == 2 || !c.has(2);
    const int value = emit_binary(c, kind, *current, c.in(i), order,
                                  last ? c.output_name(0) : c.temporary("low"));
    c.out_value(0, value, order);
    current = c.results[0];
  }
  if (current == c.pointer(0)) c.out_same(0, current);
}

}  // namespace

Order common_order(const std::vector<Tensor*>& tensors, size_t rank) {
  Order order = plain_order(rank);
  int64_t largest = 0;
  for (const Tensor* tensor : tensors) {
    if (tensor->fixed || tensor->rank() != rank) continue;
    const int64_t elements = least_elements(tensor->shape);
    if (elements > largest || (elements == largest && order == plain_order(rank))) {
      largest = elements;
      order = tensor->order();
    }
  }
  return order;
}

void check_same_type(const std::vector<Tensor*>& tensors) {
  for (const Tensor* tensor : tensors) {
    if (tensor->type != tensors.front()->type) {
      invalid("inputs of types %s and %s", rt::dtype_name(tensors.front()->type),
              rt::dtype_name(tensor->type));
    }
  }
}

void check_not_quantized(Call& c) {
  for (size_t i = 0; i < c.inputs(); ++i) {
    if (c.has(i) && quantization_of(c, c.in(i)) != nullptr) {
      unsupported("arithmetic on quantized integers");
    }
  }
}

int emit_binary(Call& c, BinaryKind kind, Tensor& a, Tensor& b, const Order& order,
                const std::string& name) {
  const int left = c.b.broadcast_form(a, order), right = c.b.broadcast_form(b, order);
  const int result = c.b.value(name, compares(kind) ? DType::Bool : a.type);
  fb::BinaryT options;
  options.kind = kind;
  c.emit(std::move(options), {left, right}, {result});
  return result;
}

namespace {

// Two inputs, or any number from which the operator is applied one after the other.
void import_binary(Call& c) {
  const auto kind = static_cast<BinaryKind>(c.variant);
  check_not_quantized(c);
  std::vector<Tensor*> inputs;
  for (size_t i = 0; i < c.inputs(); ++i) inputs.push_back(&c.in(i));
  check_same_type(inputs);
  if (inputs.size() == 1) return c.out_same(0, c.pointer(0));
  if (const DType type = inputs[0]->type; is_narrow(type)) {
    c.replace_inputs(widened_inputs(c));
    import_binary(c);
    return narrow_output(c, type);
  }
  Shape shape = inputs[0]->shape;
  for (const Tensor* input : inputs) shape = broadcast(c.b.dims(), shape, input->shape);
  TensorPtr current = c.pointer(0);
  for (size_t i = 1; i < inputs.size(); ++i) {
    const bool last = i + 1 == inputs.size();
    const size_t rank = std::max(current->rank(), inputs[i]->rank());
    const Order order = rank == shape.size() ? common_order(inputs, rank)
                                             : common_order({current.get(), inputs[i]}, rank);
    const int value = emit_binary(c, kind, *current, *inputs[i], order,
                                  last ? c.output_name(0) : c.temporary(std::to_string(i).c_str()));
    c.out_value(0, value, order);
    current = c.results[0];
  }
}

void import_pow(Call& c) {
  check_not_quantized(c);
  Tensor& x = c.in(0);
  // An exponent may be of another type.
  Tensor power = c.in(1);
  if (x.type != DType::F32 && power.type == x.type) return import_binary(c);
  if (power.type != x.type) {
    const Order order = power.order();
    const int cast = c.b.value(c.temporary("exponent"), x.type);
    c.emit(fb::CastT{}, {c.b.form(power, order)}, {cast});
    power = c.inner("exponent", cast, order);
    power.fixed = c.in(1).fixed;
  }
  const auto exponent = numbers_of(c.b, power);
  const Shape shape = broadcast(c.b.dims(), x.shape, power.shape);
  if (exponent && exponent->is_float() && exponent->size() == 1 && shape == x.shape) {
    const float number = exponent->floats[0];
    if (number == 1.0f) return c.out_same(0, c.pointer(0));
    if (number == 2.0f) return emit_unary(c, UnaryKind::Square, x);
    if (number == 0.5f) return emit_unary(c, UnaryKind::Sqrt, x);
  }
  const Order order = common_order({&x, &power}, shape.size());
  c.out_value(0, emit_binary(c, BinaryKind::Pow, x, power, order, c.output_name(0)), order);
}

void import_mod(Call& c) {
  if (!c.attributes.flag("fmod", false)) return import_binary(c);
  // C's remainder, which has the dividend's sign.
  check_not_quantized(c);
  check_same_type({&c.in(0), &c.in(1)});
  const Shape shape = broadcast(c.b.dims(), c.in(0).shape, c.in(1).shape);
  const Order order = common_order({&c.in(0), &c.in(1)}, shape.size());
  const int x = c.b.broadcast_form(c.in(0), order), y = c.b.broadcast_form(c.in(1), order);
  Steps steps(c);
  const int rest = steps.binary(BinaryKind::FloorMod, steps.unary(UnaryKind::Abs, x),
                                steps.unary(UnaryKind::Abs, y));
  steps.finish(steps.binary(BinaryKind::Mul, rest, steps.unary(UnaryKind::Sign, x)), order);
}

void import_mean(Call& c) {
  check_not_quantized(c);
  import_binary(c);
  if (c.inputs() == 1) return;
  Tensor sum = *c.results[0];
  Steps steps(c);
  const int count = steps.number(sum.type, static_cast<double>(c.inputs()));
  steps.finish(steps.binary(BinaryKind::Div, c.b.form(sum, sum.order()), count), sum.order());
}

void import_xor(Call& c) {
  for (size_t i = 0; i < 2; ++i) {
    if (c.in(i).type != DType::Bool) invalid("an input of type %s", rt::dtype_name(c.in(i).type));
  }
  import_binary(c);
}

void import_is_nan(Call& c) {
  Tensor& x = c.in(0);
  const int value = c.b.form(x, x.order());
  Steps steps(c);
  steps.finish(steps.binary(BinaryKind::NotEqual, value, value), x.order());
}

void import_is_inf(Call& c) {
  const bool negative = c.attributes.flag("detect_negative", true);
  const bool positive = c.attributes.flag("detect_positive", true);
  Tensor& x = c.floats(0);
  const int value = c.b.form(x, x.order());
  Steps steps(c);
  const auto is = [&](int what, float limit) {
    return steps.binary(BinaryKind::Equal, what, steps.number(limit));
  };
  int result;
  if (negative && positive) {
    result = is(steps.unary(UnaryKind::Abs, value), INFINITY);
  } else if (negative || positive) {
    result = is(value, positive ? INFINITY : -INFINITY);
  } else {
    result = steps.binary(BinaryKind::Less, value, steps.number(-INFINITY));  // never
  }
  steps.finish(result, x.order());
}

// x * sigmoid(alpha * x)
void import_swish(Call& c) {
  const float alpha = c.attributes.number("alpha", 1.0f);
  Tensor& x = c.floats(0);
  if (alpha == 1.0f) return emit_unary(c, UnaryKind::Silu, x);
  const int value = c.b.form(x, x.order());
  Steps steps(c);
  const int scaled = steps.binary(BinaryKind::Mul, value, steps.number(alpha));
  const int gate = steps.unary(UnaryKind::Logistic, scaled);
  steps.finish(steps.binary(BinaryKind::Mul, value, gate), x.order());
}

void import_unary(Call& c) {
  const auto kind = static_cast<UnaryKind>(c.variant);
  float alpha = 0, beta = 0;
  UnaryKind exact = kind;
  switch (kind) {
    case UnaryKind::LeakyRelu:
      alpha = c.attributes.number("alpha", 0.01f);
      break;
    case UnaryKind::Elu:
    case UnaryKind::Celu:
    case UnaryKind::ThresholdedRelu:
      alpha = c.attributes.number("alpha", 1.0f);
      break;
    case UnaryKind::Selu:
      alpha = c.attributes.number("alpha", 1.67326319217681884765625f);
      beta = c.attributes.number("gamma", 1.05070102214813232421875f);
      break;
    case UnaryKind::Shrink:
      alpha = c.attributes.number("lambd", 0.5f);
      beta = c.attributes.number("bias", 0.0f);
      break;
    case UnaryKind::HardSigmoid:
      alpha = c.attributes.number("alpha", 0.2f);
      beta = c.attributes.number("beta", 0.5f);
      break;
    case UnaryKind::Gelu: {
      const std::string approximate = c.attributes.word("approximate", "none");
      if (approximate == "tanh") {
        exact = UnaryKind::GeluTanh;
      } else if (approximate != "none") {
        unsupported("approximate='%s'", approximate.c_str());
      }
      break;
    }
    default:
      break;
  }
  check_not_quantized(c);
  Tensor& x = c.in(0);
  const bool logical = kind == UnaryKind::Not;
  if ((x.type == DType::Bool) != logical) invalid("an input of type %s", rt::dtype_name(x.type));
  emit_unary(c, exact, x, alpha, beta);
}

void import_relu(Call& c) {
  Tensor& x = c.in(0);
  if (const Quantization* q = quantization_of(c, x)) {
    return clip_quantized(c, x, Quantization(*q), 0, std::nullopt);
  }
  emit_clip(c, c.reals(0), 0.0f, INFINITY);
}

void import_clip(Call& c) {
  Tensor& x = c.in(0);
  if (c.attributes.has("min") || c.attributes.has("max")) {  // as it was before opset 11
    const float low = c.attributes.number("min", -INFINITY);
    return emit_clip(c, c.floats(0), low, c.attributes.number("max", INFINITY));
  }
  std::optional<Numbers> limits[2];
  for (size_t i = 0; i < 2; ++i) {
    if (!c.has(i + 1)) continue;
    check_same_type({&x, &c.in(i + 1)});
    limits[i] = numbers_of(c.b, c.in(i + 1));
    if (!limits[i]) return clip_by_comparing(c);
    if (limits[i]->size() != 1) invalid("a limit that is no scalar");
  }
  if (x.type == DType::F32) {
    return emit_clip(c, x, limits[0] ? limits[0]->floats[0] : -INFINITY,
                     limits[1] ? limits[1]->floats[0] : INFINITY);
  }
  if (const Quantization* q = quantization_of(c, x)) {
    const auto limit = [&](size_t i) {
      return limits[i] ? std::optional<int64_t>(limits[i]->integers[0]) : std::nullopt;
    };
    return clip_quantized(c, x, Quantization(*q), limit(0), limit(1));
  }
  clip_by_comparing(c);
}

// x where it is positive, slope * x elsewhere.
void import_prelu(Call& c) {
  Tensor &x = c.floats(0), &slope = c.floats(1);
  if (broadcast(c.b.dims(), x.shape, slope.shape) != x.shape)
    invalid("a slope larger than its input");
  if (const auto numbers = numbers_of(c.b, slope)) {
    const std::vector<float>& s = numbers->floats;
    if (!s.empty() && std::all_of(s.begin(), s.end(), [&](float v) { return v == s[0]; })) {
      return emit_unary(c, UnaryKind::LeakyRelu, x, s[0]);
    }
  }
  const Order order = x.order();
  const auto half = [&](float low, float high, const char* suffix) {
    const int value = c.b.value(c.temporary(suffix), DType::F32);
    fb::UnaryT options;
    options.kind = UnaryKind::Clip;
    options.clamp = graph::make_clamp(low, high);
    c.emit(std::move(options), {c.b.form(x, order)}, {value});
    return c.inner(suffix, value, order);
  };
  Tensor positive = half(0.0f, INFINITY, "positive");
  Tensor negative = half(-INFINITY, 0.0f, "negative");
  const int scaled = emit_binary(c, BinaryKind::Mul, negative, slope, order, c.temporary("scaled"));
  Tensor product = c.inner("scaled", scaled, order);
  c.out_value(0, emit_binary(c, BinaryKind::Add, positive, product, order, c.output_name(0)),
              order);
}

void import_where(Call& c) {
  check_not_quantized(c);
  Tensor &condition = c.in(0), &a = c.in(1), &b = c.in(2);
  if (condition.type != DType::Bool) invalid("a condition that is not Bool");
  check_same_type({&a, &b});
  const Shape shape =
      broadcast(c.b.dims(), broadcast(c.b.dims(), a.shape, b.shape), condition.shape);
  const Order order = common_order({&condition, &a, &b}, shape.size());
  const std::vector<int> inputs = {c.b.broadcast_form(condition, order),
                                   c.b.broadcast_form(a, order), c.b.broadcast_form(b, order)};
  c.emit(fb::SelectT{}, inputs, {c.out(0, a.type, order)});
}

void cast_to(Call& c, DType type) {
  Tensor& x = c.in(0);
  if (type == x.type) return c.out_same(0, c.pointer(0));
  check_not_quantized(c);
  const int input = c.b.form(x, x.order());
  if (computed_in_f32(type)) {
    const int rounded = c.b.value(c.temporary("rounded"), type);
    c.emit(fb::CastT{}, {input}, {rounded});
    return c.emit(fb::CastT{}, {rounded}, {c.out(0, DType::F32, x.order())});
  }
  c.emit(fb::CastT{}, {input}, {c.out(0, type, x.order())});
}

void import_cast(Call& c) {
  c.attributes.ignore("saturate");  // concerns float8 only
  const DType type = element_type(static_cast<int32_t>(c.attributes.integer("to", 0)));
  cast_to(c, type);
}

void import_cast_like(Call& c) {
  c.attributes.ignore("saturate");
  cast_to(c, c.in(1).type);
}

constexpr Row binary(const char* op, BinaryKind kind) { return row(op, 2, 2, import_binary, kind); }
constexpr Row unary(const char* op, UnaryKind kind) { return row(op, 1, 1, import_unary, kind); }

constexpr Row kRows[] = {
    unary("Abs", UnaryKind::Abs),
    unary("Acos", UnaryKind::Acos),
    unary("Acosh", UnaryKind::Acosh),
    binary("Add", BinaryKind::Add),
    binary("And", BinaryKind::And),
    unary("Asin", UnaryKind::Asin),
    unary("Asinh", UnaryKind::Asinh),
    unary("Atan", UnaryKind::Atan),
    unary("Atanh", UnaryKind::Atanh),
    {"Cast", 1, 1, import_cast},
    {"CastLike", 2, 2, import_cast_like},
    unary("Ceil", UnaryKind::Ceil),
    unary("Celu", UnaryKind::Celu),
    {"Clip", 1, 3, import_clip},
    unary("Cos", UnaryKind::Cos),
    unary("Cosh", UnaryKind::Cosh),
    binary("Div", BinaryKind::Div),
    unary("Elu", UnaryKind::Elu),
    binary("Equal", BinaryKind::Equal),
    unary("Erf", UnaryKind::Erf),
    unary("Exp", UnaryKind::Exp),
    unary("Floor", UnaryKind::Floor),
    unary("Gelu", UnaryKind::Gelu),
    binary("Greater", BinaryKind::Greater),
    binary("GreaterOrEqual", BinaryKind::GreaterEqual),
    unary("HardSigmoid", UnaryKind::HardSigmoid),
    unary("HardSwish", UnaryKind::HardSwish),
    {"IsInf", 1, 1, import_is_inf},
    {"IsNaN", 1, 1, import_is_nan},
    unary("LeakyRelu", UnaryKind::LeakyRelu),
    binary("Less", BinaryKind::Less),
    binary("LessOrEqual", BinaryKind::LessEqual),
    unary("Log", UnaryKind::Log),
    row("Max", 1, kMany, import_binary, BinaryKind::Max),
    row("Mean", 1, kMany, import_mean, BinaryKind::Add),
    row("Min", 1, kMany, import_binary, BinaryKind::Min),
    unary("Mish", UnaryKind::Mish),
    row("Mod", 2, 2, import_mod, BinaryKind::FloorMod),
    binary("Mul", BinaryKind::Mul),
    unary("Neg", UnaryKind::Neg),
    unary("Not", UnaryKind::Not),
    binary("Or", BinaryKind::Or),
    {"PRelu", 2, 2, import_prelu},
    row("Pow", 2, 2, import_pow, BinaryKind::Pow),
    unary("Reciprocal", UnaryKind::Reciprocal),
    {"Relu", 1, 1, import_relu},
    unary("Round", UnaryKind::Round),
    unary("Selu", UnaryKind::Selu),
    unary("Shrink", UnaryKind::Shrink),
    unary("Sigmoid", UnaryKind::Logistic),
    unary("Sign", UnaryKind::Sign),
    unary("Sin", UnaryKind::Sin),
    unary("Sinh", UnaryKind::Sinh),
    unary("Softplus", UnaryKind::Softplus),
    unary("Softsign", UnaryKind::Softsign),
    unary("Sqrt", UnaryKind::Sqrt),
    binary("Sub", BinaryKind::Sub),
    row("Sum", 1, kMany, import_binary, BinaryKind::Add),
    {"Swish", 1, 1, import_swish},
    unary("Tan", UnaryKind::Tan),
    unary("Tanh", UnaryKind::Tanh),
    unary("ThresholdedRelu", UnaryKind::ThresholdedRelu),
    {"Where", 3, 3, import_where},
    row("Xor", 2, 2, import_xor, BinaryKind::NotEqual),
};

}  // namespace

rt::Span<const Row> elementwise_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
