// Quantized depthwise convolution by dwconv_s8, in strips of rows and blocks of channels.
#include <algorithm>

#include "kernels/dwconv_s8.h"
#include "src/ops/quantized_conv.h"

namespace qrt::rt {
namespace {

class DepthwiseConv final : public QuantizedConv<kernels::DwconvS8Kernel> {
 public:
  DepthwiseConv(const Node& node, const kernels::DwconvS8Kernel& row) : QuantizedConv(node, row) {
    const Shape& w = node.input(1).shape;
    const auto& options = node.options<fb::Conv2D>();
    const fb::Window2D& window = *options.window();
    const auto outputs = static_cast<size_t>(w[0]),
               channels = static_cast<size_t>(options.groups());
    shape_ = {channels,
              outputs / channels,
              static_cast<size_t>(w[1]),
              static_cast<size_t>(w[2]),
              static_cast<size_t>(window.stride_h()),
              static_cast<size_t>(window.stride_w()),
              static_cast<size_t>(window.dilation_h()),
              static_cast<size_t>(window.dilation_w())};
  }

  Status pack(const Node& node, WeightStore& store) override {
    QRT_ASSIGN_OR_RETURN(const QuantizedWeights collected, QuantizedWeights::collect(node));
    const WeightArrays a = collected.from(0);
    const kernels::DwconvS8Weights weights = {shape_,          a.w,          a.bias, a.a_zero_point,
                                              a.w_zero_points, a.multipliers};
    PackKey key = collected.key(row_.name, kernels::kDwconvS8Layout);
    for (const size_t number : {shape_.channels, shape_.kernel_h, shape_.kernel_w, shape_.stride_h,
                                shape_.stride_w, shape_.dilation_h, shape_.dilation_w}) {
      key.sizes.push_back(number);
    }
    QRT_ASSIGN_OR_RETURN(packed_, store.get(node, key, row_.packed_bytes(weights),
                                            [&](uint8_t* to) { row_.pack(weights, to); }));
    return {};
  }

  Status plan(const Node& node, PlanContext& context) const override {
    State& state = context.make<State>();
    state.conv = conv_shape(node, context.shapes);
    const uint64_t range_bytes =
        align_up(row_.scratch_bytes(shape_, state.conv.window.out_w), kAlignment);
    state.range_bytes = static_cast<size_t>(range_bytes);
    const WindowGeometry& w = state.conv.window;
    state.parts = row_parts(w, *context.pool);
    state.cost = mac_cost(size_product(w.taps(), w.out_h, w.out_w, shape_.outputs()) / state.parts,
                          row_.throughput);
    const uint64_t row_bytes = size_product(w.stride_h, w.in_w, w.channels);
    state.strip =
        static_cast<size_t>(std::max<uint64_t>(l2_cache_bytes() / 4 / row_bytes, 2 * w.kernel_h));
    context.scratch_bytes = size_product(context.max_ranges, range_bytes);
    return {};
  }

  // Threads share rows of outputs, as they do of the convolutions before and after, so that data
  // stays with its thread.
  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const WindowGeometry& w = state.conv.window;
    const size_t parts = state.parts;
    const auto first_row = [&](size_t part) {
      return static_cast<size_t>(uint64_t{w.out_h} * part / parts);
    };
    context.pool.parallel_for(w.batch * parts, state.cost,
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
    size_t parts = 1;   // of an image, in rows of outputs
    uint64_t cost = 0;  // of a part
    size_t strip = 1;   // rows
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
    const State& state = context.planned<State>();
    const WindowGeometry& w = state.conv.window;
    const size_t outputs = shape_.outputs(), strip = state.strip;
    const kernels::DwconvS8Args args = {
        shape_,     packed_, context.in<int8_t>(0) + image * w.in_h * w.in_w * w.channels,
        w.in_h,     w.in_w,  w.pad_top,
        w.pad_left, w.out_w, in_zero_point_,
        out_,       scratch};
    int8_t* out = context.out<int8_t>() + image * w.out_h * w.out_w * outputs;
    for (size_t y = y0; y < y1; y += strip) {
      for (size_t c = 0; c < outputs; c += row_.block) {
        row_.run(args, y, std::min(y + strip, y1), c, std::min(c + row_.block, outputs), out);
      }
    }
  }

  kernels::DwconvS8Shape shape_ = {};
  const uint8_t* packed_ = nullptr;
};

}  // namespace

Choice choose_depthwise_s8(const Node& node, const ChooseContext& context) {
  return make_kernel<DepthwiseConv>(node,
                                    choose_kernel(kernels::dwconv_s8_kernels, context.features));
}

}  // namespace qrt::rt
