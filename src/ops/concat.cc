// Concat: inputs one after the other along an axis.
#include <algorithm>

#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

class ConcatKernel : public OpKernel {
 public:
  const char* name() const override { return "concat"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& shape = node.shape_out(context.shapes, 0);
    int axis;
    (void)resolve_axis(node.options<fb::Concat>().axis(), shape.rank(), &axis);
    const size_t element = dtype_bytes(node.output(0).type);
    const int64_t rows = shape.elements(0, axis), columns = shape.elements(axis, shape.rank());
    Pieces& state = context.make<Pieces>();
    size_t at = 0;
    for (size_t i = 0; i < node.inputs(); ++i) {
      const int64_t run = node.shape_in(context.shapes, i).elements(axis, shape.rank());
      state.add(rows, {run, columns}, run, element, &at);
    }
    return {};
  }

  void run(const RunContext& ctx) const override {
    const Pieces& pieces = ctx.planned<Pieces>();
    for (size_t i = 0; i < pieces.all.size(); ++i) {
      const Pieces::Piece& piece = pieces.all[i];
      piece.copy.run(ctx.in<uint8_t>(i), ctx.out<uint8_t>() + piece.at, ctx.pool);
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
