// Float convolution: XNNPACK, or portable kernels over window addresses.
#include <algorithm>

#include "kernels/f32.h"
#include "src/ops/conv2d.h"
#include "src/ops/quantized_weights.h"
#include "src/runtime/xnn.h"

namespace qrt::rt {
namespace {

constexpr size_t kPixelBlock = 64;

class XnnConv final : public OpKernel {
 public:
  const char* name() const override { return "f32_conv__xnnpack"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const ConvShape conv = conv_shape(node, context.shapes);
    const WindowGeometry& w = conv.window;
    const Limits limits = clamp_limits(node.options<fb::Conv2D>().clamp());
    const auto u = [](size_t v) { return static_cast<unsigned>(v); };
    auto state = std::make_unique<State>();
    QRT_ASSIGN_OR_RETURN(
        state->op, XnnOperator::create(XnnConvolution{
                       u(w.pad_top), u(w.pad_right), u(w.pad_bottom), u(w.pad_left), u(w.kernel_h),
                       u(w.kernel_w), u(w.stride_h), u(w.stride_w), u(w.dilation_h),
                       u(w.dilation_w), u(conv.groups), conv.group_inputs(), conv.group_outputs(),
                       node.input(1).as<float>(), bias_data<float>(node), limits.min, limits.max}));
    context.state = std::move(state);
    return {};
  }

  Status bind(const RunContext& context) const override {
    const Shape& in = context.shape_in(0);
    const auto u = [](int32_t v) { return static_cast<size_t>(v); };
    return static_cast<State*>(context.state)
        ->op.bind_convolution(u(in[0]), u(in[1]), u(in[2]), context.in<float>(0),
                              context.out<float>(), context.pool.handle());
  }

  void run(const RunContext& context) const override {
    static_cast<State*>(context.state)->op.run(context.pool.handle());
  }

 private:
  struct State : OpState {
    XnnOperator op;
  };
};

class PortableConv final : public OpKernel {
 public:
  const char* name() const override { return "f32_conv__scalar"; }

  Status plan(const Node& node, PlanContext& context) const override {
    auto state = std::make_unique<State>();
    state->conv = conv_shape(node, context.shapes);
    context.scratch_bytes =
        size_product(context.max_ranges, kPixelBlock, state->conv.window.taps(), sizeof(void*));
    context.state = std::move(state);
    return {};
  }

  void run(const RunContext& context) const override {
    const ConvShape& conv = static_cast<State*>(context.state)->conv;
    const WindowGeometry& window = conv.window;
    const uint64_t cost = size_product(window.taps(), conv.group_inputs(), conv.out_channels);
    context.pool.parallel_for(window.pixels(), cost, [&](size_t begin, size_t end, size_t range) {
      auto** indirection =
          reinterpret_cast<const void**>(context.scratch) + range * kPixelBlock * window.taps();
      for (size_t p = begin; p < end; p += kPixelBlock) {
        const size_t last = std::min(p + kPixelBlock, end);
        fill_indirection(window, context.in<float>(0), sizeof(float), nullptr, p, last,
                         indirection);
        run_block(context, conv, reinterpret_cast<const float* const*>(indirection), p, last);
      }
    });
  }

 private:
  struct State : OpState {
    ConvShape conv;
  };

  static void run_block(const RunContext& context, const ConvShape& conv,
                        const float* const* indirection, size_t first, size_t last) {
    const Node& node = context.node;
    const Limits limits = clamp_limits(node.options<fb::Conv2D>().clamp());
    const float* w = node.input(1).as<float>();
    const float* bias = bias_data<float>(node);
    const size_t taps = conv.window.taps(), k = conv.group_inputs(), n = conv.group_outputs();
    float* out = context.out<float>() + first * conv.out_channels;
    if (conv.depthwise() && k == 1) {
      kernels::dwconv_f32({conv.window.channels, n, taps, w, bias, indirection, conv.out_channels,
                           limits.min, limits.max},
                          last - first, out);
      return;
    }
    for (size_t g = 0; g < conv.groups; ++g) {
      kernels::conv_f32({taps, k, n, w + g * n * taps * k, bias != nullptr ? bias + g * n : nullptr,
                         indirection, g * k, conv.out_channels, limits.min, limits.max},
                        last - first, out + g * n);
    }
  }
};

}  // namespace

Status prepare_conv2d_f32(const Node& node, const BuildContext& context,
                          std::unique_ptr<OpKernel>* kernel) {
  // XNNPACK reads a little past its input, which a file's memory may not allow; and it takes no
  // empty interval to clamp to.
  const Limits limits = clamp_limits(node.options<fb::Conv2D>().clamp());
  const bool library =
      !context.reference && xnn_available() && !node.input(0).unpadded && limits.min < limits.max;
  if (library) {
    *kernel = std::make_unique<XnnConv>();
  } else {
    *kernel = std::make_unique<PortableConv>();
  }
  return {};
}

}  // namespace qrt::rt
