// ScatterElements: single elements of the data are updated, each at the place of its index, but for
// one axis.
#include "src/ops/indices.h"
#include "src/ops/scatter.h"

namespace qrt::rt {
namespace {

struct State : OpState {
  ElementPlaces places;
  size_t data_bytes = 0;
};

template <class Index>
void scatter(const RunContext& ctx, CombineElements combine) {
  const State& state = ctx.planned<State>();
  const auto element = static_cast<int64_t>(dtype_bytes(ctx.node.input(0).type));
  const uint8_t* updates = ctx.in<uint8_t>(2);
  uint8_t* out = ctx.out<uint8_t>();
  copy_data(ctx, state.data_bytes);
  state.places.walk<Index>(
      ctx.in<Index>(1), 0, state.places.loop.count(),
      [&](int64_t i, int64_t at) { combine(out + at * element, updates + i * element, 1); });
}

class ScatterElementsKernel : public OpKernel {
 public:
  explicit ScatterElementsKernel(const Node& node)
      : combine_(
            choose_combine(node.options<fb::ScatterElements>().reduction(), node.input(0).type)) {}
  const char* name() const override { return "scatter_elements"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& data = node.shape_in(context.shapes, 0);
    State& state = context.make<State>();
    state.data_bytes = static_cast<size_t>(data.elements()) * dtype_bytes(node.input(0).type);
    // Without an index, only the data is copied.
    const Shape& indices = node.shape_in(context.shapes, 1);
    state.places = ElementPlaces(data, indices, node.options<fb::ScatterElements>().axis());
    return {};
  }

  void run(const RunContext& ctx) const override {
    with_index_type(ctx.node.input(1), [&](auto zero) { scatter<decltype(zero)>(ctx, combine_); });
  }

  bool may_overwrite(const Node&, const Shapes&, size_t input) const override { return input == 0; }

 private:
  const CombineElements combine_;
};

Choice choose(const Node& node, const ChooseContext&) {
  return make_kernel<ScatterElementsKernel>(node);
}

}  // namespace

const OpDef kScatterElementsOp = {choose};

}  // namespace qrt::rt
