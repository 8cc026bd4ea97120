// Convolution of float activations with integer weights (TensorFlow's dynamic-range models): each
// image is quantized to the range of its own values, convolved in integers, and turned back.
#include <algorithm>
#include <cstring>

#include "src/ops/conv2d.h"
#include "src/ops/dynamic_quantization.h"
#include "src/ops/row_kernel.h"

namespace qrt::rt {
namespace {

constexpr size_t kPixelBlock = 32;

class DynamicConv final : public RowKernel<kernels::GemmS8Kernel> {
 public:
  explicit DynamicConv(const ChooseContext& context)
      : RowKernel(choose_kernel(kernels::gemm_s8_kernels, context.features)),
        convert_(choose_kernel(kernels::convert_s8_kernels, context.features)),
        weights_(row_) {}

  CpuFeatures needs() const override { return row_.needs | convert_.needs; }

  Status pack(const Node& node, WeightStore& store) override {
    const Shape& w = node.input(1).shape;
    return weights_.pack(node, static_cast<size_t>(node.options<fb::Conv2D>().groups()),
                         static_cast<size_t>(w[1]) * static_cast<size_t>(w[2]), store);
  }

  Status plan(const Node& node, PlanContext& context) const override {
    State& state = context.make<State>();
    state.conv = conv_shape(node, context.shapes);
    const WindowGeometry& w = state.conv.window;
    state.image_bytes = align_up(w.in_h * w.in_w * w.channels, kAlignment);
    state.padding_bytes = align_up(w.channels, kAlignment);
    state.indirection_bytes = align_up(kPixelBlock * w.taps() * sizeof(void*), kAlignment);
    const uint64_t range_bytes =
        state.indirection_bytes +
        align_up(size_product(kPixelBlock, state.conv.group_outputs(), sizeof(int32_t)),
                 kAlignment);
    state.range_bytes = static_cast<size_t>(range_bytes);
    context.scratch_bytes = uint64_t{state.image_bytes} + state.padding_bytes +
                            size_product(context.max_ranges, range_bytes);
    state.cost =
        mac_cost(size_product(w.taps(), state.conv.group_inputs(), state.conv.out_channels),
                 row_.throughput);
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    WindowGeometry image = state.conv.window;
    image.batch = 1;
    const size_t in_elements = image.in_h * image.in_w * image.channels;
    const size_t out_elements = image.pixels() * state.conv.out_channels;
    for (size_t b = 0; b < state.conv.window.batch; ++b) {
      run_image(context, state, image, context.in<float>(0) + b * in_elements,
                context.out<float>() + b * out_elements);
    }
  }

 private:
  struct State : OpState {
    ConvShape conv;
    uint64_t cost = 0;  // of a pixel
    size_t image_bytes = 0, padding_bytes = 0, indirection_bytes = 0, range_bytes = 0;
  };

  void run_image(const RunContext& context, const State& state, const WindowGeometry& image,
                 const float* in, float* out) const {
    const ConvShape& conv = state.conv;
    const size_t elements = image.in_h * image.in_w * image.channels;
    auto* quantized = reinterpret_cast<int8_t*>(context.scratch);
    auto* padding = context.scratch + state.image_bytes;
    const DynamicRange range =
        dynamic_range(in, elements, context.node.options<fb::Conv2D>().symmetric_input());
    quantize_dynamic(convert_, in, elements, range, quantized);
    std::memset(padding, static_cast<uint8_t>(range.zero_point), image.channels);
    const Limits limits = clamp_limits(context.node.options<fb::Conv2D>().clamp());
    context.pool.parallel_for(
        image.pixels(), state.cost, [&](size_t begin, size_t end, size_t slot) {
          uint8_t* scratch = padding + state.padding_bytes + slot * state.range_bytes;
          auto** indirection = reinterpret_cast<const void**>(scratch);
          auto* acc = reinterpret_cast<int32_t*>(scratch + state.indirection_bytes);
          for (size_t p = begin; p < end; p += kPixelBlock) {
            const size_t count = std::min(kPixelBlock, end - p);
            fill_indirection(image, quantized, 1, padding, p, p + count, indirection);
            for (size_t g = 0; g < conv.groups; ++g) {
              kernels::GemmS8Args args = {};
              args.taps = image.taps();
              args.k = conv.group_inputs();
              args.indirection = reinterpret_cast<const int8_t* const*>(indirection);
              weights_.run(args, g, count, range, limits, acc,
                           out + p * conv.out_channels + g * conv.group_outputs(),
                           conv.out_channels);
              for (size_t i = 0; i < count * image.taps(); ++i) {
                indirection[i] = static_cast<const int8_t*>(indirection[i]) + conv.group_inputs();
              }
            }
          }
        });
  }

  const kernels::ConvertS8Kernel& convert_;
  DynamicWeights weights_;
};

}  // namespace

Choice choose_conv2d_dynamic(const Node&, const ChooseContext& context) {
  return make_kernel<DynamicConv>(context);
}

}  // namespace qrt::rt
