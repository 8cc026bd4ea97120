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
    QRT_ASSIGN_OR_RETURN(const QuantizedWeights collected, QuantizedWeights::collect(node));
    const WeightArrays a = collected.from(0);
    const kernels::DwconvS8Weights weights = {shape_,          a.w,          a.bias, a.a_zero_point,
                                              a.w_zero_points, a.multipliers};
    QRT_RETURN_IF_ERROR(allocate(node, kernel_.packed_bytes(weights)));
    kernel_.pack(weights, packed_.get());
    return {};
  }

  Status plan(const Node& node, PlanContext& context) const override {
    auto state = std::make_unique<State>();
    state->conv = conv_shape(node, context.shapes);
    const uint64_t range_bytes =
        align_up(kernel_.scratch_bytes(shape_, state->conv.window.out_w), kAlignment);
    state->range_bytes = static_cast<size_t>(range_bytes);
    context.scratch_bytes = size_product(context.max_ranges, range_bytes);
    context.state = std::move(state);
    return {};
  }

  // Threads share rows of outputs, as they do of the convolutions before and after, so that data
  // stays with its thread.
  void run(const RunContext& context) const override {
    const State& state = *static_cast<const State*>(context.state);
    const WindowGeometry& w = state.conv.window;
    const size_t parts = row_parts(w, context.pool);
    const uint64_t macs = size_product(w.taps(), w.out_h, w.out_w, shape_.outputs()) / parts;
    const auto first_row = [&](size_t part) {
      return static_cast<size_t>(uint64_t{w.out_h} * part / parts);
    };
    context.pool.parallel_for(w.batch * parts, mac_cost(macs, kernel_.throughput),
                              [&](size_t begin, size_t end, size_t range) {
                                for (size_t i = begin; i < end; ++i) {
                                  const size_t part = i % parts;
                                  run_rows(context, i / parts, first_row(part), first_row(part + 1),
                                           context.scratch + range * state.range_bytes);
                                }
                              });
  }

 private:
  struct State : OpState {
    ConvShape conv;
    size_t range_bytes = 0;
  };

  // Parts of several rows, for kernels start by copying the rows that windows share; as many for
  // each thread.
  static size_t row_parts(const WindowGeometry& w, const ThreadPool& pool) {
    const size_t threads = pool.threads();
    const size_t most = std::min(pool.max_ranges(), w.out_h / w.kernel_h);
    return std::min(std::max(most / threads * threads, threads), w.out_h);
  }

  // In strips of rows, all channel blocks of a strip one after another: they share its cache lines,
  // and what a strip reads stays in the second-level cache.
  void run_rows(const RunContext& context, size_t image, size_t y0, size_t y1,
                uint8_t* scratch) const {
    const WindowGeometry& w = static_cast<const State*>(context.state)->conv.window;
    const size_t outputs = shape_.outputs();
    const uint64_t row_bytes = size_product(w.stride_h, w.in_w, w.channels);
    const auto strip =
        static_cast<size_t>(std::max<uint64_t>(l2_cache_bytes() / 4 / row_bytes, 2 * w.kernel_h));
    const kernels::DwconvS8Args args = {
        shape_,     packed_.get(), context.in<int8_t>(0) + image * w.in_h * w.in_w * w.channels,
        w.in_h,     w.in_w,        w.pad_top,
        w.pad_left, w.out_w,       in_zero_point_,
        out_,       scratch};
    int8_t* out = context.out<int8_t>() + image * w.out_h * w.out_w * outputs;
    for (size_t y = y0; y < y1; y += strip) {
      for (size_t c = 0; c < outputs; c += kernel_.block) {
        kernel_.run(args, y, std::min(y + strip, y1), c, std::min(c + kernel_.block, outputs), out);
      }
    }
  }

  const kernels::DwconvS8Kernel& kernel_;
  kernels::DwconvS8Shape shape_ = {};
};

}  // namespace

Status prepare_depthwise_s8(const Node& node, const BuildContext& context,
                            std::unique_ptr<OpKernel>* kernel) {
  auto conv = std::make_unique<DepthwiseConv>(
      node, choose_kernel(kernels::dwconv_s8_kernels, context.features));
  QRT_RETURN_IF_ERROR(conv->pack(node));
  *kernel = std::move(conv);
  return {};
}

}  // namespace qrt::rt
