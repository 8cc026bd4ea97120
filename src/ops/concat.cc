// Concat: inputs one after the other along an axis.
#include <algorithm>

#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Status infer(const Node& node, Shapes& shapes) {
  const size_t count = std::max<size_t>(node.inputs(), 1);
  QRT_RETURN_IF_ERROR(node.check_arity(count, count, 1));
  QRT_RETURN_IF_ERROR(check_movable(node));
  Shape out = node.shape_in(shapes, 0);
  int axis;
  if (!resolve_axis(node.options<fb::Concat>().axis(), out.rank(), &axis)) {
    return node.fail(Code::InvalidModel, "axis %d does not exist in %s",
                     node.options<fb::Concat>().axis(), out.str().c_str());
  }
  for (size_t i = 1; i < node.inputs(); ++i) {
    const Tensor& first = node.input(0);
    const Tensor& next = node.input(i);
    if (next.type != first.type || !same_quantization(next.quantization, first.quantization)) {
      return node.fail(Code::InvalidModel, "inputs 0 and %zu differ in type or quantization", i);
    }
    Shape in = node.shape_in(shapes, i);
    const int32_t size = axis < in.rank() ? in[axis] : 0;
    if (axis < in.rank()) in[axis] = out[axis];
    if (in != out) {
      return node.fail(Code::InvalidModel, "cannot join %s and %s along axis %d",
                       node.shape_in(shapes, 0).str().c_str(),
                       node.shape_in(shapes, i).str().c_str(), axis);
    }
    if (!checked_add(out[axis], size, &out[axis])) {
      return node.fail(Code::InvalidModel, "joins more than %d elements along axis %d", INT32_MAX,
                       axis);
    }
  }
  set_output(node, shapes, 0, out);
  return {};
}

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

Status prepare(const Node&, const BuildContext&, std::unique_ptr<OpKernel>* kernel) {
  *kernel = std::make_unique<ConcatKernel>();
  return {};
}

}  // namespace

const OpDef kConcatOp = {fb::OpOptions::Concat, infer, prepare, false};

}  // namespace qrt::rt
