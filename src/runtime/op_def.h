// How operators are found.
#pragma once

#include "src/runtime/op_kernel.h"

namespace qrt::rt {

struct OpDef {
  // Null for an operator that only renames its input's memory.
  Choice (*choose)(const Node&, const ChooseContext&);
};

// The implementation of this operator, or null if this build has none (src/ops/registry.cc).
const OpDef* find_op(fb::OpOptions type);

}  // namespace qrt::rt
