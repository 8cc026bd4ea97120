// Quantized convolution by gemm_s8 over indirection pointers, which are written for a block of
// pixels at a time and never for the whole feature map.
#include <algorithm>
#include <cstring>

#include "kernels/gemm_s8.h"
#include "src/ops/packed_gemm.h"
#include "src/ops/quantized_conv.h"

namespace qrt::rt {
namespace {

// Output pixels computed at once: the kernel's copy of their windows stays in the caches.
constexpr size_t kPixelBlock = 64;
// Blocks are made smaller for threads to share, to this at least.
constexpr size_t kMinPixels = 24;
// Where few pixels leave threads without work, output channels are split, no finer than this.
constexpr size_t kMinColumns = 64;
// Weights larger than half a second-level cache do not stay there from one block of rows to the
// next: then kernels get a buffer that makes blocks larger, up to this.
constexpr size_t kMaxBuffer = 256 * 1024;

class GemmConv final : public QuantizedConv<kernels::GemmS8Kernel> {
 public:
  GemmConv(const Node& node, const kernels::GemmS8Kernel& row) : QuantizedConv(node, row) {
    const Shape& w = node.input(1).shape;
    const auto& options = node.options<fb::Conv2D>();
    by_rows_ = options.groups() == 1 && options.window()->dilation_w() == 1;
    const auto columns = static_cast<size_t>(w[2]), channels = static_cast<size_t>(w[3]);
    taps_ = static_cast<size_t>(w[1]) * (by_rows_ ? 1 : columns);
    k_ = channels * (by_rows_ ? columns : 1);
  }

  Status pack(const Node& node, WeightStore& store) override {
    QRT_ASSIGN_OR_RETURN(const QuantizedWeights weights, QuantizedWeights::collect(node));
    const auto groups = static_cast<size_t>(node.options<fb::Conv2D>().groups());
    return weights_.pack(node, row_, weights, groups, taps_, has_single_row(node.output(0).shape),
                         store);
  }

  Status plan(const Node& node, PlanContext& context) const override {
    State& state = context.make<State>();
    state.conv = conv_shape(node, context.shapes);
    const ConvShape& conv = state.conv;
    const WindowGeometry& window = conv.window;
    state.split = split_of(conv, context.max_ranges);
    state.cost = mac_cost(size_product(window.pixels() / state.split.blocks, window.taps(),
                                       conv.group_inputs(), conv.groups, state.split.columns),
                          row_.throughput);
    if (!window.is_pointwise()) {
      state.padding_bytes = align_up(window.kernel_w * window.channels, kAlignment);
      const size_t most = state.split.most();
      state.patches_bytes = by_rows_ ? align_up(most * taps_ * k_, kAlignment) : 0;
      state.range_bytes = state.patches_bytes + align_up(most * taps_ * sizeof(void*), kAlignment);
    }
    if (!weights_stay_cached()) {
      const size_t rows = state.split.most() * row_.row_bytes(taps_, k_);
      state.buffer_bytes =
          align_up(std::min(rows, kMaxBuffer) + kernels::kGemmS8BufferSlack, kAlignment);
      state.range_bytes += state.buffer_bytes;
    }
    context.scratch_bytes =
        state.padding_bytes + size_product(context.max_ranges, state.range_bytes);
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const ConvShape& conv = state.conv;
    const Split& split = state.split;
    if (state.padding_bytes > 0) {
      std::memset(context.scratch, static_cast<uint8_t>(in_zero_point_), state.padding_bytes);
    }
    const size_t n = conv.group_outputs();
    context.pool.parallel_for(
        split.blocks * split.parts, state.cost, [&](size_t begin, size_t end, size_t range) {
          for (size_t i = begin; i < end; ++i) {
            // The smallest products take less time than a division.
            const size_t block = split.parts == 1 ? i : i / split.parts;
            const size_t column = (i - block * split.parts) * split.columns;
            run_block(context, state, split.first(block), split.first(block + 1), column,
                      std::min(column + split.columns, n), range);
          }
        });
  }

 private:
  // What is computed at once: blocks of whole tiles of pixels, as even as that leaves them, each by
  // `parts` times `columns` output channels.
  struct Split {
    size_t pixels, blocks, tiles, tile, parts, columns;

    size_t first(size_t block) const {
      if (block == 0) return 0;
      if (block == blocks) return pixels;
      return static_cast<size_t>(uint64_t{tiles} * block / blocks) * tile;
    }
    size_t most() const { return ceil_div(tiles, blocks) * tile; }
  };

  struct State : OpState {
    ConvShape conv;
    Split split = {};
    uint64_t cost = 0;  // of a part of a block
    size_t padding_bytes = 0, patches_bytes = 0, range_bytes = 0;
    size_t buffer_bytes = 0;  // at the end of a range's bytes
  };

  bool weights_stay_cached() const { return weights_.bytes() <= l2_cache_bytes() / 2; }

  // As many blocks as threads can share evenly. Where pixels are too few for that, and weights too
  // large for each thread to read them all, output channels are split as well.
  Split split_of(const ConvShape& conv, size_t ranges) const {
    const size_t pixels = conv.window.pixels(), n = conv.group_outputs();
    const size_t tiles = ceil_div(pixels, row_.mr);
    const size_t fewest = ceil_div(pixels, kPixelBlock);
    size_t blocks = fewest;
    if (weights_stay_cached()) {
      const size_t even = ceil_div(fewest, ranges) * ranges;
      blocks = std::max(std::min(even, pixels / kMinPixels), fewest);
    }
    blocks = std::min(blocks, tiles);
    const size_t wanted = ceil_div(ranges, blocks);
    const size_t parts = std::clamp<size_t>(n / kMinColumns, 1, wanted);
    if (parts == 1) return {pixels, blocks, tiles, row_.mr, 1, n};
    const size_t columns = align_up(ceil_div(n, parts), std::max(row_.nr, kMinColumns / 2));
    return {pixels, blocks, tiles, row_.mr, ceil_div(n, columns), columns};
  }

  // Pixels [first, last), output channels [n0, n1) of each group.
  void run_block(const RunContext& context, const State& state, size_t first, size_t last,
                 size_t n0, size_t n1, size_t range) const {
    const ConvShape& conv = state.conv;
    const WindowGeometry& window = conv.window;
    const auto* in = context.in<int8_t>(0);
    const bool direct = window.is_pointwise();
    uint8_t* scratch = context.scratch + state.padding_bytes + range * state.range_bytes;
    uint8_t* buffer = scratch + state.range_bytes - state.buffer_bytes;
    const int8_t** indirection = direct ? nullptr : fill(context, state, first, last, scratch);
    for (size_t g = 0; g < conv.groups; ++g) {
      if (g > 0 && !direct) {
        for (size_t i = 0; i < (last - first) * taps_; ++i) indirection[i] += conv.group_inputs();
      }
      const kernels::GemmS8Args args = {weights_.group(g),
                                        conv.group_outputs(),
                                        taps_,
                                        k_,
                                        indirection,
                                        in + first * window.channels + g * conv.group_inputs(),
                                        window.channels,
                                        conv.out_channels,
                                        out_,
                                        state.buffer_bytes > 0 ? buffer : nullptr,
                                        state.buffer_bytes};
      row_.run(args, 0, last - first, n0, n1,
               context.out<int8_t>() + first * conv.out_channels + g * conv.group_outputs());
    }
  }

  const int8_t** fill(const RunContext& context, const State& state, size_t first, size_t last,
                      uint8_t* scratch) const {
    auto** indirection = reinterpret_cast<const int8_t**>(scratch + state.patches_bytes);
    const auto* padding = reinterpret_cast<const int8_t*>(context.scratch);
    const auto* in = context.in<int8_t>(0);
    if (by_rows_) {
      fill_row_indirection(state.conv.window, in, padding, first, last,
                           reinterpret_cast<int8_t*>(scratch), indirection);
    } else {
      fill_indirection(state.conv.window, in, 1, padding, first, last,
                       reinterpret_cast<const void**>(indirection));
    }
    return indirection;
  }

  // Windows are addressed by rows where these are contiguous, else by pixels.
  bool by_rows_ = false;
  size_t taps_ = 0, k_ = 0;
  PackedGemm weights_;
};

}  // namespace

Choice choose_conv2d_s8(const Node& node, const ChooseContext& context) {
  const auto groups = node.options<fb::Conv2D>().groups();
  if (groups > 1 && node.input(1).shape[3] == 1) return choose_depthwise_s8(node, context);
  Choice winograd = choose_winograd_s8(node, context);
  if (!winograd.ok() || *winograd != nullptr) return winograd;
  return make_kernel<GemmConv>(node, choose_kernel(kernels::gemm_s8_kernels, context.features));
}

}  // namespace qrt::rt
