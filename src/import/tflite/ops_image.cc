// Operators on images [N,H,W,C] without weights: pooling, resizing, moving blocks to channels.
#include <algorithm>

#include "src/import/tflite/op_table.h"
#include "src/import/tflite/window.h"

namespace qrt::import::tflite {
namespace {

using tfl::Builtin;

template <fb::PoolKind kind>
Status pool_2d(OpContext& op) {
  const tfl::Pool2DOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  QRT_RETURN_IF_ERROR(op.expect_rank(0, "input", 4));
  if (options->filter_h() < 1 || options->filter_w() < 1) {
    return error(Code::InvalidModel, "its window is %dx%d", options->filter_h(),
                 options->filter_w());
  }
  fb::Pool2DT pool;
  pool.kind = kind;
  pool.kernel_h = options->filter_h();
  pool.kernel_w = options->filter_w();
  QRT_RETURN_IF_ERROR(read_window(*options, 1, 1, &pool.window));
  FusedActivation activation;
  QRT_RETURN_IF_ERROR(activation.begin(op, options->activation()));
  pool.clamp = activation.clamp();
  QRT_RETURN_IF_ERROR(op.emit(std::move(pool), {op.input(0)}, {activation.output()}));
  return activation.finish(op);
}

template <fb::ResizeMode mode, class Options>
Status resize(OpContext& op) {
  const auto* options = op.options<Options>();
  QRT_RETURN_IF_ERROR(op.expect_rank(0, "input", 4));
  fb::ResizeT resize;
  resize.mode = mode;
  resize.align_corners = options != nullptr && options->align_corners();
  resize.half_pixel_centers = options != nullptr && options->half_pixel_centers();
  const rt::Integers* computed = op.computed(1);
  if (computed != nullptr && !std::all_of(computed->begin(), computed->end(), rt::is_number)) {
    return op.emit(std::move(resize), {op.input(0), op.input(1)}, {op.output()});
  }
  std::vector<int64_t> size;
  QRT_RETURN_IF_ERROR(op.ints(1, "size", 2, &size));
  if (size.size() != 2 || size[0] < 1 || size[1] < 1 || size[0] > INT32_MAX ||
      size[1] > INT32_MAX) {
    return Status(Code::InvalidModel, "its size is not two positive numbers");
  }
  resize.out_h = static_cast<int32_t>(size[0]);
  resize.out_w = static_cast<int32_t>(size[1]);
  return op.emit(std::move(resize), {op.input(0)}, {op.output()});
}

Status check_block(int32_t block) {
  if (block >= 1) return {};
  return error(Code::InvalidModel, "its block size is %d", block);
}

Status depth_to_space(OpContext& op) {
  const tfl::DepthToSpaceOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  QRT_RETURN_IF_ERROR(op.expect_rank(0, "input", 4));
  QRT_RETURN_IF_ERROR(check_block(options->block_size()));
  fb::DepthToSpaceT move;
  move.block = options->block_size();
  return op.emit(std::move(move), {op.input(0)}, {op.output()});
}

Status space_to_depth(OpContext& op) {
  const tfl::SpaceToDepthOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  QRT_RETURN_IF_ERROR(op.expect_rank(0, "input", 4));
  QRT_RETURN_IF_ERROR(check_block(options->block_size()));
  fb::SpaceToDepthT move;
  move.block = options->block_size();
  return op.emit(std::move(move), {op.input(0)}, {op.output()});
}

constexpr OpRule kRules[] = {
    {Builtin::AVERAGE_POOL_2D, 1, 1, 1, 1, pool_2d<fb::PoolKind::Average>},
    {Builtin::MAX_POOL_2D, 1, 1, 1, 1, pool_2d<fb::PoolKind::Max>},
    {Builtin::RESIZE_BILINEAR, 2, 2, 1, 1,
     resize<fb::ResizeMode::Bilinear, tfl::ResizeBilinearOptions>},
    {Builtin::RESIZE_NEAREST_NEIGHBOR, 2, 2, 1, 1,
     resize<fb::ResizeMode::Nearest, tfl::ResizeNearestNeighborOptions>},
    {Builtin::DEPTH_TO_SPACE, 1, 1, 1, 1, depth_to_space},
    {Builtin::SPACE_TO_DEPTH, 1, 1, 1, 1, space_to_depth},
};

}  // namespace

rt::Span<const OpRule> image_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
