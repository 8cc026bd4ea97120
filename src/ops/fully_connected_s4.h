// FullyConnected of floats by s4 weights.
#pragma once

#include "src/runtime/op_kernel.h"

namespace qrt::rt {

Choice choose_fully_connected_s4(const Node& node, const ChooseContext& context);

}  // namespace qrt::rt
