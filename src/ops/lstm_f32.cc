// The float LSTM.
#include <algorithm>
#include <cstring>

#include "kernels/f32.h"
#include "src/ops/lstm.h"

namespace qrt::rt {
namespace {

float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

class LstmF32 final : public OpKernel {
 public:
  const char* name() const override { return "f32_lstm__scalar"; }

  Status plan(const Node& node, PlanContext& context) const override {
    LstmState& state = context.make<LstmState>();
    state.shape = lstm_shape(node, context.shapes);
    context.scratch_bytes = size_product(2 * 4, state.shape.units, sizeof(float));
    return {};
  }

  void run(const RunContext& context) const override {
    const LstmShape& s = context.planned<LstmState>().shape;
    auto* from_input = reinterpret_cast<float*>(context.scratch);
    float* from_state = from_input + 4 * s.units;
    const Node& node = context.node;
    for (size_t t = 0; t < s.steps; ++t) {
      for (size_t b = 0; b < s.batch; ++b) {
        const float* x = context.in<float>(0) + s.row(t, b) * s.inputs;
        auto* h = const_cast<float*>(context.in<float>(4)) + b * s.units;
        auto* c = const_cast<float*>(context.in<float>(5)) + b * s.units;
        multiply(node.input(1), node.input(3).as<float>(), x, s.inputs, 4 * s.units, from_input);
        multiply(node.input(2), nullptr, h, s.units, 4 * s.units, from_state);
        step(node.options<fb::Lstm>().cell_clip(), s.units, from_input, from_state, c, h);
        std::memcpy(context.out<float>() + s.row(t, b) * s.units, h, s.units * sizeof(float));
      }
    }
  }

 private:
  static void multiply(const Tensor& weights, const float* bias, const float* row, size_t k,
                       size_t n, float* out) {
    kernels::conv_f32({1, k, n, weights.as<float>(), bias, &row, 0, n, -INFINITY, INFINITY}, 1,
                      out);
  }

  static void step(float clip, size_t units, const float* x, const float* r, float* c, float* h) {
    for (size_t u = 0; u < units; ++u) {
      const auto gate = [&](LstmGate g) {
        const size_t row = static_cast<size_t>(g) * units + u;
        return x[row] + r[row];
      };
      const float kept = sigmoid(gate(kForgetGate)) * c[u];
      c[u] = kept + sigmoid(gate(kInputGate)) * std::tanh(gate(kCellGate));
      if (clip > 0) c[u] = std::clamp(c[u], -clip, clip);
      h[u] = sigmoid(gate(kOutputGate)) * std::tanh(c[u]);
    }
  }
};

}  // namespace

Choice choose_lstm_f32() { return make_kernel<LstmF32>(); }

}  // namespace qrt::rt
