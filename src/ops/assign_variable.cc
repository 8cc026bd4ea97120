// AssignVariable: writes to an input, unless the value was computed there (state_sharing.h).
#include <cstring>

#include "src/ops/common.h"
#include "src/runtime/storage.h"

namespace qrt::rt {
namespace {

class Kernel final : public OpKernel {
 public:
  const char* name() const override { return "assign_variable"; }

  void run(const RunContext& context) const override {
    const auto bytes = static_cast<size_t>(bytes_of(context.node.input(0), context.shape_in(0)));
    if (context.in<uint8_t>(0) == context.in<uint8_t>(1)) return;
    std::memmove(const_cast<uint8_t*>(context.in<uint8_t>(0)), context.in<uint8_t>(1), bytes);
  }
};

}  // namespace

const OpDef kAssignVariableOp = {choose_only<Kernel>};

}  // namespace qrt::rt
