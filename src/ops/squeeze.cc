// Squeeze: an axis of one element is dropped; a run that finds more, or none, fails.
#include <cstring>

#include "src/ops/common.h"

namespace qrt::rt {
namespace {

class SqueezeKernel final : public OpKernel {
 public:
  const char* name() const override { return "squeeze"; }

  void run(const RunContext& context) const override {
    const Shape& in = context.shape_in(0);
    int axis;
    (void)resolve_axis(context.node.options<fb::Squeeze>().axis(), in.rank(), &axis);
    if (in[axis] != 1) {
      return context.fail(context.node.fail(
          Code::InvalidArgument, "axis %d of %s is to be dropped, and has not one element", axis,
          in.str().c_str()));
    }
    std::memcpy(context.out<uint8_t>(), context.in<uint8_t>(0),
                static_cast<size_t>(in.elements()) * dtype_bytes(context.node.input(0).type));
  }
};

}  // namespace

const OpDef kSqueezeOp = {choose_only<SqueezeKernel>};

}  // namespace qrt::rt
