// Attention: Vaswani et al., "Attention Is All You Need", 2017. Query rows are taken in blocks, so
// that the scores of a block stay in the cache and those of all heads never lie in memory at once
// (Rabe, Staats, "Self-attention Does Not Need O(n^2) Memory", 2021).
#include <algorithm>
#include <cmath>

#include "kernels/f32.h"
#include "kernels/function_f32.h"
#include "src/ops/indices.h"
#include "src/ops/row_kernel.h"
#include "src/runtime/op_def.h"

namespace qrt::rt {
namespace {

// Scores of a block: 64 KiB.
constexpr size_t kBlockScores = 16384, kMostRows = 32;

struct AttentionShape {
  size_t rows, keys, depth, width;  // T, S, D, E
  size_t block, blocks;             // rows of a block, blocks of a head
  size_t grouped;                   // heads of the query for one of the key
  Shape heads;                      // of the query: all axes but the last two
  int64_t key_strides[kMaxRank];    // along them, in matrices
  int64_t value_strides[kMaxRank];
  int64_t mask_strides[kMaxRank];  // along [..,T,S], in elements
  size_t heads_of_length = 0;      // of the query for one length; 0: one length for all
};

Shape matrices(const Shape& shape) {
  return Shape(shape.begin(), static_cast<size_t>(shape.rank() - 2));
}

size_t from_end(const Shape& shape, int i) { return static_cast<size_t>(shape[shape.rank() - i]); }

AttentionShape resolve(const Node& node, const Shapes& shapes) {
  const Shape &query = node.shape_in(shapes, 0), &key = node.shape_in(shapes, 1);
  const Shape& value = node.shape_in(shapes, 2);
  AttentionShape s = {};
  s.rows = from_end(query, 2);
  s.depth = from_end(query, 1);
  s.keys = from_end(key, 2);
  s.width = from_end(value, 1);
  s.block = std::clamp<size_t>(kBlockScores / std::max<size_t>(s.keys, 1), 1, kMostRows);
  s.blocks = ceil_div(s.rows, s.block);
  s.heads = matrices(query);
  s.grouped =
      query.rank() > 2 && key[key.rank() - 3] > 0 ? from_end(query, 3) / from_end(key, 3) : 1;
  // Heads of one group are next to each other: an axis of groups, and one within a group.
  const auto strides = [&](const Shape& of, int64_t* to) {
    Shape groups = s.heads;
    if (groups.rank() > 0) groups[groups.rank() - 1] /= static_cast<int32_t>(s.grouped);
    broadcast_strides(matrices(of), groups, to);
  };
  strides(key, s.key_strides);
  strides(value, s.value_strides);
  if (node.has_input(3)) {
    Shape scores = query;
    scores[scores.rank() - 1] = static_cast<int32_t>(s.keys);
    broadcast_strides(node.shape_in(shapes, 3), scores, s.mask_strides);
  }
  if (node.has_input(4) && node.shape_in(shapes, 4).elements() > 1) {
    s.heads_of_length = static_cast<size_t>(query.elements(1, query.rank() - 2));
  }
  return s;
}

struct State : OpState {
  AttentionShape shape = {};
};

class AttentionF32 final : public RowKernel<kernels::FunctionF32Kernel> {
 public:
  explicit AttentionF32(const kernels::FunctionF32Kernel& row) : RowKernel(row) {}

  const char* name() const override { return "f32_attention__scalar"; }

  Status plan(const Node& node, PlanContext& context) const override {
    AttentionShape& s = context.make<State>().shape;
    s = resolve(node, context.shapes);
    context.scratch_bytes =
        size_product(context.max_ranges, size_product(s.block, s.keys, sizeof(float)));
    return {};
  }

  void run(const RunContext& context) const override {
    const AttentionShape& s = context.planned<State>().shape;
    const size_t items = static_cast<size_t>(s.heads.elements()) * s.blocks;
    const uint64_t cost = uint64_t{s.block} * most_keys(context, s) * (s.depth + s.width + 32);
    context.pool.parallel_for(items, cost, [&](size_t begin, size_t end, size_t range) {
      float* scores = reinterpret_cast<float*>(context.scratch) + range * s.block * s.keys;
      for (size_t i = begin; i < end; ++i) run_block(context, s, i, scores);
    });
  }

 private:
  void run_block(const RunContext& context, const AttentionShape& s, size_t item,
                 float* scores) const {
    const size_t head = item / s.blocks, first = item % s.blocks * s.block;
    const size_t rows = std::min(s.block, s.rows - first);
    size_t key = 0, value = 0, mask = first * static_cast<size_t>(row_stride(s));
    size_t rest = head;
    for (int i = s.heads.rank() - 1; i >= 0; --i) {
      const size_t index = rest % static_cast<size_t>(s.heads[i]);
      const size_t group = i == s.heads.rank() - 1 ? index / s.grouped : index;
      rest /= static_cast<size_t>(s.heads[i]);
      key += group * static_cast<size_t>(s.key_strides[i]);
      value += group * static_cast<size_t>(s.value_strides[i]);
      mask += index * static_cast<size_t>(s.mask_strides[i]);
    }
    const size_t keys = keys_of(context, s, s.heads_of_length > 0 ? head / s.heads_of_length : 0);
    const float* query = context.in<float>(0) + (head * s.rows + first) * s.depth;
    for (size_t r = 0; r < rows; ++r) {
      const float* row = query + r * s.depth;
      kernels::conv_f32({1, s.depth, keys, context.in<float>(1) + key * s.keys * s.depth, nullptr,
                         &row, 0, keys, -INFINITY, INFINITY},
                        1, scores + r * keys);
      finish_scores(context, s, first + r, keys, mask + r * static_cast<size_t>(row_stride(s)),
                    scores + r * keys);
    }
    if (keys > 0) row_.softmax(scores, rows, keys, 1, false, scores);
    kernels::weighted_sum_f32(scores, rows, keys, context.in<float>(2) + value * s.keys * s.width,
                              s.width, context.out<float>() + (head * s.rows + first) * s.width);
  }

  // How many keys count for item `item` of axis 0.
  static size_t keys_of(const RunContext& context, const AttentionShape& s, size_t item) {
    if (!context.node.has_input(4)) return s.keys;
    int64_t keys = 0;
    with_index_type(context.node.input(4),
                    [&](auto zero) { keys = context.in<decltype(zero)>(4)[item]; });
    return static_cast<size_t>(std::clamp<int64_t>(keys, 0, static_cast<int64_t>(s.keys)));
  }
  static size_t most_keys(const RunContext& context, const AttentionShape& s) {
    const size_t items =
        s.heads_of_length > 0 ? static_cast<size_t>(context.shape_in(4).elements()) : 1;
    size_t most = 0;
    for (size_t i = 0; i < items; ++i) most = std::max(most, keys_of(context, s, i));
    return most;
  }

  static int64_t row_stride(const AttentionShape& s) { return s.mask_strides[s.heads.rank()]; }

  // Scales and masks the scores of row `row`; the mask's elements for it begin at `mask`.
  void finish_scores(const RunContext& context, const AttentionShape& s, size_t row, size_t keys,
                     size_t mask, float* scores) const {
    const auto& options = context.node.options<fb::Attention>();
    const float scale = options.scale(), masked = options.masked(), cap = options.softcap();
    for (size_t i = 0; i < keys; ++i) scores[i] *= scale;
    if (cap > 0) {
      for (size_t i = 0; i < keys; ++i) scores[i] /= cap;
      row_.run({kernels::FunctionF32::Tanh, 0, 0, 0, -INFINITY, INFINITY}, scores, keys, scores);
      for (size_t i = 0; i < keys; ++i) scores[i] *= cap;
    }
    if (context.node.has_input(3)) {
      const auto step = static_cast<size_t>(s.mask_strides[s.heads.rank() + 1]);
      if (context.node.input(3).type == DType::F32) {
        const float* added = context.in<float>(3) + mask;
        for (size_t i = 0; i < keys; ++i) scores[i] += added[i * step];
      } else {
        const uint8_t* kept = context.in<uint8_t>(3) + mask;
        for (size_t i = 0; i < keys; ++i) {
          if (kept[i * step] == 0) scores[i] = masked;
        }
      }
    }
    if (!options.causal()) return;
    // The last row sees all keys, the one before all but the last...
    const size_t hidden = std::min(s.rows - 1 - row, keys);
    std::fill(scores + keys - hidden, scores + keys, masked);
  }
};

Choice choose(const Node&, const ChooseContext& context) {
  return make_kernel<AttentionF32>(choose_kernel(kernels::function_f32_kernels, context.features));
}

}  // namespace

const OpDef kAttentionOp = {choose};

}  // namespace qrt::rt
