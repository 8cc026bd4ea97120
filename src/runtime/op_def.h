// How operators are found.
#pragma once

#include "src/runtime/op_kernel.h"

namespace qrt::rt {

struct OpDef {
  // Null for an operator that only renames its input's memory.
  Status (*prepare)(const Node&, const BuildContext&, std::unique_ptr<OpKernel>*);
};

// The implementation of this operator, or null if this build has none (src/ops/registry.cc).
const OpDef* find_op(fb::OpOptions type);

}  // namespace qrt::rt
