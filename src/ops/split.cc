// Split: pieces of given sizes along an axis, one output each.
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

class SplitKernel : public OpKernel {
 public:
  const char* name() const override { return "split"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& shape = node.shape_in(context.shapes, 0);
    int axis;
    (void)resolve_axis(node.options<fb::Split>().axis(), shape.rank(), &axis);
    const size_t element = dtype_bytes(node.input(0).type);
    const int64_t rows = shape.elements(0, axis), columns = shape.elements(axis, shape.rank());
    Pieces& state = context.make<Pieces>();
    size_t at = 0;
    for (size_t i = 0; i < node.outputs(); ++i) {
      const int64_t run = node.shape_out(context.shapes, i).elements(axis, shape.rank());
      state.add(rows, {columns, run}, run, element, &at);
    }
    return {};
  }

  void run(const RunContext& ctx) const override {
    const Pieces& pieces = ctx.planned<Pieces>();
    for (size_t i = 0; i < pieces.all.size(); ++i) {
      const Pieces::Piece& piece = pieces.all[i];
      piece.copy.run(ctx.in<uint8_t>(0) + piece.at, ctx.out<uint8_t>(i), ctx.pool);
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
