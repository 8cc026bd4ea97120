// ReadVariable: what a variable holds, copied, so that later assignments do not show; where there
// are none, its own memory (state_sharing.h).
#include <cstring>

#include "src/ops/common.h"
#include "src/runtime/storage.h"

namespace qrt::rt {
namespace {

class Kernel final : public OpKernel {
 public:
  const char* name() const override { return "read_variable"; }

  void run(const RunContext& context) const override {
    const auto bytes = static_cast<size_t>(bytes_of(context.node.input(0), context.shape_in(0)));
    if (context.out<uint8_t>() == context.in<uint8_t>(0)) return;
    std::memmove(context.out<uint8_t>(), context.in<uint8_t>(0), bytes);
  }
};

}  // namespace

const OpDef kReadVariableOp = {choose_only<Kernel>};

}  // namespace qrt::rt
