// The integer LSTM: s8 input, output and weights, s16 cell state (schema/README.md, "Lstm").
//
//   gate = clamp16(round(acc_x * m_x) + round(acc_h * m_h))        in steps of 2^-12
//   i, f, o = sigmoid(gate), g = tanh(gate)                        in steps of 2^-15
//   c = clamp16(round(f * c * 2^-15 + i * g * 2^-30 / scale_c))    clipped to cell_clip
//   h = clamp8(round(o * tanh(c) * 2^-30 / scale_h) + zero point)
//
// Sums and products are exact in 32 bits, then rounded to float as everywhere. sigmoid and tanh are
// tables of 1025 points with linear interpolation in integers.
#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/gemm_s8.h"
#include "kernels/lstm_s8.h"
#include "src/ops/lstm.h"
#include "src/ops/multiplier.h"
#include "src/ops/packed_gemm.h"
#include "src/ops/row_kernel.h"

namespace qrt::rt {
namespace {

constexpr double kGateStep = 1.0 / 4096;
constexpr double kTwoToMinus30 = 1.0 / (1 << 30);

// A function of 16 bits with values in (-1, 1), as the kernel wants it.
class Table16 {
 public:
  template <class F>
  Table16(double in_step, const F& f) {
    for (int i = 0; i < kernels::kLstmPoints; ++i) {
      const int x = (i << kernels::kLstmSpacingBits) - 32768;
      const double y = std::nearbyint(f(x * in_step) * 32768);
      points_[static_cast<size_t>(i)] = static_cast<int32_t>(std::clamp(y, -32768.0, 32767.0));
    }
  }
  const int32_t* points() const { return points_.data(); }

 private:
  std::array<int32_t, kernels::kLstmPoints> points_;
};

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
double hyperbolic_tangent(double x) { return std::tanh(x); }

class LstmS8 final : public RowKernel<kernels::GemmS8Kernel> {
 public:
  LstmS8(const Node& node, const kernels::GemmS8Kernel& row, const kernels::LstmS8Kernel& steps)
      : RowKernel(row),
        steps_(steps),
        sigmoid_(kGateStep, sigmoid),
        tanh_(kGateStep, hyperbolic_tangent),
        cell_tanh_(node.input(5).quantization.scale(), hyperbolic_tangent) {}

  Status set_numbers(const Node& node) {
    const auto& options = node.options<fb::Lstm>();
    const double cell_scale = node.input(5).quantization.scale();
    const Quantization& hidden = node.input(4).quantization;
    const bool own_scale = options.hidden_scale() > 0;
    QRT_RETURN_IF_ERROR(make_multiplier(node, kTwoToMinus30 / cell_scale, &cell_multiplier_));
    QRT_RETURN_IF_ERROR(
        make_multiplier(node, kTwoToMinus30 / (own_scale ? options.hidden_scale() : hidden.scale()),
                        &hidden_multiplier_));
    const int32_t hidden_zero =
        own_scale ? std::clamp(options.hidden_zero_point(), -128, 127) : hidden.zero_point();
    hidden_ = {hidden_zero, -128, 127};
    int32_t limit = 32767;
    if (options.cell_clip() > 0) {
      limit = static_cast<int32_t>(
          std::clamp(std::nearbyint(options.cell_clip() / cell_scale), 1.0, 32767.0));
    }
    cell_ = {0, options.cell_clip() > 0 ? -limit : -32768, limit};
    return {};
  }

  CpuFeatures needs() const override { return row_.needs | steps_.needs; }

  Status pack(const Node& node, WeightStore& store) override {
    QRT_RETURN_IF_ERROR(
        pack(node, node.input(0), node.input(1), &node.input(3), store, &from_input_));
    return pack(node, node.input(4), node.input(2), nullptr, store, &from_state_);
  }

  Status plan(const Node& node, PlanContext& context) const override {
    LstmState& state = context.make<LstmState>();
    state.shape = lstm_shape(node, context.shapes);
    const LstmShape& s = state.shape;
    context.scratch_bytes =
        size_product(uint64_t{s.steps} + 1, s.batch, 4, s.units, sizeof(int32_t));
    return {};
  }

  void run(const RunContext& context) const override {
    const LstmShape& s = context.planned<LstmState>().shape;
    auto* input_sums = reinterpret_cast<int32_t*>(context.scratch);
    int32_t* recurrent_sums = input_sums + s.steps * s.batch * 4 * s.units;
    const kernels::LstmS8Args args = {s.units,
                                      from_input_.multipliers,
                                      from_state_.multipliers,
                                      sigmoid_.points(),
                                      tanh_.points(),
                                      cell_tanh_.points(),
                                      cell_multiplier_,
                                      hidden_multiplier_,
                                      cell_,
                                      hidden_};
    auto* h = const_cast<int8_t*>(context.in<int8_t>(4));
    auto* c = const_cast<int16_t*>(context.in<int16_t>(5));
    // All steps' inputs at once; only the recurrent part has to wait for the step before.
    multiply(context, from_input_, context.in<int8_t>(0), s.steps * s.batch, s.inputs, 4 * s.units,
             input_sums);
    for (size_t t = 0; t < s.steps; ++t) {
      multiply(context, from_state_, h, s.batch, s.units, 4 * s.units, recurrent_sums);
      for (size_t b = 0; b < s.batch; ++b) {
        steps_.step(args, input_sums + s.row(t, b) * 4 * s.units, recurrent_sums + b * 4 * s.units,
                    c + b * s.units, h + b * s.units);
        std::memcpy(context.out<int8_t>() + s.row(t, b) * s.units, h + b * s.units, s.units);
      }
    }
  }

 private:
  // The products of all gates with one input, and what takes them to steps of a gate.
  struct Products {
    PackedGemm weights;
    const float* multipliers = nullptr;  // by output, in the store
  };

  Status pack(const Node& node, const Tensor& in, const Tensor& weights, const Tensor* bias,
              WeightStore& store, Products* products) {
    QRT_ASSIGN_OR_RETURN(const QuantizedWeights collected,
                         QuantizedWeights::collect(node, in, weights, bias, kGateStep));
    QRT_RETURN_IF_ERROR(products->weights.pack(node, row_, collected, 1, 1, false, store));
    const size_t bytes = collected.outputs() * sizeof(float);
    QRT_ASSIGN_OR_RETURN(
        const uint8_t* multipliers,
        store.get(node, collected.key("lstm_multipliers", 1), bytes,
                  [&](uint8_t* to) { std::memcpy(to, collected.from(0).multipliers, bytes); }));
    products->multipliers = reinterpret_cast<const float*>(multipliers);
    return {};
  }

  void multiply(const RunContext& context, const Products& products, const int8_t* rows, size_t m,
                size_t k, size_t n, int32_t* out) const {
    const kernels::GemmS8Args args = {products.weights.group(0), n, 1, k, nullptr, rows, k, n, {}};
    context.pool.parallel_for(
        ceil_div(n, row_.nr), mac_cost(size_product(m, k, row_.nr), row_.throughput),
        [&](size_t begin, size_t end, size_t) {
          row_.run_s32(args, 0, m, begin * row_.nr, std::min(end * row_.nr, n), out);
        });
  }

  const kernels::LstmS8Kernel& steps_;
  Products from_input_, from_state_;
  Table16 sigmoid_, tanh_, cell_tanh_;
  float cell_multiplier_ = 0, hidden_multiplier_ = 0;
  kernels::Output cell_ = {}, hidden_ = {};
};

}  // namespace

Choice choose_lstm_s8(const Node& node, const ChooseContext& context) {
  auto lstm =
      std::make_unique<LstmS8>(node, choose_kernel(kernels::gemm_s8_kernels, context.features),
                               choose_kernel(kernels::lstm_s8_kernels, context.features));
  QRT_RETURN_IF_ERROR(lstm->set_numbers(node));
  return Choice(std::move(lstm));
}

}  // namespace qrt::rt
