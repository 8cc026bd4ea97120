// Concat: inputs one after the other along an axis.
#include <algorithm>

#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

class ConcatKernel : public OpKernel {
 public:
  const char* name() const override { return "concat"; }

  void run(const RunContext& ctx) const override {
    const Shape& shape = ctx.shape_out();
    int axis;
    (void)resolve_axis(ctx.node.options<fb::Concat>().axis(), shape.rank(), &axis);
    const size_t element = dtype_bytes(ctx.node.output(0).type);
    const int64_t rows = shape.elements(0, axis), columns = shape.elements(axis, shape.rank());
    uint8_t* to = ctx.out<uint8_t>();
    for (size_t i = 0; i < ctx.node.inputs(); ++i) {
      const int64_t run = ctx.shape_in(i).elements(axis, shape.rank());
      CopyLoop loop;
      loop.add(rows, {run, columns});
      loop.add(run, {1, 1});
      strided_copy(loop, element, ctx.in<uint8_t>(i), to, ctx.pool);
      to += static_cast<size_t>(run) * element;
    }
  }

  // Of one input, nothing moves.
  bool may_overwrite(const Node& node, const Shapes&, size_t) const override {
    return node.inputs() == 1;
  }
};

}  // namespace

const OpDef kConcatOp = {choose_only<ConcatKernel>};

}  // namespace qrt::rt
