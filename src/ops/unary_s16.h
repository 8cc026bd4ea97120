// Unary on s16: which function is computed how (schema/README.md, "s16").
#pragma once

#include "src/runtime/op_kernel.h"

namespace qrt::rt {

Choice choose_unary_s16(const Node& node, const ChooseContext& context);

}  // namespace qrt::rt
