// FullyConnected: rows of a matrix times constant weights, in integers, float, or float activations
// with integer weights (each row quantized to its own range).
#include <algorithm>

#include "kernels/f32.h"
#include "src/ops/dynamic_quantization.h"
#include "src/ops/fully_connected_s4.h"
#include "src/ops/quantized_weights.h"
#include "src/ops/row_kernel.h"
#include "src/ops/sums_s16.h"
#include "src/ops/xnn_kernel.h"

namespace qrt::rt {
namespace {

size_t rows_of(const Shape& in) { return static_cast<size_t>(in.elements(0, in.rank() - 1)); }
size_t inputs_of(const Node& node) { return static_cast<size_t>(node.input(1).shape[1]); }
size_t outputs_of(const Node& node) { return static_cast<size_t>(node.input(1).shape[0]); }
const fb::Clamp* clamp_of(const Node& node) { return node.options<fb::FullyConnected>().clamp(); }

class QuantizedLayer final : public RowKernel<kernels::GemmS8Kernel> {
 public:
  QuantizedLayer(const Node& node, const kernels::GemmS8Kernel& row)
      : RowKernel(row),
        n_(outputs_of(node)),
        k_(inputs_of(node)),
        out_(quantized_output(clamp_of(node), node.output(0))) {}

  Status pack(const Node& node, WeightStore& store) override {
    QRT_ASSIGN_OR_RETURN(const QuantizedWeights weights, QuantizedWeights::collect(node));
    return weights_.pack(node, row_, weights, 1, 1, has_single_row(node.input(0).shape), store);
  }

  Status plan(const Node& node, PlanContext& context) const override {
    State& state = context.make<State>();
    state.m = rows_of(node.shape_in(context.shapes, 0));
    // Few rows are split by output, many by row.
    state.by_columns = state.m < 2 * row_.mr;
    const size_t tile = state.by_columns ? row_.nr : row_.mr;
    state.items = ceil_div(state.by_columns ? n_ : state.m, tile);
    state.cost = mac_cost(size_product(state.by_columns ? state.m : n_, k_, tile), row_.throughput);
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const size_t m = state.m;
    const kernels::GemmS8Args args = {weights_.group(0),     n_, 1,  k_,  nullptr,
                                      context.in<int8_t>(0), k_, n_, out_};
    auto* out = context.out<int8_t>();
    context.pool.parallel_for(state.items, state.cost, [&](size_t begin, size_t end, size_t) {
      if (state.by_columns) {
        row_.run(args, 0, m, begin * row_.nr, std::min(end * row_.nr, n_), out);
      } else {
        row_.run(args, begin * row_.mr, std::min(end * row_.mr, m), 0, n_, out);
      }
    });
  }

 private:
  struct State : OpState {
    size_t m = 0;  // rows
    bool by_columns = false;
    size_t items = 0;   // tiles of columns or of rows
    uint64_t cost = 0;  // of one
  };

  const size_t n_, k_;  // outputs and inputs of a row
  const kernels::Output out_;
  PackedGemm weights_;
};

class LayerS16 final : public RowKernel<kernels::GemmS16Kernel> {
 public:
  LayerS16(const Node& node, const kernels::GemmS16Kernel& row)
      : RowKernel(row), sums_(node, row, clamp_of(node)) {}

  Status pack(const Node& node, WeightStore& store) override {
    QRT_ASSIGN_OR_RETURN(weights_, bytes_of_weights(node, store));
    return sums_.collect(node);
  }

  void run(const RunContext& context) const override {
    const size_t n = outputs_of(context.node), k = inputs_of(context.node);
    const int8_t* w = weights_;
    // Blocks of outputs are shared out, row by row.
    const size_t blocks = ceil_div(n, kSumsS16);
    context.pool.parallel_for(
        rows_of(context.shape_in(0)) * blocks,
        mac_cost(size_product(std::min(n, kSumsS16), k), row_.throughput),
        [&](size_t begin, size_t end, size_t) {
          int64_t sums[kSumsS16];
          for (size_t i = begin; i < end; ++i) {
            const size_t row = i / blocks, first = i % blocks * kSumsS16;
            const size_t count = std::min(n - first, kSumsS16);
            sums_.begin(first, count, sums);
            row_.add_rows(context.in<int16_t>(0) + row * k, k, w + first * k, k, count, sums);
            sums_.finish(sums, first, count, context.out<int16_t>() + row * n + first);
          }
        });
  }

 private:
  SumsS16 sums_;
  const int8_t* weights_ = nullptr;
};

class DynamicLayer final : public RowKernel<kernels::GemmS8Kernel> {
 public:
  explicit DynamicLayer(const ChooseContext& context)
      : RowKernel(choose_kernel(kernels::gemm_s8_kernels, context.features)),
        convert_(choose_kernel(kernels::convert_s8_kernels, context.features)),
        weights_(row_) {}

  CpuFeatures needs() const override { return row_.needs | convert_.needs; }

  Status pack(const Node& node, WeightStore& store) override {
    return weights_.pack(node, 1, 1, store);
  }

  Status plan(const Node& node, PlanContext& context) const override {
    context.scratch_bytes = size_product(context.max_ranges, slot_bytes(node));
    return {};
  }

  void run(const RunContext& context) const override {
    const size_t n = outputs_of(context.node), k = inputs_of(context.node);
    const Limits limits = clamp_limits(clamp_of(context.node));
    const bool symmetric = context.node.options<fb::FullyConnected>().symmetric_input();
    context.pool.parallel_for(
        rows_of(context.shape_in(0)), mac_cost(n * k, row_.throughput),
        [&](size_t begin, size_t end, size_t slot) {
          uint8_t* scratch = context.scratch + slot * static_cast<size_t>(slot_bytes(context.node));
          auto* row = reinterpret_cast<int8_t*>(scratch);
          auto* acc = reinterpret_cast<int32_t*>(scratch + align_up(k, kAlignment));
          for (size_t m = begin; m < end; ++m) {
            const float* in = context.in<float>(0) + m * k;
            const DynamicRange range = dynamic_range(in, k, symmetric);
            quantize_dynamic(convert_, in, k, range, row);
            kernels::GemmS8Args args = {};
            args.taps = 1;
            args.k = k;
            args.a = row;
            weights_.run(args, 0, 1, range, limits, acc, context.out<float>() + m * n, n);
          }
        });
  }

 private:
  static uint64_t slot_bytes(const Node& node) {
    return align_up(inputs_of(node), kAlignment) +
           align_up(size_product(outputs_of(node), sizeof(int32_t)), kAlignment);
  }

  const kernels::ConvertS8Kernel& convert_;
  DynamicWeights weights_;
};

class LibraryLayer final : public XnnKernel {
 public:
  const char* name() const override { return "f32_gemm__xnnpack"; }

 private:
  XnnLayer layer(const Node& node, const Shape&, const Shape&) const override {
    const Limits limits = clamp_limits(clamp_of(node));
    XnnLayer layer;
    layer.kind = XnnLayer::FullyConnected;
    layer.group_inputs = inputs_of(node);
    layer.group_outputs = outputs_of(node);
    layer.weights = node.input(1).as<float>();
    layer.bias = bias_data<float>(node);
    layer.min = limits.min;
    layer.max = limits.max;
    return layer;
  }

  XnnSizes sizes(const Shape& in) const override {
    XnnSizes sizes;
    sizes.batch = rows_of(in);
    return sizes;
  }
};

class PortableLayer final : public OpKernel {
 public:
  const char* name() const override { return "f32_gemm__scalar"; }

  void run(const RunContext& context) const override {
    const Node& node = context.node;
    const size_t n = outputs_of(node), k = inputs_of(node);
    const Limits limits = clamp_limits(clamp_of(node));
    context.pool.parallel_for(
        rows_of(context.shape_in(0)), n * k, [&](size_t begin, size_t end, size_t) {
          for (size_t m = begin; m < end; ++m) {
            const float* row = context.in<float>(0) + m * k;
            kernels::conv_f32({1, k, n, node.input(1).as<float>(), bias_data<float>(node), &row, 0,
                               n, limits.min, limits.max},
                              1, context.out<float>() + m * n);
          }
        });
  }
};

Choice choose(const Node& node, const ChooseContext& context) {
  switch (weights_mode(node)) {
    case WeightsMode::Quantized:
      return make_kernel<QuantizedLayer>(node,
                                         choose_kernel(kernels::gemm_s8_kernels, context.features));
    case WeightsMode::Wide:
      return make_kernel<LayerS16>(node,
                                   choose_kernel(kernels::gemm_s16_kernels, context.features));
    case WeightsMode::Dynamic:
      if (node.input(1).type == DType::S4) return choose_fully_connected_s4(node, context);
      return make_kernel<DynamicLayer>(context);
    case WeightsMode::Float:
      break;
  }
  if (xnn_may_run(node, clamp_limits(clamp_of(node)), context)) return make_kernel<LibraryLayer>();
  return make_kernel<PortableLayer>();
}

}  // namespace

const OpDef kFullyConnectedOp = {choose};

}  // namespace qrt::rt
