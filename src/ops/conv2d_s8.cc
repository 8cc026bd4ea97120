// Quantized convolution: depthwise by dwconv_s8, everything else by gemm_s8 over the addresses of
// its windows, which are written a block of pixels at a time and never for the whole picture.
#include <algorithm>
#include <cstring>

#include "kernels/dwconv_s8.h"
#include "kernels/gemm_s8.h"
#include "src/base/memory.h"
#include "src/ops/conv2d.h"
#include "src/ops/kernel_choice.h"
#include "src/ops/quantized_weights.h"

namespace qrt::rt {
namespace {

// Output pixels whose window addresses are written at once: they stay in the first-level cache
// beside the tile's data (9 taps: 4.5 KiB).
constexpr size_t kPixelBlock = 64;

// Below this many input channels a window is copied instead of addressed: kernels take their rows
// in pieces, and pieces of a few bytes cost more than what is computed from them.
constexpr size_t kCopiedChannels = 16;

kernels::Output output_range(const Node& node) {
  const Tensor& out = node.output(0);
  const QuantizedLimits limits = quantized_limits(node.options<fb::Conv2D>().clamp(), out);
  return {out.quantization.zero_point(), limits.min, limits.max};
}

// What both kinds share: scratch for the padding bytes and each range's window addresses.
class WindowedConv : public OpKernel {
 public:
  size_t packed_bytes() const override { return packed_bytes_; }

  Status plan(const Node& node, PlanContext& context) const override {
    auto state = std::make_unique<State>();
    state->conv = conv_shape(node, context.shapes);
    const WindowGeometry& window = state->conv.window;
    state->padding_bytes = align_up(window.channels, kAlignment);
    state->range_bytes = align_up(range_bytes(window), kAlignment);
    context.scratch_bytes = state->padding_bytes + context.max_ranges * state->range_bytes;
    context.state = std::move(state);
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = *static_cast<const State*>(context.state);
    std::memset(context.scratch, static_cast<uint8_t>(in_zero_point_), state.conv.window.channels);
    compute(context, state);
  }

 protected:
  struct State : OpState {
    ConvShape conv;
    size_t padding_bytes = 0, range_bytes = 0;
  };

  explicit WindowedConv(const Node& node)
      : in_zero_point_(node.input(0).quantization.zero_point()), out_(output_range(node)) {}

  virtual void compute(const RunContext& context, const State& state) const = 0;

  // Scratch that each range of the loop over pixels needs.
  virtual size_t range_bytes(const WindowGeometry& window) const {
    return kPixelBlock * window.taps() * sizeof(void*);
  }
  static uint8_t* range_scratch(const RunContext& context, const State& state, size_t range) {
    return context.scratch + state.padding_bytes + range * state.range_bytes;
  }
  static const void** pieces_of(const RunContext& context, const State& state, size_t range) {
    return reinterpret_cast<const void**>(range_scratch(context, state, range));
  }

  Status allocate(const Node& node, size_t bytes) {
    packed_bytes_ = bytes;
    packed_ = allocate_aligned(bytes);
    if (packed_ != nullptr) return {};
    return node.fail(Code::OutOfMemory, "no memory for %zu bytes of packed weights", bytes);
  }

  AlignedBuffer packed_;
  size_t packed_bytes_ = 0;
  int32_t in_zero_point_;
  kernels::Output out_;
};

class DepthwiseConv final : public WindowedConv {
 public:
  DepthwiseConv(const Node& node, const kernels::DwconvS8Kernel& kernel)
      : WindowedConv(node), kernel_(kernel) {}

  const char* name() const override { return kernel_.name; }

  Status pack(const Node& node) {
    const Tensor& w = node.input(1);
    const auto outputs = static_cast<size_t>(w.shape[0]);
    const auto channels = static_cast<size_t>(node.options<fb::Conv2D>().groups());
    const size_t multiplier = outputs / channels;
    const auto taps = static_cast<size_t>(w.shape[1] * w.shape[2]);
    QRT_RETURN_IF_ERROR(allocate(node, kernel_.packed_bytes(channels, multiplier, taps)));
    const auto zero_points = weight_zero_points(w, outputs);
    const auto multipliers = requantize_multipliers(node.input(0), w, node.output(0), outputs);
    kernel_.pack(
        {channels, multiplier, taps, w.as<int8_t>(), bias_data<int32_t>(node), in_zero_point_,
         zero_points.empty() ? nullptr : zero_points.data(), multipliers.data()},
        packed_.get());
    return {};
  }

 private:
  void compute(const RunContext& context, const State& state) const override {
    const WindowGeometry& window = state.conv.window;
    const size_t outputs = state.conv.out_channels;
    const auto* in = context.in<int8_t>(0);
    auto* out = context.out<int8_t>();
    context.pool.parallel_for(
        window.pixels(), window.taps() * outputs * 4, [&](size_t begin, size_t end, size_t range) {
          const void** pieces = pieces_of(context, state, range);
          for (size_t p = begin; p < end; p += kPixelBlock) {
            const size_t last = std::min(p + kPixelBlock, end);
            fill_pieces(window, in, 1, context.scratch, p, last, pieces);
            const kernels::DwconvS8Args args = {packed_.get(),
                                                window.channels,
                                                outputs / window.channels,
                                                window.taps(),
                                                reinterpret_cast<const int8_t* const*>(pieces),
                                                outputs,
                                                out_};
            kernel_.run(args, last - p, out + p * outputs);
          }
        });
  }

  const kernels::DwconvS8Kernel& kernel_;
};

class GemmConv final : public WindowedConv {
 public:
  GemmConv(const Node& node, const kernels::GemmS8Kernel& kernel)
      : WindowedConv(node), kernel_(kernel) {}

  const char* name() const override { return kernel_.name; }

  Status pack(const Node& node) {
    const Tensor& w = node.input(1);
    const auto outputs = static_cast<size_t>(w.shape[0]);
    const auto groups = static_cast<size_t>(node.options<fb::Conv2D>().groups());
    const auto taps = static_cast<size_t>(w.shape[1] * w.shape[2]);
    const auto k = static_cast<size_t>(w.shape[3]);
    const size_t n = outputs / groups;
    copied_ = groups == 1 && taps > 1 && k < kCopiedChannels;
    if (copied_) return pack_groups(node, 1, outputs, 1, taps * k);
    return pack_groups(node, groups, n, taps, k);
  }

 private:
  Status pack_groups(const Node& node, size_t groups, size_t n, size_t taps, size_t k) {
    const Tensor& w = node.input(1);
    const size_t outputs = groups * n;
    group_bytes_ = align_up(kernel_.packed_bytes(n, taps, k), kAlignment);
    QRT_RETURN_IF_ERROR(allocate(node, group_bytes_ * groups));
    const auto zero_points = weight_zero_points(w, outputs);
    const auto multipliers = requantize_multipliers(node.input(0), w, node.output(0), outputs);
    const auto* bias = bias_data<int32_t>(node);
    for (size_t g = 0; g < groups; ++g) {
      kernel_.pack(
          {n, taps, k, w.as<int8_t>() + g * n * taps * k, bias != nullptr ? bias + g * n : nullptr,
           in_zero_point_, zero_points.empty() ? nullptr : zero_points.data() + g * n,
           multipliers.data() + g * n},
          packed_.get() + g * group_bytes_);
    }
    return {};
  }

  size_t range_bytes(const WindowGeometry& window) const override {
    return copied_ ? kPixelBlock * window.taps() * window.channels
                   : WindowedConv::range_bytes(window);
  }

  void compute(const RunContext& context, const State& state) const override {
    const ConvShape& conv = state.conv;
    const size_t cost = conv.window.taps() * conv.group_inputs() * conv.out_channels;
    const size_t blocks = ceil_div(conv.window.pixels(), kernel_.mr);
    context.pool.parallel_for(
        blocks, cost * kernel_.mr, [&](size_t begin, size_t end, size_t range) {
          const size_t last_pixel = std::min(end * kernel_.mr, conv.window.pixels());
          for (size_t p = begin * kernel_.mr; p < last_pixel; p += kPixelBlock) {
            const size_t last = std::min(p + kPixelBlock, last_pixel);
            if (copied_) {
              run_copied(context, state, p, last, range);
            } else {
              run_block(context, state, p, last, range);
            }
          }
        });
  }

  // All output channels of pixels [first, last), from copies of their windows.
  void run_copied(const RunContext& context, const State& state, size_t first, size_t last,
                  size_t range) const {
    const WindowGeometry& window = state.conv.window;
    const size_t n = state.conv.out_channels, k = window.taps() * window.channels;
    auto* patches = reinterpret_cast<int8_t*>(range_scratch(context, state, range));
    fill_patches(window, context.in<int8_t>(0), static_cast<int8_t>(in_zero_point_), first, last,
                 patches);
    const kernels::GemmS8Args args = {packed_.get(), n, 1, k, nullptr, patches, k, n, out_};
    kernel_.run(args, 0, last - first, 0, n, context.out<int8_t>() + first * n);
  }

  // The same from their addresses, group by group.
  void run_block(const RunContext& context, const State& state, size_t first, size_t last,
                 size_t range) const {
    const ConvShape& conv = state.conv;
    const WindowGeometry& window = conv.window;
    const auto* in = context.in<int8_t>(0);
    const size_t k = conv.group_inputs(), n = conv.group_outputs();
    const bool direct = window.is_pointwise();
    const void** pieces = pieces_of(context, state, range);
    if (!direct) fill_pieces(window, in, 1, context.scratch, first, last, pieces);
    for (size_t g = 0; g < conv.groups; ++g) {
      if (g > 0 && !direct) {
        for (size_t i = 0; i < (last - first) * window.taps(); ++i) {
          pieces[i] = static_cast<const int8_t*>(pieces[i]) + k;
        }
      }
      const kernels::GemmS8Args args = {
          packed_.get() + g * group_bytes_,
          n,
          window.taps(),
          k,
          direct ? nullptr : reinterpret_cast<const int8_t* const*>(pieces),
          in + first * window.channels + g * k,
          window.channels,
          conv.out_channels,
          out_};
      kernel_.run(args, 0, last - first, 0, n,
                  context.out<int8_t>() + first * conv.out_channels + g * n);
    }
  }

  const kernels::GemmS8Kernel& kernel_;
  size_t group_bytes_ = 0;
  bool copied_ = false;
};

}  // namespace

Status prepare_conv2d_s8(const Node& node, const BuildContext& context,
                         std::unique_ptr<OpKernel>* kernel) {
  const auto groups = node.options<fb::Conv2D>().groups();
  if (groups > 1 && node.input(1).shape[3] == 1) {
    auto conv = std::make_unique<DepthwiseConv>(
        node, choose_kernel(kernels::dwconv_s8_kernels, context.isa));
    QRT_RETURN_IF_ERROR(conv->pack(node));
    *kernel = std::move(conv);
    return {};
  }
  auto conv =
      std::make_unique<GemmConv>(node, choose_kernel(kernels::gemm_s8_kernels, context.isa));
  QRT_RETURN_IF_ERROR(conv->pack(node));
  *kernel = std::move(conv);
  return {};
}

}  // namespace qrt::rt
