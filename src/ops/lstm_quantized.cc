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
#include <vector>

#include "kernels/gemm_s8.h"
#include "kernels/lstm_s8.h"
#include "src/base/memory.h"
#include "src/ops/kernel_choice.h"
#include "src/ops/lstm.h"
#include "src/ops/multiplier.h"
#include "src/ops/quantized_weights.h"

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

class LstmS8 final : public OpKernel {
 public:
  LstmS8(const Node& node, const kernels::GemmS8Kernel& kernel, const kernels::LstmS8Kernel& steps)
      : kernel_(kernel),
        steps_(steps),
        sigmoid_(kGateStep, sigmoid),
        tanh_(kGateStep, hyperbolic_tangent),
        cell_tanh_(node.input(5).quantization.scale(), hyperbolic_tangent) {}

  Status prepare(const Node& node) {
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
    QRT_RETURN_IF_ERROR(pack(node, node.input(0), node.input(1), &node.input(3), &input_weights_,
                             &input_multipliers_));
    return pack(node, node.input(4), node.input(2), nullptr, &recurrent_weights_,
                &recurrent_multipliers_);
  }

  const char* name() const override { return kernel_.name; }
  size_t packed_bytes() const override { return packed_bytes_; }

  Status plan(const Node& node, PlanContext& context) const override {
    const LstmShape s = lstm_shape(node, context.shapes);
    context.scratch_bytes =
        size_product(uint64_t{s.steps} + 1, s.batch, 4, s.units, sizeof(int32_t));
    return {};
  }

  void run(const RunContext& context) const override {
    const LstmShape s = lstm_shape(context.node, context.shapes);
    auto* input_sums = reinterpret_cast<int32_t*>(context.scratch);
    int32_t* recurrent_sums = input_sums + s.steps * s.batch * 4 * s.units;
    const kernels::LstmS8Args args = {s.units,
                                      input_multipliers_.data(),
                                      recurrent_multipliers_.data(),
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
    multiply(context, input_weights_.get(), context.in<int8_t>(0), s.steps * s.batch, s.inputs,
             4 * s.units, input_sums);
    for (size_t t = 0; t < s.steps; ++t) {
      multiply(context, recurrent_weights_.get(), h, s.batch, s.units, 4 * s.units, recurrent_sums);
      for (size_t b = 0; b < s.batch; ++b) {
        steps_.step(args, input_sums + s.row(t, b) * 4 * s.units, recurrent_sums + b * 4 * s.units,
                    c + b * s.units, h + b * s.units);
        std::memcpy(context.out<int8_t>() + s.row(t, b) * s.units, h + b * s.units, s.units);
      }
    }
  }

 private:
  // The products of all gates with `in`, and the multipliers that take them to steps of a gate.
  Status pack(const Node& node, const Tensor& in, const Tensor& weights, const Tensor* bias,
              AlignedBuffer* packed, std::vector<float>* multipliers) {
    QRT_ASSIGN_OR_RETURN(const QuantizedWeights collected,
                         QuantizedWeights::collect(node, in, weights, bias, kGateStep));
    const size_t n = collected.outputs(), k = collected.depth();
    const WeightArrays w = collected.from(0);
    multipliers->assign(w.multipliers, w.multipliers + n);
    const uint64_t bytes = kernel_.packed_bytes(n, 1, k);
    *packed = allocate_aligned(bytes);
    if (*packed == nullptr) return node.fail(Code::OutOfMemory, "no memory for packed weights");
    packed_bytes_ += static_cast<size_t>(bytes);
    kernel_.pack({n, 1, k, w.w, w.bias, w.a_zero_point, w.w_zero_points, nullptr}, packed->get());
    return {};
  }

  void multiply(const RunContext& context, const void* packed, const int8_t* rows, size_t m,
                size_t k, size_t n, int32_t* out) const {
    const kernels::GemmS8Args args = {packed, n, 1, k, nullptr, rows, k, n, {}};
    context.pool.parallel_for(
        ceil_div(n, kernel_.nr), mac_cost(size_product(m, k, kernel_.nr), kernel_.throughput),
        [&](size_t begin, size_t end, size_t) {
          kernel_.run_s32(args, 0, m, begin * kernel_.nr, std::min(end * kernel_.nr, n), out);
        });
  }

  const kernels::GemmS8Kernel& kernel_;
  const kernels::LstmS8Kernel& steps_;
  AlignedBuffer input_weights_, recurrent_weights_;
  size_t packed_bytes_ = 0;
  std::vector<float> input_multipliers_, recurrent_multipliers_;
  Table16 sigmoid_, tanh_, cell_tanh_;
  float cell_multiplier_ = 0, hidden_multiplier_ = 0;
  kernels::Output cell_ = {}, hidden_ = {};
};

}  // namespace

Status prepare_lstm_s8(const Node& node, const BuildContext& context,
                       std::unique_ptr<OpKernel>* kernel) {
  auto lstm =
      std::make_unique<LstmS8>(node, choose_kernel(kernels::gemm_s8_kernels, context.features),
                               choose_kernel(kernels::lstm_s8_kernels, context.features));
  QRT_RETURN_IF_ERROR(lstm->prepare(node));
  *kernel = std::move(lstm);
  return {};
}

}  // namespace qrt::rt
