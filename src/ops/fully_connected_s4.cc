// FullyConnected of floats by s4 weights with a scale for each output or each block: rows of floats
// become s8, sums of blocks floats (schema/README.md has the order).
#include "src/ops/fully_connected_s4.h"

#include <algorithm>
#include <cstring>

#include "kernels/gemm_s4.h"
#include "src/ops/dynamic_quantization.h"
#include "src/ops/row_kernel.h"

namespace qrt::rt {
namespace {

using kernels::GemmS4Kernel;
using kernels::GemmS4Shape;

GemmS4Shape shape_of(const Tensor& weights) {
  const Quantization& q = weights.quantization;
  GemmS4Shape shape{};
  shape.n = static_cast<size_t>(weights.shape[0]);
  shape.k = static_cast<size_t>(weights.shape[1]);
  // One length for all blocks that hold all of k: these are packed alike.
  shape.block = q.block == 0 ? shape.k : std::min(static_cast<size_t>(q.block), shape.k);
  shape.half_scales = !q.scales_f16.empty();
  shape.zero_points = q.has_zero_points();
  return shape;
}

class NibbleLayer final : public RowKernel<GemmS4Kernel> {
 public:
  NibbleLayer(const Node& node, const ChooseContext& context)
      : RowKernel(choose_kernel(kernels::gemm_s4_kernels, context.features)),
        convert_(choose_kernel(kernels::convert_s8_kernels, context.features)),
        shape_(shape_of(node.input(1))),
        limits_(clamp_limits(node.options<fb::FullyConnected>().clamp())),
        bias_(bias_data<float>(node)) {}

  CpuFeatures needs() const override { return row_.needs | convert_.needs; }

  Status pack(const Node& node, WeightStore& store) override {
    const Tensor& tensor = node.input(1);
    const Quantization& q = tensor.quantization;
    const size_t count = shape_.n * blocks();
    std::vector<float> scales(shape_.half_scales ? 0 : count);
    for (size_t i = 0; i < scales.size(); ++i) scales[i] = q.scale(i);
    std::vector<int8_t> zero_points(shape_.zero_points ? count : 0);
    for (size_t i = 0; i < zero_points.size(); ++i) {
      zero_points[i] = static_cast<int8_t>(q.zero_point(i));
    }
    PackKey key = {
        row_.name,
        kernels::kGemmS4Layout,
        tensor.data,
        {shape_.n, shape_.k, shape_.block, size_t{shape_.half_scales}, size_t{shape_.zero_points}}};
    key.variant.add(q.scales_f16.data(), q.scales_f16.size() * sizeof(uint16_t));
    key.variant.add(scales.data(), scales.size() * sizeof(float));
    key.variant.add(zero_points.data(), zero_points.size());
    QRT_ASSIGN_OR_RETURN(packed_, store.get(node, key, row_.packed_bytes(shape_), [&](uint8_t* to) {
      row_.pack(
          {shape_, tensor.as<uint8_t>(), scales.data(), q.scales_f16.data(), zero_points.data()},
          to);
    }));
    return {};
  }

  Status plan(const Node& node, PlanContext& context) const override {
    State& state = context.make<State>();
    const Shape& in = node.shape_in(context.shapes, 0);
    state.m = static_cast<size_t>(in.elements(0, in.rank() - 1));
    // Few rows are shared by output, many by row.
    state.by_columns = state.m <= shape_.n;
    const size_t tile = state.by_columns ? row_.nr : row_.mr;
    state.items = ceil_div(state.by_columns ? shape_.n : state.m, tile);
    state.cost = mac_cost(size_product(state.by_columns ? state.m : shape_.n, shape_.k, tile),
                          row_.throughput);
    context.scratch_bytes = align_up(size_product(state.m, depth()), kAlignment) +
                            align_up(size_product(state.m, blocks(), sizeof(int32_t)), kAlignment) +
                            size_product(state.m, sizeof(float));
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const Rows rows = rows_in(context.scratch, state.m);
    context.pool.parallel_for(state.m, shape_.k * 2 * sizeof(float),
                              [&](size_t begin, size_t end, size_t) {
                                for (size_t m = begin; m < end; ++m) {
                                  quantize(context.in<float>(0) + m * shape_.k, rows, m);
                                }
                              });
    const kernels::GemmS4Args args = {shape_, packed_, rows.a, rows.corrections, shape_.n};
    auto* out = context.out<float>();
    context.pool.parallel_for(state.items, state.cost, [&](size_t begin, size_t end, size_t) {
      size_t m0 = 0, m1 = state.m, n0 = 0, n1 = shape_.n;
      if (state.by_columns) {
        n0 = begin * row_.nr;
        n1 = std::min(end * row_.nr, n1);
      } else {
        m0 = begin * row_.mr;
        m1 = std::min(end * row_.mr, m1);
      }
      row_.run(args, m0, m1, n0, n1, out);
      for (size_t m = m0; m < m1; ++m) finish(rows.scales[m], n0, n1, out + m * shape_.n);
    });
  }

 private:
  struct State : OpState {
    size_t m = 0;  // rows
    bool by_columns = false;
    size_t items = 0;   // tiles of columns or of rows
    uint64_t cost = 0;  // of one
  };
  // In scratch: the quantized rows.
  struct Rows {
    int8_t* a;
    int32_t* corrections;
    float* scales;
  };

  size_t depth() const { return kernels::depth_of(shape_); }
  size_t blocks() const { return kernels::blocks_of(shape_); }

  Rows rows_in(uint8_t* scratch, size_t m) const {
    uint8_t* corrections = scratch + align_up(m * depth(), kAlignment);
    uint8_t* scales = corrections + align_up(m * blocks() * sizeof(int32_t), kAlignment);
    return {reinterpret_cast<int8_t*>(scratch), reinterpret_cast<int32_t*>(corrections),
            reinterpret_cast<float*>(scales)};
  }

  void quantize(const float* in, const Rows& rows, size_t m) const {
    int8_t* a = rows.a + m * depth();
    const DynamicRange range = dynamic_range(in, shape_.k, true);
    quantize_dynamic(convert_, in, shape_.k, range, a);
    std::memset(a + shape_.k, 0, depth() - shape_.k);
    row_.correct(shape_, a, rows.corrections + m * blocks());
    rows.scales[m] = range.scale;
  }

  void finish(float scale, size_t n0, size_t n1, float* out) const {
    for (size_t n = n0; n < n1; ++n) {
      const float real = out[n] * scale + (bias_ != nullptr ? bias_[n] : 0.0f);
      out[n] = std::min(std::max(real, limits_.min), limits_.max);
    }
  }

  const kernels::ConvertS8Kernel& convert_;
  const GemmS4Shape shape_;
  const Limits limits_;
  const float* const bias_;
  const uint8_t* packed_ = nullptr;
};

}  // namespace

Choice choose_fully_connected_s4(const Node& node, const ChooseContext& context) {
  return make_kernel<NibbleLayer>(node, context);
}

}  // namespace qrt::rt
