// Convolution of s16 activations with s8 weights, read where they lie. Sums are exact in 64 bits.
#include <algorithm>

#include "src/ops/conv2d.h"
#include "src/ops/quantized_weights.h"
#include "src/ops/sums_s16.h"

namespace qrt::rt {
namespace {

class ConvS16 : public RowKernel<kernels::GemmS16Kernel> {
 public:
  ConvS16(const Node& node, const kernels::GemmS16Kernel& row)
      : RowKernel(row), sums_(node, row, node.options<fb::Conv2D>().clamp()) {}

  Status pack(const Node& node, WeightStore& store) override {
    QRT_ASSIGN_OR_RETURN(weights_, bytes_of_weights(node, store));
    return sums_.collect(node);
  }

 protected:
  struct State : OpState {
    ConvShape conv;
    uint64_t cost = 0;  // of a pixel
  };
  State& plan_conv(const Node& node, PlanContext& context) const {
    State& state = context.make<State>();
    state.conv = conv_shape(node, context.shapes);
    const ConvShape& conv = state.conv;
    state.cost = mac_cost(size_product(conv.window.taps(), conv.group_inputs(), conv.out_channels),
                          row_.throughput) +
                 conv.out_channels;
    return state;
  }

  SumsS16 sums_;
  const int8_t* weights_ = nullptr;
};

class GemmConvS16 final : public ConvS16 {
 public:
  GemmConvS16(const Node& node, const kernels::GemmS16Kernel& row) : ConvS16(node, row) {}

  Status plan(const Node& node, PlanContext& context) const override {
    (void)plan_conv(node, context);
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const ConvShape& conv = state.conv;
    context.pool.parallel_for(conv.window.pixels(), state.cost,
                              [&](size_t begin, size_t end, size_t) {
                                for (size_t p = begin; p < end; ++p) {
                                  for (size_t g = 0; g < conv.groups; ++g)
                                    run_pixel(context, conv, p, g);
                                }
                              });
  }

 private:
  // Output pixel `p` of one group. A window's rows are contiguous where nothing lies between their
  // pixels' channels; else its pixels are.
  void run_pixel(const RunContext& context, const ConvShape& conv, size_t p, size_t g) const {
    const WindowGeometry& w = conv.window;
    const bool by_rows = conv.groups == 1 && w.dilation_w == 1;
    const size_t depth = conv.group_inputs(), n = conv.group_outputs();
    const size_t row_elements = w.kernel_w * depth, filter = w.kernel_h * row_elements;
    const size_t ox = p % w.out_w, oy = p / w.out_w % w.out_h, image = p / (w.out_w * w.out_h);
    const int16_t* in = context.in<int16_t>(0) + image * w.in_h * w.in_w * w.channels + g * depth;
    const int8_t* filters = weights_ + g * n * filter;
    int16_t* out = context.out<int16_t>() + p * conv.out_channels + g * n;
    int64_t sums[kSumsS16];
    for (size_t first = 0; first < n; first += kSumsS16) {
      const size_t count = std::min(n - first, kSumsS16);
      sums_.begin(g * n + first, count, sums);
      for (size_t ky = 0; ky < w.kernel_h; ++ky) {
        // Unsigned: a row above the feature map wraps around to one far below it.
        const size_t y = oy * w.stride_h + ky * w.dilation_h - w.pad_top;
        if (y >= w.in_h) continue;
        const int16_t* row = in + y * w.in_w * w.channels;
        const int8_t* from = filters + first * filter + ky * row_elements;
        if (by_rows) {
          const size_t x = ox * w.stride_w;  // counted from the edge of the padding
          const size_t left = std::min(w.pad_left > x ? w.pad_left - x : 0, w.kernel_w);
          const size_t room = w.in_w + w.pad_left;
          const size_t right = std::clamp(room > x ? room - x : 0, left, w.kernel_w);
          if (left == right) continue;
          row_.add_rows(row + (x + left - w.pad_left) * depth, (right - left) * depth,
                        from + left * depth, filter, count, sums);
          continue;
        }
        for (size_t kx = 0; kx < w.kernel_w; ++kx) {
          const size_t x = ox * w.stride_w + kx * w.dilation_w - w.pad_left;
          if (x >= w.in_w) continue;
          row_.add_rows(row + x * w.channels, depth, from + kx * depth, filter, count, sums);
        }
      }
      sums_.finish(sums, g * n + first, count, out + first);
    }
  }
};

// One filter for each channel: taps by channels, as the feature map lies.
class DepthwiseConvS16 final : public ConvS16 {
 public:
  DepthwiseConvS16(const Node& node, const kernels::GemmS16Kernel& row) : ConvS16(node, row) {}

  Status pack(const Node& node, WeightStore& store) override {
    const Shape& shape = node.input(1).shape;
    const auto channels = static_cast<size_t>(shape[0]);
    const auto taps = static_cast<size_t>(shape.elements(1, 3));
    QRT_RETURN_IF_ERROR(ConvS16::pack(node, store));
    const int8_t* w = weights_;
    const PackKey key = {row_.name, kTapsByChannels, node.input(1).data, {channels, taps}};
    QRT_ASSIGN_OR_RETURN(packed_,
                         store.get(node, key, size_product(channels, taps), [&](uint8_t* to) {
                           for (size_t c = 0; c < channels; ++c) {
                             for (size_t t = 0; t < taps; ++t) {
                               to[t * channels + c] = static_cast<uint8_t>(w[c * taps + t]);
                             }
                           }
                         }));
    return {};
  }

  Status plan(const Node& node, PlanContext& context) const override {
    const State& state = plan_conv(node, context);
    context.scratch_bytes =
        size_product(context.max_ranges, state.conv.window.taps(), sizeof(void*));
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const WindowGeometry& w = state.conv.window;
    const auto* weights = reinterpret_cast<const int8_t*>(packed_);
    context.pool.parallel_for(w.pixels(), state.cost, [&](size_t begin, size_t end, size_t range) {
      auto** pixels = reinterpret_cast<const void**>(context.scratch) + range * w.taps();
      int64_t sums[kSumsS16];
      for (size_t p = begin; p < end; ++p) {
        fill_indirection(w, context.in<void>(0), sizeof(int16_t), nullptr, p, p + 1, pixels);
        for (size_t first = 0; first < w.channels; first += kSumsS16) {
          const size_t count = std::min(w.channels - first, kSumsS16);
          sums_.begin(first, count, sums);
          row_.add_channels(reinterpret_cast<const int16_t* const*>(pixels), w.taps(), first,
                            weights + first, w.channels, count, sums);
          sums_.finish(sums, first, count, context.out<int16_t>() + p * w.channels + first);
        }
      }
    });
  }

 private:
  static constexpr uint32_t kTapsByChannels = 1;  // version of the layout

  const uint8_t* packed_ = nullptr;
};

}  // namespace

Choice choose_conv2d_s16(const Node& node, const ChooseContext& context) {
  const auto& row = choose_kernel(kernels::gemm_s16_kernels, context.features);
  const Shape& weights = node.input(1).shape;
  const auto groups = node.options<fb::Conv2D>().groups();
  // With several filters a channel, or one channel, products are those of any grouped convolution.
  if (groups > 1 && weights[3] == 1 && weights[0] == groups) {
    return make_kernel<DepthwiseConvS16>(node, row);
  }
  return make_kernel<GemmConvS16>(node, row);
}

}  // namespace qrt::rt
