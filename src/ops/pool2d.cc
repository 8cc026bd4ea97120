// Pool2D: maximum and average over windows, quantized or float.
#include <algorithm>

#include "kernels/f32.h"
#include "kernels/pool_s16.h"
#include "kernels/pool_s8.h"
#include "src/ops/fixed_multiplier.h"
#include "src/ops/kernel_choice.h"
#include "src/ops/multiplier.h"
#include "src/ops/window.h"

namespace qrt::rt {
namespace {

class Pool : public OpKernel {
 public:
  Status plan(const Node& node, PlanContext& context) const override {
    const auto& options = node.options<fb::Pool2D>();
    State& state = context.make<State>();
    state.window =
        window_geometry(*options.window(), node.shape_in(context.shapes, 0),
                        node.shape_out(context.shapes, 0), options.kernel_h(), options.kernel_w());
    // A block of pixels whose addresses fill no more than a few kilobytes.
    state.block = std::clamp<size_t>(512 / state.window.taps(), 1, 64);
    context.scratch_bytes =
        size_product(context.max_ranges, state.block, state.window.taps(), sizeof(void*));
    QRT_RETURN_IF_ERROR(plan_state(node, state));
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const WindowGeometry& window = state.window;
    context.pool.parallel_for(window.pixels(), size_product(window.taps(), window.channels),
                              [&](size_t begin, size_t end, size_t range) {
                                auto** indirection =
                                    reinterpret_cast<const void**>(context.scratch) +
                                    range * state.block * window.taps();
                                for (size_t p = begin; p < end; p += state.block) {
                                  const size_t last = std::min(p + state.block, end);
                                  fill_indirection(window, context.in<uint8_t>(0), element_bytes(),
                                                   nullptr, p, last, indirection);
                                  pool(context, state, indirection, p, last - p);
                                }
                              });
  }

 protected:
  struct State : OpState {
    WindowGeometry window;
    size_t block = 1;
    size_t bytes() const override { return multipliers.size() * sizeof(float); }
    std::vector<float> multipliers;  // s8 average: by count; empty: an exact mean
  };
  virtual size_t element_bytes() const = 0;
  virtual Status plan_state(const Node&, State&) const { return {}; }
  virtual void pool(const RunContext& context, const State& state, const void* const* indirection,
                    size_t first, size_t pixels) const = 0;
};

class PoolS8 final : public Pool {
 public:
  PoolS8(const Node& node, const kernels::PoolS8Kernel& row) : row_(row) {
    const auto& options = node.options<fb::Pool2D>();
    out_ = quantized_output(options.clamp(), node.output(0));
    run_ = options.kind() == fb::PoolKind::Max ? row.max : row.average;
  }
  const char* name() const override { return row_.name; }
  CpuFeatures needs() const override { return row_.needs; }

 private:
  size_t element_bytes() const override { return 1; }

  Status plan_state(const Node& node, State& state) const override {
    const double ratio = scale_ratio(node);
    const size_t taps = state.window.taps();
    const bool all = node.options<fb::Pool2D>().count_include_pad();
    if (!all && same_quantization(node.input(0).quantization, node.output(0).quantization)) {
      return {};
    }
    state.multipliers.resize(taps + 1, 0.0f);
    for (size_t count = 1; count <= taps; ++count) {
      QRT_RETURN_IF_ERROR(make_multiplier(node, ratio / static_cast<double>(all ? taps : count),
                                          &state.multipliers[count]));
    }
    return {};
  }

  void pool(const RunContext& context, const State& state, const void* const* indirection,
            size_t first, size_t pixels) const override {
    const size_t channels = state.window.channels;
    const kernels::PoolS8Args args = {
        channels,
        state.window.taps(),
        reinterpret_cast<const int8_t* const*>(indirection),
        channels,
        context.node.input(0).quantization.zero_point(),
        state.multipliers.empty() ? nullptr : state.multipliers.data(),
        out_};
    run_(args, pixels, context.out<int8_t>() + first * channels);
  }

  const kernels::PoolS8Kernel& row_;
  kernels::Output out_ = {};
  decltype(kernels::PoolS8Kernel::max) run_ = nullptr;
};

class PoolS16 final : public Pool {
 public:
  PoolS16(const Node& node, const kernels::PoolS16Kernel& row)
      : row_(row),
        range_(range_s16(node.options<fb::Pool2D>().clamp(), node.output(0))),
        run_(node.options<fb::Pool2D>().kind() == fb::PoolKind::Max ? row.max : row.average) {}
  const char* name() const override { return row_.name; }
  CpuFeatures needs() const override { return row_.needs; }

 private:
  size_t element_bytes() const override { return sizeof(int16_t); }

  void pool(const RunContext& context, const State& state, const void* const* indirection,
            size_t first, size_t pixels) const override {
    const size_t channels = state.window.channels;
    run_({channels, state.window.taps(), reinterpret_cast<const int16_t* const*>(indirection),
          context.node.options<fb::Pool2D>().count_include_pad(), range_},
         pixels, context.out<int16_t>() + first * channels);
  }

  const kernels::PoolS16Kernel& row_;
  const kernels::RangeS16 range_;
  decltype(kernels::PoolS16Kernel::max) run_;
};

class PoolF32 final : public Pool {
 public:
  const char* name() const override { return "f32_pool__scalar"; }

 private:
  size_t element_bytes() const override { return sizeof(float); }

  void pool(const RunContext& context, const State& state, const void* const* indirection,
            size_t first, size_t pixels) const override {
    const auto& options = context.node.options<fb::Pool2D>();
    const Limits limits = clamp_limits(options.clamp());
    const size_t channels = state.window.channels;
    const auto run =
        options.kind() == fb::PoolKind::Max ? kernels::max_pool_f32 : kernels::average_pool_f32;
    run({channels, state.window.taps(), reinterpret_cast<const float* const*>(indirection),
         channels, options.count_include_pad(), limits.min, limits.max},
        pixels, context.out<float>() + first * channels);
  }
};

Choice choose(const Node& node, const ChooseContext& context) {
  if (node.input(0).type == DType::S16) {
    return make_kernel<PoolS16>(node, choose_kernel(kernels::pool_s16_kernels, context.features));
  }
  if (node.input(0).type != DType::S8) return make_kernel<PoolF32>();
  return make_kernel<PoolS8>(node, choose_kernel(kernels::pool_s8_kernels, context.features));
}

}  // namespace

const OpDef kPool2DOp = {choose};

}  // namespace qrt::rt
