// Recurrent: see schema/qrt.fbs.
#include <cmath>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

using Kind = fb::RecurrentKind;

// Inputs.
constexpr size_t kWeights = 1, kExtra = 2, kLengths = 3, kHidden = 4, kCell = 5;

Kind kind_of(const void* options) { return as<fb::Recurrent>(options).kind(); }
int32_t gates_of(Kind kind) { return kind == Kind::Lstm ? 4 : kind == Kind::Gru ? 3 : 1; }
// How many functions a direction has.
unsigned functions_of(Kind kind) { return kind == Kind::Lstm ? 3 : kind == Kind::Gru ? 2 : 1; }
int32_t directions_of(const fb::Recurrent& options) {
  return options.direction() == fb::RecurrentDirection::Bidirectional ? 2 : 1;
}

const char* signatures(const void* options) {
  return kind_of(options) == Kind::Lstm ? "f32, f32, [f32], [s32], [f32], [f32] -> f32, f32, f32"
                                        : "f32, f32, [f32], [s32], [f32] -> f32, f32";
}

const char* kind_name(const void* options) { return fb::EnumNameRecurrentKind(kind_of(options)); }

Status check_functions(const Node& node) {
  const auto& options = node.options<fb::Recurrent>();
  const unsigned needed =
      static_cast<unsigned>(directions_of(options)) * functions_of(options.kind());
  const unsigned functions = options.functions()->size();
  if (functions != needed || options.alphas()->size() != needed ||
      options.betas()->size() != needed) {
    return node.fail(Code::InvalidModel,
                     "has %u functions, %u alphas and %u betas, needs %u of each", functions,
                     options.alphas()->size(), options.betas()->size(), needed);
  }
  for (unsigned i = 0; i < needed; ++i) {
    const fb::RecurrentFunction function = options.functions()->Get(i);
    if (function > fb::RecurrentFunction::MAX) {
      return node.fail(Code::InvalidModel, "has an unknown function, %d",
                       static_cast<int>(function));
    }
    if (!std::isfinite(options.alphas()->Get(i)) || !std::isfinite(options.betas()->Get(i))) {
      return node.fail(Code::InvalidModel, "has a function with alpha %g and beta %g",
                       static_cast<double>(options.alphas()->Get(i)),
                       static_cast<double>(options.betas()->Get(i)));
    }
  }
  return {};
}

Status check(const Node& node) {
  const auto& options = node.options<fb::Recurrent>();
  const Kind kind = options.kind();
  if (kind > Kind::MAX) {
    return node.fail(Code::InvalidModel, "has an unknown kind, %d", static_cast<int>(kind));
  }
  if (options.direction() > fb::RecurrentDirection::MAX) {
    return node.fail(Code::InvalidModel, "has an unknown direction, %d",
                     static_cast<int>(options.direction()));
  }
  if (!(options.clip() >= 0) || !std::isfinite(options.clip())) {
    return node.fail(Code::InvalidModel, "has a clip of %g", static_cast<double>(options.clip()));
  }
  if (options.coupled() && kind != Kind::Lstm) {
    return node.fail(Code::InvalidModel, "couples gates that only an Lstm has");
  }
  if (options.linear_before_reset() && kind != Kind::Gru) {
    return node.fail(Code::InvalidModel, "is linear before a reset that only a Gru has");
  }
  if (node.has_input(kExtra) && kind != Kind::Lstm && !options.linear_before_reset()) {
    return node.fail(Code::InvalidModel, "has an input 2 that it does not use");
  }
  return check_functions(node);
}

// An optional input has the shape `wanted`.
Status check_shape(Inference& x, size_t input, const char* what, const Shape& wanted) {
  if (!x.node().has_input(input)) return {};
  const Shape& given = x.in(input);
  bool fits = given.rank() == wanted.rank();
  for (int i = 0; fits && i < wanted.rank(); ++i) fits = !x.dims().differ(given[i], wanted[i]);
  if (fits) return {};
  return x.node().fail(Code::InvalidModel, "its %s are of shape %s, not %s", what,
                       x.text_in(input).c_str(), x.text(wanted).c_str());
}

Status check_lengths(const Node& node, int32_t steps) {
  if (!node.has_input(kLengths) || !node.input(kLengths).constant || !is_number(steps)) return {};
  const Tensor& lengths = node.input(kLengths);
  for (int64_t i = 0; i < lengths.shape.elements(); ++i) {
    const int32_t length = lengths.as<int32_t>()[i];
    if (length < 0 || length > steps) {
      return node.fail(Code::InvalidModel, "has a sequence of %d steps in an input of %d", length,
                       steps);
    }
  }
  return {};
}

Status infer(Inference& x) {
  const auto& options = x.node().options<fb::Recurrent>();
  const Shape &in = x.in(0), &r = x.in(kWeights);
  const int32_t directions = directions_of(options), gates = gates_of(options.kind());
  const int32_t units = r.last();
  Dims& dims = x.dims();
  const int32_t rows = dims.mul(gates, units);
  if (in.rank() != 3 || r.rank() != 3 || dims.differ(r[0], directions) || dims.differ(r[1], rows) ||
      dims.differ(in[2], dims.mul(directions, rows))) {
    return x.node().fail(
        Code::InvalidModel,
        "its shapes do not fit: input %s, recurrent weights %s, %d gates, directions: %d",
        x.text(in).c_str(), x.text(r).c_str(), gates, directions);
  }
  const bool batch_major = options.batch_major();
  const int32_t steps = in[batch_major ? 1 : 0], batch = in[batch_major ? 0 : 1];
  const Shape states =
      batch_major ? Shape{batch, directions, units} : Shape{directions, batch, units};
  const bool peepholes = options.kind() == Kind::Lstm;
  QRT_RETURN_IF_ERROR(check_shape(x, kExtra, peepholes ? "peepholes" : "recurrent biases",
                                  {directions, peepholes ? dims.mul(3, units) : units}));
  QRT_RETURN_IF_ERROR(check_shape(x, kLengths, "lengths", {batch}));
  QRT_RETURN_IF_ERROR(check_shape(x, kHidden, "first hidden states", states));
  QRT_RETURN_IF_ERROR(check_shape(x, kCell, "first cell states", states));
  QRT_RETURN_IF_ERROR(check_lengths(x.node(), steps));
  x.out(0, batch_major ? Shape{batch, steps, directions, units}
                       : Shape{steps, directions, batch, units});
  x.out(1, states);
  if (options.kind() == Kind::Lstm) x.out(2, states);
  return {};
}

// Of each element of the input's part, the sum over all units.
uint64_t macs(const Node& node, const Shapes& shapes) {
  return static_cast<uint64_t>(node.shape_in(shapes, 0).elements()) *
         static_cast<uint64_t>(node.shape_in(shapes, kWeights).last());
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Recurrent;
  row.signatures_of = signatures;
  row.check = check;
  row.infer = infer;
  row.kind_name = kind_name;
  row.macs = macs;
  return row;
}

}  // namespace

extern const OpSpec kRecurrentSpec;
const OpSpec kRecurrentSpec = row();

}  // namespace qrt::rt
