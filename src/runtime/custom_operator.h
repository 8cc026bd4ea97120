// An operator that the app computes, as programs and sessions see it.
#pragma once

#include <memory>
#include <vector>

#include "src/opspec/custom.h"
#include "src/runtime/op_kernel.h"

namespace qrt::rt {

// Sessions in several threads may call one at once.
class CustomOperator : public CustomSpec {
 public:
  // Working memory that a run needs for these shapes.
  virtual Result<uint64_t> scratch_bytes(const Node& node, const Shapes& shapes) const = 0;
  // Computes the outputs, or fails (RunContext::fail). `scratch` is null if none was asked for.
  virtual void run(const RunContext& context, uint8_t* scratch) const = 0;
};

using CustomOperators = std::vector<std::shared_ptr<const CustomOperator>>;

}  // namespace qrt::rt
