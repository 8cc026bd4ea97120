// Slice: Python's x[begin:end:stride] along every axis.
#include <algorithm>

#include "src/opspec/slice.h"

#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Move describe(const Node& node, const Shapes& shapes) {
  const Shape& in = node.shape_in(shapes, 0);
  const auto& slice = node.options<fb::Slice>();
  int64_t from[kMaxRank], to[kMaxRank];
  dense_strides(in, from);
  dense_strides(node.shape_out(shapes, 0), to);
  Move move;
  int out_axis = 0;
  for (int i = 0; i < in.rank(); ++i) {
    const auto axis = static_cast<unsigned>(i);
    const SliceAxis range = slice_axis(slice, axis, in[i]);
    move.first += range.first * from[i];
    if ((slice.shrink_mask() >> axis & 1u) == 0) {
      move.loop.add(range.count, {range.stride * from[i], to[out_axis++]});
    }
  }
  return move;
}

// Where it begins is known in a run, how much it takes before.
class SliceByInputs final : public OpKernel {
 public:
  const char* name() const override { return "slice"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& in = node.shape_in(context.shapes, 0);
    const Shape& out = node.shape_out(context.shapes, 0);
    const auto& slice = node.options<fb::Slice>();
    State& state = context.make<State>();
    state.element = dtype_bytes(node.input(0).type);
    int64_t to[kMaxRank];
    dense_strides(in, state.strides);
    dense_strides(out, to);
    CopyLoop loop;
    int out_axis = 0;
    for (int i = 0; i < in.rank(); ++i) {
      const auto axis = static_cast<unsigned>(i);
      state.counts[i] = 1;
      if ((slice.shrink_mask() >> axis & 1u) != 0) continue;
      state.counts[i] = out[out_axis];
      loop.add(out[out_axis], {slice.strides()->Get(axis) * state.strides[i], to[out_axis]});
      ++out_axis;
    }
    state.copy = CopyPlan(loop, state.element);
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const Shape& in = context.shape_in(0);
    int64_t first = 0;
    for (int i = 0; i < in.rank(); ++i) first += first_of(context, i) * state.strides[i];
    state.copy.run(context.in<uint8_t>(0) + static_cast<size_t>(first) * state.element,
                   context.out<uint8_t>(), context.pool);
  }

 private:
  struct State : OpState {
    CopyPlan copy;
    int64_t strides[kMaxRank] = {}, counts[kMaxRank] = {};
    size_t element = 1;
  };

  static int64_t first_of(const RunContext& context, int i) {
    const auto& slice = context.node.options<fb::Slice>();
    const auto axis = static_cast<unsigned>(i);
    const int64_t dim = context.shape_in(0)[i];
    int64_t begin = 0;
    if (!context.node.has_input(1)) {
      begin = slice.begins()->Get(axis);
    } else if (context.node.input(1).type == DType::S32) {
      begin = context.in<int32_t>(1)[i];
    } else {
      begin = std::clamp<int64_t>(context.in<int64_t>(1)[i], -INT32_MAX, INT32_MAX);
    }
    const SliceAxis taken = slice_axis(slice, axis, dim, begin, 0);
    // Within the input, whatever the run gives.
    const int64_t span = (context.planned<State>().counts[i] - 1) * taken.stride;
    const int64_t low = std::max<int64_t>(0, -span), high = dim - 1 - std::max<int64_t>(0, span);
    return std::max(low, std::min(taken.first, high));
  }
};

Choice choose(const Node& node, const ChooseContext&) {
  if (node.has_input(1) || node.has_input(2)) return make_kernel<SliceByInputs>();
  return make_move_kernel("slice", describe);
}

}  // namespace

const OpDef kSliceOp = {choose};

}  // namespace qrt::rt
