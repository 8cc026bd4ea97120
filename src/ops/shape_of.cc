// ShapeOf: the dimensions of a tensor as integers.
#include "src/ops/common.h"

namespace qrt::rt {
namespace {

class ShapeKernel final : public OpKernel {
 public:
  const char* name() const override { return "shape_of"; }

  void run(const RunContext& context) const override {
    const Shape& shape = context.shape_in(0);
    for (int i = 0; i < shape.rank(); ++i) {
      if (context.node.output(0).type == DType::S32) {
        context.out<int32_t>()[i] = shape[i];
      } else {
        context.out<int64_t>()[i] = shape[i];
      }
    }
  }
};

}  // namespace

const OpDef kShapeOfOp = {choose_only<ShapeKernel>};

}  // namespace qrt::rt
