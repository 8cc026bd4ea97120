// Softmax of s16 rows, as TensorFlow Lite computes it (schema/README.md, "s16").
#pragma once

#include "src/runtime/op_kernel.h"

namespace qrt::rt {

Choice choose_softmax_s16(const Node& node);

}  // namespace qrt::rt
