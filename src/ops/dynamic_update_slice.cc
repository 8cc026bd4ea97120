// DynamicUpdateSlice: the data with a part replaced that begins where an input says.
#include "src/ops/dynamic_slice.h"
#include "src/ops/scatter.h"

namespace qrt::rt {
namespace {

struct State : MovingPart {
  size_t data_bytes = 0;
  bool empty = false;  // there is nothing to replace
};

class DynamicUpdateSliceKernel : public OpKernel {
 public:
  const char* name() const override { return "dynamic_update_slice"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& data = node.shape_in(context.shapes, 0);
    const Shape& updates = node.shape_in(context.shapes, 1);
    const size_t element = dtype_bytes(node.input(0).type);
    State& state = context.make<State>();
    state.data_bytes = static_cast<size_t>(data.elements()) * element;
    state.empty = updates.elements() == 0;
    if (!state.empty) state.describe(data, updates, element, true);
    return {};
  }

  void run(const RunContext& ctx) const override {
    const State& state = ctx.planned<State>();
    copy_data(ctx, state.data_bytes);
    if (state.empty) return;
    state.copy.run(ctx.in<uint8_t>(1), ctx.out<uint8_t>() + state.offset(ctx, 2), ctx.pool);
  }

  bool may_overwrite(const Node&, const Shapes&, size_t input) const override { return input == 0; }
};

}  // namespace

const OpDef kDynamicUpdateSliceOp = {choose_only<DynamicUpdateSliceKernel>};

}  // namespace qrt::rt
