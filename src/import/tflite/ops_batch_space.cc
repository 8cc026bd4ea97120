// SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND, between which TensorFlow writes a dilated convolution: a
// Pad, Reshapes around a Transpose, a Slice.
#include <algorithm>
#include <limits>

#include "src/base/checked.h"
#include "src/import/tflite/op_table.h"

namespace qrt::import::tflite {
namespace {

using tfl::Builtin;

// What both operators say about the axes 1...block.size() of their input.
struct Blocks {
  std::vector<int32_t> block;
  std::vector<int32_t> before, after;  // padded or cropped
  int32_t product = 1;                 // of the blocks

  size_t axes() const { return block.size(); }
};

Status read_blocks(OpContext& op, Blocks* blocks) {
  const int rank = op.rank(0);
  std::vector<int64_t> block, margins;
  QRT_RETURN_IF_ERROR(op.ints(1, "block shape", rt::kMaxRank, &block));
  QRT_RETURN_IF_ERROR(op.ints(2, "margins", 2 * rt::kMaxRank, &margins));
  const int axes = static_cast<int>(block.size());
  if (margins.size() != 2 * block.size() || axes + 1 > rank) {
    return error(Code::InvalidModel, "has %zu blocks and %zu margins for %d dimensions",
                 block.size(), margins.size(), rank);
  }
  if (rank + axes > rt::kMaxRank) {
    return error(Code::Unsupported, "has %zu blocks for %d dimensions", block.size(), rank);
  }
  for (size_t i = 0; i < block.size(); ++i) {
    const int64_t before = margins[2 * i], after = margins[2 * i + 1];
    const bool sound = block[i] >= 1 && before >= 0 && after >= 0 &&
                       std::max({block[i], before, after}) <= std::numeric_limits<int32_t>::max();
    if (!sound ||
        !rt::checked_mul(blocks->product, static_cast<int32_t>(block[i]), &blocks->product)) {
      return error(Code::InvalidModel, "has a block of %lld with margins of %lld and %lld",
                   static_cast<long long>(block[i]), static_cast<long long>(before),
                   static_cast<long long>(after));
    }
    blocks->block.push_back(static_cast<int32_t>(block[i]));
    blocks->before.push_back(static_cast<int32_t>(before));
    blocks->after.push_back(static_cast<int32_t>(after));
  }
  return op.expect_per_tensor(op.input(0));
}

// One axis with other margins; InvalidModel if nothing is left or it becomes too long.
Status resized_axis(int64_t size, int64_t change, int32_t* out) {
  const int64_t result = size + change;
  if (result < 1 || result > std::numeric_limits<int32_t>::max()) {
    return error(Code::InvalidModel, "makes an axis of %lld", static_cast<long long>(result));
  }
  *out = static_cast<int32_t>(result);
  return {};
}

// A node on `*value`, which becomes its result: the operator's own if `last`.
template <class Options>
Status then(OpContext& op, Options options, const char* suffix, bool last, int* value) {
  const int from = *value;
  *value =
      last ? op.output() : op.add_inner(suffix, op.in(0).type, Quantization(op.in(0).quantization));
  return op.emit(std::move(options), {from}, {*value});
}

// The batch is left open, so that it may be resized.
Status then_reshape(OpContext& op, Dims shape, size_t batch_axis, const char* suffix, bool last,
                    int* value) {
  fb::ReshapeT reshape;
  shape[batch_axis] = -1;
  reshape.shape.assign(shape.begin(), shape.end());
  return then(op, std::move(reshape), suffix, last, value);
}

Status then_transpose(OpContext& op, const std::vector<int32_t>& perm, Dims* shape, int* value) {
  const Dims from = *shape;
  for (size_t i = 0; i < perm.size(); ++i) (*shape)[i] = from[at(perm[i])];
  fb::TransposeT transpose;
  transpose.perm = perm;
  return then(op, std::move(transpose), "/blocks_moved", false, value);
}

Status space_to_batch(OpContext& op) {
  Blocks blocks;
  QRT_RETURN_IF_ERROR(read_blocks(op, &blocks));
  const size_t axes = blocks.axes();
  Dims shape = op.shape(0);
  int value = op.input(0);

  fb::PadT pad;
  pad.before.assign(shape.size(), 0);
  pad.after.assign(shape.size(), 0);
  bool pads = false;
  for (size_t i = 0; i < axes; ++i) {
    pad.before[i + 1] = blocks.before[i];
    pad.after[i + 1] = blocks.after[i];
    pads = pads || blocks.before[i] + int64_t{blocks.after[i]} > 0;
    int32_t size = shape[i + 1];
    QRT_RETURN_IF_ERROR(resized_axis(size, int64_t{blocks.before[i]} + blocks.after[i], &size));
    shape[i + 1] = size;
    if (size % blocks.block[i] != 0) {
      return error(Code::InvalidModel, "splits an axis of %d into blocks of %d", size,
                   blocks.block[i]);
    }
  }
  if (pads) QRT_RETURN_IF_ERROR(then(op, std::move(pad), "/padded", false, &value));

  // [N, H, W, C] -> [N, H / b, b, W / b, b, C] -> [b, b, N, H / b, W / b, C]
  Dims split = {shape[0]};
  std::vector<int32_t> perm, kept = {0};
  for (size_t i = 0; i < axes; ++i) {
    split.push_back(shape[i + 1] / blocks.block[i]);
    kept.push_back(static_cast<int32_t>(split.size()) - 1);
    split.push_back(blocks.block[i]);
    perm.push_back(static_cast<int32_t>(split.size()) - 1);
  }
  for (size_t i = axes + 1; i < shape.size(); ++i) {
    split.push_back(shape[i]);
    kept.push_back(static_cast<int32_t>(split.size()) - 1);
  }
  perm.insert(perm.end(), kept.begin(), kept.end());
  QRT_RETURN_IF_ERROR(then_reshape(op, split, 0, "/blocks", false, &value));
  QRT_RETURN_IF_ERROR(then_transpose(op, perm, &split, &value));
  shape[0] = op.dims().mul(shape[0].symbol(), blocks.product);
  if (shape[0].is(rt::kInvalidDim)) return Status(Code::InvalidModel, "makes too large a batch");
  for (size_t i = 0; i < axes; ++i) shape[i + 1] = shape[i + 1] / blocks.block[i];
  return then_reshape(op, shape, 0, "", true, &value);
}

Status batch_to_space(OpContext& op) {
  Blocks blocks;
  QRT_RETURN_IF_ERROR(read_blocks(op, &blocks));
  const size_t axes = blocks.axes();
  Dims shape = op.shape(0);
  int value = op.input(0);
  if (!shape[0].open() && shape[0] % blocks.product != 0) {
    return error(Code::InvalidModel, "splits a batch of %d into blocks of %d", shape[0].symbol(),
                 blocks.product);
  }
  shape[0] = op.dims().floor_div(shape[0].symbol(), blocks.product);

  // [b * b * N, H, W, C] -> [b, b, N, H, W, C] -> [N, H, b, W, b, C] -> [N, H * b, W * b, C]
  Dims split(blocks.block.begin(), blocks.block.end());
  split.insert(split.end(), shape.begin(), shape.end());
  std::vector<int32_t> perm = {static_cast<int32_t>(axes)};
  for (size_t i = 0; i < axes; ++i) {
    perm.push_back(static_cast<int32_t>(axes + 1 + i));
    perm.push_back(static_cast<int32_t>(i));
  }
  for (size_t i = 2 * axes + 1; i < split.size(); ++i) perm.push_back(static_cast<int32_t>(i));
  QRT_RETURN_IF_ERROR(then_reshape(op, split, axes, "/blocks", false, &value));
  QRT_RETURN_IF_ERROR(then_transpose(op, perm, &split, &value));

  fb::SliceT slice;
  slice.begins.assign(shape.size(), 0);
  slice.ends.assign(shape.size(), 0);
  slice.strides.assign(shape.size(), 1);
  slice.begin_mask = slice.end_mask = (uint32_t{1} << shape.size()) - 1;
  bool crops = false;
  for (size_t i = 0; i < axes; ++i) {
    int32_t size = shape[i + 1];
    if (!rt::checked_mul(size, blocks.block[i], &size)) {
      return Status(Code::InvalidModel, "makes too long an axis");
    }
    shape[i + 1] = size;
  }
  for (size_t i = 0; i < axes; ++i) {
    const int64_t both = int64_t{blocks.before[i]} + blocks.after[i];
    int32_t cropped;
    QRT_RETURN_IF_ERROR(resized_axis(shape[i + 1], -both, &cropped));
    if (both == 0) continue;
    crops = true;
    slice.begins[i + 1] = blocks.before[i];
    slice.ends[i + 1] = shape[i + 1] - blocks.after[i];
    slice.begin_mask &= ~(uint32_t{2} << i);
    slice.end_mask &= ~(uint32_t{2} << i);
  }
  QRT_RETURN_IF_ERROR(then_reshape(op, shape, 0, "/uncropped", !crops, &value));
  if (!crops) return {};
  return then(op, std::move(slice), "", true, &value);
}

constexpr OpRule kRules[] = {
    {Builtin::SPACE_TO_BATCH_ND, 3, 3, 1, 1, space_to_batch},
    {Builtin::BATCH_TO_SPACE_ND, 3, 3, 1, 1, batch_to_space},
};

}  // namespace

rt::Span<const OpRule> batch_space_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
