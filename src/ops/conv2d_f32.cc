// Float convolution: XNNPACK, or portable kernels over window addresses.
#include <algorithm>

#include "kernels/f32.h"
#include "src/ops/conv2d.h"
#include "src/ops/quantized_weights.h"
#include "src/ops/xnn_kernel.h"

namespace qrt::rt {
namespace {

constexpr size_t kPixelBlock = 64;

class XnnConv final : public XnnKernel {
 public:
  const char* name() const override { return "f32_conv__xnnpack"; }

 private:
  XnnLayer layer(const Node& node, const Shape& in, const Shape& out) const override {
    const auto& options = node.options<fb::Conv2D>();
    const fb::Window2D& window = *options.window();
    const Shape& weights = node.input(1).shape;
    const auto u = [](auto v) { return static_cast<uint32_t>(v); };
    XnnLayer layer = window_layer(node, window, options.groups(), clamp_limits(options.clamp()));
    // Padding may depend on sizes that are not known yet. It does not matter to the weights then.
    if (*std::min_element(in.begin(), in.end()) > 0 &&
        *std::min_element(out.begin(), out.end()) > 0) {
      const WindowGeometry w = window_geometry(window, in, out, weights[1], weights[2]);
      layer.pad_top = u(w.pad_top);
      layer.pad_right = u(w.pad_right);
      layer.pad_bottom = u(w.pad_bottom);
      layer.pad_left = u(w.pad_left);
    }
    return layer;
  }
};

class PortableConv final : public OpKernel {
 public:
  const char* name() const override { return "f32_conv__scalar"; }

  Status plan(const Node& node, PlanContext& context) const override {
    State& state = context.make<State>();
    state.conv = conv_shape(node, context.shapes);
    context.scratch_bytes =
        size_product(context.max_ranges, kPixelBlock, state.conv.window.taps(), sizeof(void*));
    return {};
  }

  void run(const RunContext& context) const override {
    const ConvShape& conv = context.planned<State>().conv;
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

Choice choose_conv2d_f32(const Node& node, const ChooseContext& context) {
  if (xnn_may_run(node, clamp_limits(node.options<fb::Conv2D>().clamp()), context)) {
    return make_kernel<XnnConv>();
  }
  return make_kernel<PortableConv>();
}

}  // namespace qrt::rt
