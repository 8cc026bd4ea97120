// Split: pieces of given sizes along an axis, one output each.
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

class SplitKernel : public OpKernel {
 public:
  const char* name() const override { return "split"; }

  void run(const RunContext& ctx) const override {
    const Shape& shape = ctx.shape_in(0);
    int axis;
    (void)resolve_axis(ctx.node.options<fb::Split>().axis(), shape.rank(), &axis);
    const size_t element = dtype_bytes(ctx.node.input(0).type);
    const int64_t rows = shape.elements(0, axis), columns = shape.elements(axis, shape.rank());
    const uint8_t* from = ctx.in<uint8_t>(0);
    for (size_t i = 0; i < ctx.node.outputs(); ++i) {
      const int64_t run = ctx.shape_out(i).elements(axis, shape.rank());
      CopyLoop loop;
      loop.add(rows, {columns, run});
      loop.add(run, {1, 1});
      strided_copy(loop, element, from, ctx.out<uint8_t>(i), ctx.pool);
      from += static_cast<size_t>(run) * element;
    }
  }

  // Into one piece, nothing moves.
  bool may_overwrite(const Node& node, const Shapes&, size_t) const override {
    return node.outputs() == 1;
  }
};

}  // namespace

const OpDef kSplitOp = {choose_only<SplitKernel>};

}  // namespace qrt::rt
