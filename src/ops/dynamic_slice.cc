// DynamicSlice: a part of the data that begins where an input says.
#include "src/ops/dynamic_slice.h"

namespace qrt::rt {
namespace {

class DynamicSliceKernel : public OpKernel {
 public:
  const char* name() const override { return "dynamic_slice"; }

  Status plan(const Node& node, PlanContext& context) const override {
    context.make<MovingPart>().describe(node.shape_in(context.shapes, 0),
                                        node.shape_out(context.shapes, 0),
                                        dtype_bytes(node.input(0).type), false);
    return {};
  }

  void run(const RunContext& ctx) const override {
    const MovingPart& part = ctx.planned<MovingPart>();
    part.copy.run(ctx.in<uint8_t>(0) + part.offset(ctx, 1), ctx.out<uint8_t>(), ctx.pool);
  }
};

}  // namespace

const OpDef kDynamicSliceOp = {choose_only<DynamicSliceKernel>};

}  // namespace qrt::rt
