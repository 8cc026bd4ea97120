// LSTM, GRU and RNN: one product of the input and its weights for all steps and directions, with
// all biases that can be added at once, and a Recurrent for what remains.
#include <algorithm>
#include <cctype>
#include <cmath>

#include "src/import/onnx/ops.h"

namespace qrt::import::onnx_import {
namespace {

using Kind = fb::RecurrentKind;
using Function = fb::RecurrentFunction;

struct FunctionRow {
  const char* name;
  Function function;
  // How many parameters it takes, alpha first, and what they are if a node does not say.
  int parameters = 0;
  float alpha = 0, beta = 0;
};
constexpr FunctionRow kFunctions[] = {
    {"sigmoid", Function::Sigmoid},
    {"tanh", Function::Tanh},
    {"relu", Function::Relu},
    {"hardsigmoid", Function::HardSigmoid, 2, 0.2f, 0.5f},
    {"affine", Function::Affine, 2, 1, 0},
    {"leakyrelu", Function::LeakyRelu, 1, 0.01f},
    {"thresholdedrelu", Function::ThresholdedRelu, 1, 1},
    {"scaledtanh", Function::ScaledTanh, 2, 1, 1},
    {"elu", Function::Elu, 1, 1},
    {"softsign", Function::Softsign},
    {"softplus", Function::Softplus},
};

const FunctionRow& find_function(const std::string& name) {
  std::string lower = name;
  for (char& letter : lower) letter = static_cast<char>(std::tolower(static_cast<uint8_t>(letter)));
  for (const FunctionRow& row : kFunctions) {
    if (lower == row.name) return row;
  }
  unsupported("activation '%s'", name.c_str());
}

// Parameter 1 (alpha) or 2 (beta) of each function. ONNX consumes them "in the order of activation
// functions": exporters give one to each function or only to those that have one.
std::vector<float> parameters(Call& c, const char* name, int parameter,
                              const std::vector<FunctionRow>& functions) {
  const std::vector<float> given = c.attributes.numbers(name);
  const auto takers = static_cast<size_t>(
      std::count_if(functions.begin(), functions.end(),
                    [&](const FunctionRow& row) { return row.parameters >= parameter; }));
  const bool to_each = given.size() == functions.size();
  if (given.size() > takers && !to_each) {
    unsupported("%zu numbers in '%s' for %zu activations", given.size(), name, functions.size());
  }
  std::vector<float> all;
  size_t next = 0;
  for (size_t i = 0; i < functions.size(); ++i) {
    const FunctionRow& row = functions[i];
    float value = parameter == 1 ? row.alpha : row.beta;
    if (row.parameters >= parameter) {
      const size_t at = to_each ? i : next++;
      if (at < given.size()) value = given[at];
    }
    all.push_back(value);
  }
  return all;
}

void read_functions(Call& c, Kind kind, size_t directions, fb::RecurrentT* options) {
  std::vector<std::string> names = c.attributes.words("activations");
  const std::vector<std::string> usual =
      kind == Kind::Lstm  ? std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"}
      : kind == Kind::Gru ? std::vector<std::string>{"Sigmoid", "Tanh"}
                          : std::vector<std::string>{"Tanh"};
  if (names.empty()) {
    for (size_t d = 0; d < directions; ++d) names.insert(names.end(), usual.begin(), usual.end());
  }
  if (names.size() != directions * usual.size()) {
    invalid("%zu activations, needs %zu", names.size(), directions * usual.size());
  }
  std::vector<FunctionRow> functions;
  for (const std::string& name : names) functions.push_back(find_function(name));
  for (const FunctionRow& row : functions) options->functions.push_back(row.function);
  options->alphas = parameters(c, "activation_alpha", 1, functions);
  options->betas = parameters(c, "activation_beta", 2, functions);
}

// What the weights' shapes say.
struct Sizes {
  int32_t directions = 1, gates = 1, units = 1;
  int32_t rows() const { return gates * units; }
};

Sizes read_sizes(Call& c, Kind kind, int32_t directions) {
  const Tensor &x = c.floats(0), &w = c.floats(1), &r = c.floats(2);
  Sizes s;
  s.directions = directions;
  s.gates = kind == Kind::Lstm ? 4 : kind == Kind::Gru ? 3 : 1;
  if (x.rank() != 3) invalid("an input of shape %s", text(x.shape).c_str());
  const auto wrong = [&] {
    invalid("weights of shapes %s and %s for an input of shape %s, %d directions and %d gates",
            text(w.shape).c_str(), text(r.shape).c_str(), text(x.shape).c_str(), s.directions,
            s.gates);
  };
  if (w.rank() != 3 || r.rank() != 3) wrong();
  s.units = r.shape[2];
  if (s.units > INT32_MAX / 16) unsupported("%d units", s.units);
  const Shape recurrent = {s.directions, s.rows(), s.units};
  if (w.shape[0] != s.directions || w.shape[1] != s.rows() || r.shape != recurrent ||
      c.b.dims().differ(w.shape[2].symbol(), x.shape[2].symbol())) {
    wrong();
  }
  const int64_t declared = c.attributes.integer("hidden_size", s.units);
  if (declared != s.units) {
    invalid("a hidden_size of %lld for recurrent weights of shape %s",
            static_cast<long long>(declared), text(r.shape).c_str());
  }
  return s;
}

// The two biases [D,2*rows]: their sum [D*rows], but for what a Gru that is linear before its reset
// adds to the hidden gate before it; that is `hidden`, [D,units].
struct Biases {
  int sum = -1, hidden = -1;
};

Biases read_biases(Call& c, const Sizes& s, bool linear_before_reset) {
  Biases biases;
  if (!c.has(3)) return biases;
  Tensor& b = c.floats(3);
  const Shape wanted = {s.directions, 2 * s.rows()};
  if (b.shape != wanted) {
    invalid("biases of shape %s, not %s", text(b.shape).c_str(), text(wanted).c_str());
  }
  const int plain = c.b.plain(b);
  int both = c.b.reshaped(plain, {s.directions, 2, s.rows()}, c.temporary("biases"));
  if (linear_before_reset) {
    biases.hidden = c.b.value(c.temporary("hidden_bias"), DType::F32);
    fb::SliceT slice;
    slice.begins = {0, 5 * s.units};
    slice.ends = {s.directions, 6 * s.units};
    slice.strides = {1, 1};
    c.emit(std::move(slice), {plain}, {biases.hidden});
    std::vector<float> mask(static_cast<size_t>(2 * s.rows()), 1);
    std::fill(mask.end() - s.units, mask.end(), 0.0f);
    c.b.charge(mask.size() * sizeof(float));
    const int others = c.b.graph.add_constant(c.temporary("others"), {1, 2, s.rows()}, mask);
    const int masked = c.b.value(c.temporary("other_biases"), DType::F32);
    fb::BinaryT product;
    product.kind = fb::BinaryKind::Mul;
    c.emit(std::move(product), {both, others}, {masked});
    both = masked;
  }
  const int sum = c.b.value(c.temporary("bias_sum"), DType::F32);
  fb::ReduceT reduce;
  reduce.kind = fb::ReduceKind::Sum;
  reduce.axes = {1};
  c.emit(std::move(reduce), {both}, {sum});
  biases.sum = c.b.reshaped(sum, {s.directions * s.rows()}, c.temporary("bias"));
  return biases;
}

// x [.., .., I] times w [D,rows,I], plus the bias: [.., .., D*rows].
int project(Call& c, const Sizes& s, int bias) {
  Tensor &x = c.floats(0), &w = c.floats(1);
  const int weights = c.b.reshaped(c.b.plain(w), {s.directions * s.rows(), w.shape[2]},
                                   c.temporary("input_weights"));
  int product = c.b.value(c.temporary("from_input"), DType::F32);
  const bool joined = w.fixed && bias >= 0 && c.in(3).fixed;
  if (w.fixed) {
    std::vector<int> inputs = {c.b.plain(x), weights};
    if (joined) inputs.push_back(bias);
    c.emit(fb::FullyConnectedT{}, std::move(inputs), {product});
  } else {
    fb::MatMulT options;
    options.transpose_b = true;
    c.emit(std::move(options), {c.b.plain(x), weights}, {product});
  }
  if (bias >= 0 && !joined) {
    const int sum = c.b.value(c.temporary("from_input_and_bias"), DType::F32);
    c.emit(fb::BinaryT{}, {product, bias}, {sum});
    product = sum;
  }
  return product;
}

void check_lengths(Call& c) {
  if (c.has(4) && c.in(4).type != DType::S32) invalid("lengths of sequences that are no int32");
}

void import_recurrent(Call& c) {
  const auto kind = static_cast<Kind>(c.variant);
  fb::RecurrentT options;
  options.kind = kind;
  const std::string direction = c.attributes.word("direction", "forward");
  if (direction == "reverse") {
    options.direction = fb::RecurrentDirection::Reverse;
  } else if (direction == "bidirectional") {
    options.direction = fb::RecurrentDirection::Bidirectional;
  } else if (direction != "forward") {
    invalid("direction '%s'", direction.c_str());
  }
  const bool lstm = kind == Kind::Lstm, gru = kind == Kind::Gru;
  const int32_t directions = options.direction == fb::RecurrentDirection::Bidirectional ? 2 : 1;
  options.clip = c.attributes.number("clip", 0);
  if (!(options.clip >= 0)) invalid("a clip of %g", static_cast<double>(options.clip));
  options.batch_major = c.attributes.flag("layout", false);
  if (lstm) options.coupled = c.attributes.flag("input_forget", false);
  if (gru) options.linear_before_reset = c.attributes.flag("linear_before_reset", false);
  read_functions(c, kind, static_cast<size_t>(directions), &options);
  const Sizes s = read_sizes(c, kind, directions);
  check_lengths(c);
  if (c.outputs() > (lstm ? 3 : 2)) invalid("%zu outputs", c.outputs());

  const auto optional = [&](size_t i) { return c.has(i) ? c.b.plain(c.in(i)) : -1; };
  const auto optional_floats = [&](size_t i) { return c.has(i) ? c.b.plain(c.floats(i)) : -1; };
  const Biases biases = read_biases(c, s, options.linear_before_reset);
  std::vector<int> inputs = {project(c, s, biases.sum), c.b.plain(c.floats(2)),
                             lstm ? optional_floats(7) : biases.hidden, optional(4),
                             optional_floats(5)};
  if (lstm) inputs.push_back(optional_floats(6));
  while (inputs.back() < 0) inputs.pop_back();

  // All outputs are made, whichever are read.
  constexpr const char* kOutputs[] = {"all", "last", "cell"};
  std::vector<int> outputs;
  for (size_t k = 0; k < (lstm ? 3 : 2); ++k) {
    const bool named = k < c.outputs() && !c.output_name(k).empty();
    outputs.push_back(c.b.value(named ? c.output_name(k) : c.temporary(kOutputs[k]), DType::F32));
  }
  c.emit(std::move(options), std::move(inputs), outputs);
  for (size_t k = 0; k < c.outputs(); ++k) c.out_value(k, outputs[k], plain_order(k == 0 ? 4 : 3));
}

constexpr Row kRows[] = {
    row("LSTM", 3, 8, import_recurrent, Kind::Lstm),
    row("GRU", 3, 6, import_recurrent, Kind::Gru),
    row("RNN", 3, 6, import_recurrent, Kind::Rnn),
};

}  // namespace

rt::Span<const Row> recurrent_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
