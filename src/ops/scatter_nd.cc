// ScatterNd: slices of the data are updated, each named by a tuple of k indices.
// data [D1..Dk, inner], indices [n, k], updates [n, inner] -> [D1..Dk, inner]
#include "src/ops/indices.h"
#include "src/ops/scatter.h"

namespace qrt::rt {
namespace {

struct State : OpState {
  int tuple = 0;                // indices that name a slice
  int32_t dims[kMaxRank] = {};  // that they count in
  int64_t tuples = 0, slice = 0, slice_bytes = 0;
  size_t data_bytes = 0;
};

template <class Index>
void scatter(const RunContext& ctx, CombineElements combine) {
  const State& state = ctx.planned<State>();
  const Index* indices = ctx.in<Index>(1);
  const uint8_t* updates = ctx.in<uint8_t>(2);
  uint8_t* out = ctx.out<uint8_t>();
  copy_data(ctx, state.data_bytes);
  for (int64_t t = 0; t < state.tuples; ++t) {
    int64_t to = 0;
    for (int k = 0; k < state.tuple; ++k) {
      to = to * state.dims[k] + clamp_index(indices[t * state.tuple + k], state.dims[k]);
    }
    combine(out + to * state.slice_bytes, updates + t * state.slice_bytes, state.slice);
  }
}

class ScatterNdKernel : public OpKernel {
 public:
  explicit ScatterNdKernel(const Node& node)
      : combine_(choose_combine(node.options<fb::ScatterNd>().reduction(), node.input(0).type)) {}
  const char* name() const override { return "scatter_nd"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& data = node.shape_in(context.shapes, 0);
    const Shape& indices = node.shape_in(context.shapes, 1);
    const size_t element = dtype_bytes(node.input(0).type);
    State& state = context.make<State>();
    state.tuple = indices.last();
    for (int k = 0; k < state.tuple; ++k) state.dims[k] = data[k];
    state.tuples = indices.elements(0, indices.rank() - 1);
    state.slice = data.elements(state.tuple, data.rank());
    state.slice_bytes = state.slice * static_cast<int64_t>(element);
    state.data_bytes = static_cast<size_t>(data.elements()) * element;
    return {};
  }

  void run(const RunContext& ctx) const override {
    with_index_type(ctx.node.input(1), [&](auto zero) { scatter<decltype(zero)>(ctx, combine_); });
  }

  bool may_overwrite(const Node&, const Shapes&, size_t input) const override { return input == 0; }

 private:
  const CombineElements combine_;
};

Choice choose(const Node& node, const ChooseContext&) { return make_kernel<ScatterNdKernel>(node); }

}  // namespace

const OpDef kScatterNdOp = {choose};

}  // namespace qrt::rt
