// Quantized 3x3 convolution by winograd_s8, in blocks of tiles.
#include <algorithm>
#include <cstdint>

#include "kernels/gemm_s8.h"
#include "kernels/winograd_s8.h"
#include "src/ops/quantized_conv.h"

namespace qrt::rt {
namespace {

using kernels::WinogradS8Kernel;

// Where few tiles leave threads without work, output channels are split, no finer than this.
constexpr size_t kMinColumns = 32;
// Blocks are made smaller for threads to share, to this at least.
constexpr size_t kMinTiles = 4;
// From memory.
constexpr size_t kBytesPerNanosecond = 12;

kernels::WinogradS8Weights arguments(const QuantizedWeights& weights) {
  const WeightArrays a = weights.from(0);
  return {weights.outputs(), weights.depth() / 9, a.w,          a.bias,
          a.a_zero_point,    a.w_zero_points,     a.multipliers};
}

class WinogradConv final : public QuantizedConv<WinogradS8Kernel> {
 public:
  WinogradConv(const Node& node, const WinogradS8Kernel& row, size_t tile)
      : QuantizedConv(node, row), tile_(tile) {}

  Status pack(const Node& node, WeightStore& store) override {
    QRT_ASSIGN_OR_RETURN(const QuantizedWeights collected, QuantizedWeights::collect(node));
    const kernels::WinogradS8Weights weights = arguments(collected);
    const uint64_t bytes = row_.packed_bytes(tile_, weights.n, weights.channels);
    PackKey key = collected.key(row_.name, kernels::kWinogradS8Layout);
    key.sizes.push_back(tile_);
    QRT_ASSIGN_OR_RETURN(
        packed_, store.get(node, key, bytes, [&](uint8_t* to) { row_.pack(tile_, weights, to); }));
    packed_bytes_ = static_cast<size_t>(bytes);
    return {};
  }

  Status plan(const Node& node, PlanContext& context) const override {
    State& state = context.make<State>();
    state.conv = conv_shape(node, context.shapes);
    state.split = split_of(state.conv, context.max_ranges);
    const uint64_t range_bytes = align_up(
        row_.scratch_bytes(tile_, state.conv.window.channels, state.split.tiles), kAlignment);
    state.range_bytes = static_cast<size_t>(range_bytes);
    const Split& split = state.split;
    state.tiles = tile_count(state.conv.window, tile_);
    state.blocks = ceil_div(state.tiles, split.tiles);
    state.cost = mac_cost(
        size_product(split.tiles, tile_ + 2, tile_ + 2, state.conv.window.channels, split.columns),
        row_.throughput);
    context.scratch_bytes = size_product(context.max_ranges, range_bytes);
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const WindowGeometry& w = state.conv.window;
    const Split& split = state.split;
    const size_t tiles = state.tiles, blocks = state.blocks, n = state.conv.out_channels;
    context.pool.parallel_for(w.batch * blocks * split.parts, state.cost,
                              [&](size_t begin, size_t end, size_t range) {
                                for (size_t i = begin; i < end; ++i) {
                                  const size_t column = i % split.parts * split.columns;
                                  const size_t first = i / split.parts % blocks * split.tiles;
                                  const size_t image = i / split.parts / blocks;
                                  const kernels::WinogradS8Args args = {
                                      packed_,
                                      tile_,
                                      n,
                                      w.channels,
                                      context.in<int8_t>(0) + image * w.in_h * w.in_w * w.channels,
                                      w.in_h,
                                      w.in_w,
                                      w.pad_top,
                                      w.pad_left,
                                      w.out_h,
                                      w.out_w,
                                      in_zero_point_,
                                      out_,
                                      context.scratch + range * state.range_bytes};
                                  row_.run(args, first, std::min(first + split.tiles, tiles),
                                           column, std::min(column + split.columns, n),
                                           context.out<int8_t>() + image * w.out_h * w.out_w * n);
                                }
                              });
  }

  static size_t tile_count(const WindowGeometry& w, size_t tile) {
    return ceil_div(w.out_h, tile) * ceil_div(w.out_w, tile);
  }

 private:
  // What is computed at once: blocks of tiles, each by `parts` times `columns` output channels.
  struct Split {
    size_t tiles, parts, columns;
  };

  struct State : OpState {
    ConvShape conv;
    Split split = {};
    size_t tiles = 0, blocks = 0;  // of an image
    uint64_t cost = 0;             // of a part of a block
    size_t range_bytes = 0;
  };

  // As many blocks as threads can share evenly. Where tiles are too few for that, and weights too
  // large for each thread to read them all, output channels are split as well: each part then
  // transforms all inputs again, which is little beside its products.
  Split split_of(const ConvShape& conv, size_t ranges) const {
    const size_t tiles = tile_count(conv.window, tile_), n = conv.out_channels;
    const size_t fewest = ceil_div(tiles, row_.block(tile_, conv.window.channels));
    size_t blocks = fewest;
    if (packed_bytes_ <= l2_cache_bytes() / 2) {
      const size_t even = ceil_div(fewest, ranges) * ranges;
      blocks = std::max(std::min(even, tiles / kMinTiles), fewest);
    }
    const size_t per_block = ceil_div(tiles, blocks);
    const size_t wanted = ceil_div(ranges, ceil_div(tiles, per_block) * conv.window.batch);
    const size_t parts = std::clamp<size_t>(n / kMinColumns, 1, wanted);
    if (parts == 1) return {per_block, 1, n};
    const size_t columns = align_up(ceil_div(n, parts), row_.nr);
    return {per_block, ceil_div(n, columns), columns};
  }

  const size_t tile_;
  const uint8_t* packed_ = nullptr;
  size_t packed_bytes_ = 0;
};

// Nanoseconds in which a run reads weights, beyond those that are likely to stay in a cache from
// one run to the next.
double weights_time(uint64_t bytes, const ChooseContext& context) {
  const size_t cache = std::max(context.l2_bytes / 2, context.l3_bytes / 4);
  return bytes <= cache ? 0 : static_cast<double>(bytes - cache) / kBytesPerNanosecond;
}

// A plain 3x3 convolution: besides its products, which are many for each output and so a fifth
// faster than usual, it takes the copying of windows and quantizing.
double plain_time(const kernels::GemmS8Kernel& plain, const WindowGeometry& w, size_t outputs,
                  const ChooseContext& context) {
  const size_t depth = w.taps() * w.channels;
  const double pixel =
      static_cast<double>(depth * outputs) / (1.2 * static_cast<double>(plain.throughput)) + 4;
  return static_cast<double>(w.out_h) * static_cast<double>(w.out_w) * pixel +
         weights_time(plain.packed_bytes(outputs, 1, depth), context);
}

// The size of tiles that takes the least nanoseconds, by count; 0 if the plain convolution does.
size_t choose_tile(const WinogradS8Kernel& kernel, const kernels::GemmS8Kernel& plain,
                   const kernels::WinogradS8Weights& weights, const WindowGeometry& w,
                   const ChooseContext& context) {
  const uint64_t pairs = uint64_t{weights.n} * weights.channels;
  if (pairs > SIZE_MAX / 256) return 0;  // so that no size of a row overflows
  size_t best = 0;
  double least = plain_time(plain, w, weights.n, context);
  for (size_t tile : {2, 4}) {
    const size_t places = (tile + 2) * (tile + 2);
    const uint64_t products = places * pairs + kernel.input_cost(tile) * weights.channels +
                              kernel.output_cost(tile) * weights.n;
    const auto tiles =
        static_cast<double>(uint64_t{ceil_div(w.out_h, tile)} * ceil_div(w.out_w, tile));
    const double time =
        tiles * static_cast<double>(products) / static_cast<double>(kernel.throughput) +
        weights_time(kernel.packed_bytes(tile, weights.n, weights.channels), context);
    if (time >= least || !kernel.accepts(tile, weights)) continue;
    best = tile;
    least = time;
  }
  return best;
}

}  // namespace

Choice choose_winograd_s8(const Node& node, const ChooseContext& context) {
  const WinogradS8Kernel& row = choose_kernel(kernels::winograd_s8_kernels, context.features);
  if (row.needs == 0) return std::unique_ptr<OpKernel>();  // the scalar row is a plain convolution
  const Tensor& w = node.input(1);
  const auto& options = node.options<fb::Conv2D>();
  const fb::Window2D& attributes = *options.window();
  if (options.groups() != 1 || w.shape[1] != 3 || w.shape[2] != 3 || attributes.stride_h() != 1 ||
      attributes.stride_w() != 1 || attributes.dilation_h() != 1 || attributes.dilation_w() != 1) {
    return std::unique_ptr<OpKernel>();
  }
  const WindowGeometry window = conv_shape(node, context.shapes).window;
  QRT_ASSIGN_OR_RETURN(const QuantizedWeights weights, QuantizedWeights::collect(node));
  const size_t tile = choose_tile(row, choose_kernel(kernels::gemm_s8_kernels, context.features),
                                  arguments(weights), window, context);
  if (tile == 0) return std::unique_ptr<OpKernel>();
  return make_kernel<WinogradConv>(node, row, tile);
}

}  // namespace qrt::rt
