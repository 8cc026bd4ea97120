// Recurrent: ONNX's LSTM, GRU and RNN behind the product of the input. One sequence of one
// direction goes through all its steps on one thread; the states are kept in the outputs.
#include <algorithm>
#include <cstring>

#include "src/ops/common.h"
#include "src/ops/recurrent_functions.h"
#include "src/runtime/op_def.h"

namespace qrt::rt {
namespace {

using Kind = fb::RecurrentKind;

constexpr size_t kMostFunctions = 3;
// Inputs.
constexpr size_t kWeights = 1, kExtra = 2, kLengths = 3, kHidden = 4, kCell = 5;

struct Sizes {
  size_t steps = 0, batch = 0, directions = 0, units = 0;
  size_t rows = 0;  // all gates' units

  // What the recurrent weights [directions][rows][units] say.
  void set(const Shape& weights) {
    directions = static_cast<size_t>(weights[0]);
    rows = static_cast<size_t>(weights[1]);
    units = static_cast<size_t>(weights[2]);
  }
};

// [rows][units] to [units][rows], so that the sum of a gate's row runs beside those of others.
void transpose(const float* from, const Sizes& s, float* to) {
  for (size_t d = 0; d < s.directions; ++d) {
    for (size_t row = 0; row < s.rows; ++row) {
      for (size_t u = 0; u < s.units; ++u) {
        to[(d * s.units + u) * s.rows + row] = from[(d * s.rows + row) * s.units + u];
      }
    }
  }
}

// sums[i] = h * w[..][i] for i < n, with `stride` from one unit's weights to the next.
void multiply(const float* h, size_t units, const float* w, size_t stride, size_t n, float* sums) {
  std::memset(sums, 0, n * sizeof(float));
  size_t u = 0;
  // Four at once, so that sums are loaded and stored less often.
  for (; u + 4 <= units; u += 4, w += 4 * stride) {
    const float h0 = h[u], h1 = h[u + 1], h2 = h[u + 2], h3 = h[u + 3];
    const float *w0 = w, *w1 = w + stride, *w2 = w + 2 * stride, *w3 = w + 3 * stride;
    for (size_t i = 0; i < n; ++i) {
      sums[i] += (h0 * w0[i] + h1 * w1[i]) + (h2 * w2[i] + h3 * w3[i]);
    }
  }
  for (; u < units; ++u, w += stride) {
    for (size_t i = 0; i < n; ++i) sums[i] += h[u] * w[i];
  }
}

void add(const float* from, size_t n, float* to) {
  for (size_t i = 0; i < n; ++i) to[i] += from[i];
}
void add_products(const float* a, const float* b, size_t n, float* to) {
  for (size_t i = 0; i < n; ++i) to[i] += a[i] * b[i];
}

// One direction, and the arithmetic of a step. `gates` has room for all rows.
struct Cell {
  size_t units, rows;
  const float* weights;  // transposed
  const float* extra;    // peepholes or a bias, or null
  float clip;
  bool coupled, linear_before_reset;
  GateFunction functions[kMostFunctions];

  void gate(size_t function, float* x, size_t n) const {
    if (clip > 0) {
      for (size_t i = 0; i < n; ++i) x[i] = std::min(std::max(x[i], -clip), clip);
    }
    apply(functions[function], x, n);
  }

  void lstm(const float* x, float* gates, float* h, float* c) const {
    multiply(h, units, weights, rows, rows, gates);
    add(x, rows, gates);
    float *in = gates, *out = gates + units, *forget = out + units, *cell = forget + units;
    if (extra != nullptr) add_products(extra, c, units, in);
    gate(0, in, units);
    if (coupled) {
      for (size_t u = 0; u < units; ++u) forget[u] = 1 - in[u];
    } else {
      if (extra != nullptr) add_products(extra + 2 * units, c, units, forget);
      gate(0, forget, units);
    }
    gate(1, cell, units);
    for (size_t u = 0; u < units; ++u) c[u] = forget[u] * c[u] + in[u] * cell[u];
    if (extra != nullptr) add_products(extra + units, c, units, out);
    gate(0, out, units);
    std::memcpy(h, c, units * sizeof(float));
    apply(functions[2], h, units);
    for (size_t u = 0; u < units; ++u) h[u] *= out[u];
  }

  void gru(const float* x, float* gates, float* h) const {
    float *update = gates, *reset = gates + units, *hidden = reset + units;
    multiply(h, units, weights, rows, linear_before_reset ? rows : 2 * units, gates);
    add(x, 2 * units, gates);
    gate(0, gates, 2 * units);
    if (linear_before_reset) {
      if (extra != nullptr) add(extra, units, hidden);
      for (size_t u = 0; u < units; ++u) hidden[u] *= reset[u];
    } else {
      for (size_t u = 0; u < units; ++u) reset[u] *= h[u];
      multiply(reset, units, weights + 2 * units, rows, units, hidden);
    }
    add(x + 2 * units, units, hidden);
    gate(1, hidden, units);
    for (size_t u = 0; u < units; ++u) h[u] = (1 - update[u]) * hidden[u] + update[u] * h[u];
  }

  void rnn(const float* x, float* gates, float* h) const {
    multiply(h, units, weights, rows, rows, gates);
    add(x, rows, gates);
    gate(0, gates, units);
    std::memcpy(h, gates, units * sizeof(float));
  }
};

struct State : OpState {
  Sizes sizes;
  Kind kind = Kind::Lstm;
  bool batch_major = false, reverse = false;
  Cell cells[2] = {};           // by direction
  uint64_t cost = 0;            // of one sequence
  size_t transposed_bytes = 0;  // of weights that are not known before a run, in front of scratch
};

class Recurrent final : public OpKernel {
 public:
  const char* name() const override { return "f32_recurrent__scalar"; }

  Status pack(const Node& node, WeightStore& store) override {
    const Tensor& weights = node.input(kWeights);
    if (!weights.constant) return {};
    Sizes s;
    s.set(weights.shape);
    const PackKey key = {name(), 1, weights.data, {s.directions, s.rows, s.units}};
    QRT_ASSIGN_OR_RETURN(
        const uint8_t* packed,
        store.get(
            node, key, size_product(s.directions, s.rows, s.units, sizeof(float)),
            [&](uint8_t* to) { transpose(weights.as<float>(), s, reinterpret_cast<float*>(to)); }));
    transposed_ = reinterpret_cast<const float*>(packed);
    return {};
  }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape &x = node.shape_in(context.shapes, 0), &r = node.shape_in(context.shapes, kWeights);
    const auto& options = node.options<fb::Recurrent>();
    const bool batch_major = options.batch_major();
    State& state = context.make<State>();
    state.kind = options.kind();
    state.batch_major = batch_major;
    state.reverse = options.direction() == fb::RecurrentDirection::Reverse;
    Sizes& s = state.sizes;
    s.steps = static_cast<size_t>(x[batch_major ? 1 : 0]);
    s.batch = static_cast<size_t>(x[batch_major ? 0 : 1]);
    s.set(r);
    for (size_t d = 0; d < s.directions; ++d) state.cells[d] = cell_of(node, s, d);
    state.cost = size_product(s.steps, s.rows, s.units);
    uint64_t bytes = 0;
    if (transposed_ == nullptr) {
      bytes = align_up(size_product(s.directions, s.rows, s.units, sizeof(float)), kAlignment);
    }
    state.transposed_bytes = static_cast<size_t>(bytes);
    context.scratch_bytes = bytes + size_product(context.max_ranges, gates_bytes(s));
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const Sizes& s = state.sizes;
    const float* weights = transposed_;
    if (weights == nullptr) {
      auto* to = reinterpret_cast<float*>(context.scratch);
      transpose(context.in<float>(kWeights), s, to);
      weights = to;
    }
    uint8_t* scratch = context.scratch + state.transposed_bytes;
    context.pool.parallel_for(
        s.directions * s.batch, state.cost, [&](size_t begin, size_t end, size_t slot) {
          auto* gates = reinterpret_cast<float*>(scratch + slot * gates_bytes(s));
          for (size_t i = begin; i < end; ++i) {
            run_sequence(context, state, weights, i / s.batch, i % s.batch, gates);
          }
        });
  }

 private:
  static size_t gates_bytes(const Sizes& s) {
    return align_up(static_cast<size_t>(size_product(s.rows, sizeof(float))), kAlignment);
  }

  // Direction d, without the addresses that a run gives it.
  static Cell cell_of(const Node& node, const Sizes& s, size_t d) {
    const auto& options = node.options<fb::Recurrent>();
    Cell cell = {};
    cell.units = s.units;
    cell.rows = s.rows;
    cell.clip = options.clip();
    cell.coupled = options.coupled();
    cell.linear_before_reset = options.linear_before_reset();
    const size_t functions = options.functions()->size() / s.directions;
    for (size_t i = 0; i < functions; ++i) {
      const auto at = static_cast<unsigned>(d * functions + i);
      cell.functions[i] = {options.functions()->Get(at), options.alphas()->Get(at),
                           options.betas()->Get(at)};
    }
    return cell;
  }

  // The state of a sequence in an output, as an input gives it, or zeros.
  static float* first_state(const RunContext& context, const Sizes& s, size_t input, size_t output,
                            size_t row) {
    float* state = context.out<float>(output) + row * s.units;
    if (context.node.has_input(input)) {
      std::memcpy(state, context.in<float>(input) + row * s.units, s.units * sizeof(float));
    } else {
      std::memset(state, 0, s.units * sizeof(float));
    }
    return state;
  }

  static void run_sequence(const RunContext& context, const State& state, const float* weights,
                           size_t d, size_t b, float* gates) {
    const Sizes& s = state.sizes;
    const bool batch_major = state.batch_major, lstm = state.kind == Kind::Lstm;
    Cell cell = state.cells[d];
    cell.weights = weights + d * s.rows * s.units;
    const size_t extras = lstm ? 3 * s.units : s.units;
    if (context.node.has_input(kExtra)) cell.extra = context.in<float>(kExtra) + d * extras;
    const size_t row = batch_major ? b * s.directions + d : d * s.batch + b;
    float* h = first_state(context, s, kHidden, 1, row);
    float* c = nullptr;
    if (lstm) c = first_state(context, s, kCell, 2, row);

    size_t length = s.steps;
    if (context.node.has_input(kLengths)) {
      const int32_t given = context.in<int32_t>(kLengths)[b];
      length = given < 0 ? 0 : std::min(static_cast<size_t>(given), s.steps);
    }
    const bool reverse = state.reverse || d == 1;
    for (size_t i = 0; i < s.steps; ++i) {
      const size_t t = reverse && i < length ? length - 1 - i : i;
      const size_t step = batch_major ? b * s.steps + t : t * s.batch + b;
      float* y =
          context.out<float>() +
          (batch_major ? step * s.directions + d : (t * s.directions + d) * s.batch + b) * s.units;
      if (i >= length) {
        std::memset(y, 0, s.units * sizeof(float));
        continue;
      }
      const float* x = context.in<float>(0) + (step * s.directions + d) * s.rows;
      if (lstm) {
        cell.lstm(x, gates, h, c);
      } else if (state.kind == Kind::Gru) {
        cell.gru(x, gates, h);
      } else {
        cell.rnn(x, gates, h);
      }
      std::memcpy(y, h, s.units * sizeof(float));
    }
  }

  const float* transposed_ = nullptr;  // weights that are constant
};

}  // namespace

const OpDef kRecurrentOp = {choose_only<Recurrent>};

}  // namespace qrt::rt
