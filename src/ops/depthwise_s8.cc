// Quantized depthwise convolution by dwconv_s8, in strips of rows and blocks of channels.
#include <algorithm>

#include "kernels/dwconv_s8.h"
#include "src/ops/kernel_choice.h"
#include "src/ops/packed_conv.h"

namespace qrt::rt {
namespace {

class DepthwiseConv final : public PackedConv {
 public:
  DepthwiseConv(const Node& node, const kernels::DwconvS8Kernel& kernel)
      : PackedConv(node), kernel_(kernel) {}

  const char* name() const override { return kernel_.name; }

  Status pack(const Node& node) {
    const Tensor& w = node.input(1);
    const auto& window = *node.options<fb::Conv2D>().window();
    const auto outputs = static_cast<size_t>(w.shape[0]);
    const auto channels = static_cast<size_t>(node.options<fb::Conv2D>().groups());
    shape_ = {channels,
              outputs / channels,
              static_cast<size_t>(w.shape[1]),
              static_cast<size_t>(w.shape[2]),
              static_cast<size_t>(window.stride_h()),
              static_cast<size_t>(window.stride_w()),
              static_cast<size_t>(window.dilation_h()),
              static_cast<size_t>(window.dilation_w())};
    const auto zero_points = weight_zero_points(w, outputs);
    const auto multipliers = requantize_multipliers(node.input(0), w, node.output(0), outputs);
    const kernels::DwconvS8Weights weights = {shape_,
                                              w.as<int8_t>(),
                                              bias_data<int32_t>(node),
                                              in_zero_point_,
                                              zero_points.empty() ? nullptr : zero_points.data(),
                                              multipliers.data()};
    QRT_RETURN_IF_ERROR(allocate(node, kernel_.packed_bytes(weights)));
    kernel_.pack(weights, packed_.get());
    return {};
  }

  Status plan(const Node& node, PlanContext& context) const override {
    auto state = std::make_unique<State>();
    state->conv = conv_shape(node, context.shapes);
    state->range_bytes =
        align_up(kernel_.scratch_bytes(shape_, state->conv.window.out_w), kAlignment);
    context.scratch_bytes = context.max_ranges * state->range_bytes;
    context.state = std::move(state);
    return {};
  }

  // In strips of rows, all channel blocks of a strip one after another: they share its cache lines.
  // What is shared out are rows of a block, so that parts are equal whatever the strips are, and
  // threads do not take work from one another, with lines that are in the other's cache.
  void run(const RunContext& context) const override {
    const State& state = *static_cast<const State*>(context.state);
    const WindowGeometry& w = state.conv.window;
    const size_t outputs = shape_.outputs(), blocks = ceil_div(outputs, kernel_.block);
    const size_t strip = strip_rows(w, context.pool.threads());
    const size_t macs = w.taps() * std::min(kernel_.block, outputs) * w.out_w;
    context.pool.parallel_for(
        w.batch * w.out_h * blocks, mac_cost(macs, kernel_.speed),
        [&](size_t begin, size_t end, size_t range) {
          for (size_t i = begin; i < end;) {
            const size_t image = i / (w.out_h * blocks), row_block = i % (w.out_h * blocks);
            const size_t top = row_block / (strip * blocks) * strip;
            const size_t height = std::min(strip, w.out_h - top);
            const size_t in_strip = row_block - top * blocks;
            const size_t c = in_strip / height * kernel_.block, y = in_strip % height;
            const size_t rows = std::min(height - y, end - i);
            const kernels::DwconvS8Args args = {
                shape_,
                packed_.get(),
                context.in<int8_t>(0) + image * w.in_h * w.in_w * w.channels,
                w.in_h,
                w.in_w,
                w.pad_top,
                w.pad_left,
                w.out_w,
                in_zero_point_,
                out_,
                context.scratch + range * state.range_bytes};
            kernel_.run(args, top + y, top + y + rows, c, std::min(c + kernel_.block, outputs),
                        context.out<int8_t>() + image * w.out_h * w.out_w * outputs);
            i += rows;
          }
        });
  }

 private:
  struct State : OpState {
    ConvShape conv;
    size_t range_bytes = 0;
  };

  // What a strip reads stays in the second-level cache while its blocks are computed; a strip
  // starts by copying the rows that windows share, so it has more rows than a window. Threads take
  // strips of rows, as they do of the convolutions before and after, so that data stays with its
  // thread.
  size_t strip_rows(const WindowGeometry& w, size_t threads) const {
    const size_t row_bytes = w.stride_h * w.in_w * w.channels;
    const size_t cached = std::max<size_t>(l2_cache_bytes() / 4 / row_bytes, 2 * w.kernel_h);
    return std::min(cached, ceil_div(w.out_h, threads));
  }

  const kernels::DwconvS8Kernel& kernel_;
  kernels::DwconvS8Shape shape_ = {};
};

}  // namespace

Status prepare_depthwise_s8(const Node& node, const BuildContext& context,
                            std::unique_ptr<OpKernel>* kernel) {
  auto conv =
      std::make_unique<DepthwiseConv>(node, choose_kernel(kernels::dwconv_s8_kernels, context.isa));
  QRT_RETURN_IF_ERROR(conv->pack(node));
  *kernel = std::move(conv);
  return {};
}

}  // namespace qrt::rt
