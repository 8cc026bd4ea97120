// Activations that exporters spell out because the operator set they write has no operator for
// them. As one operator they are one table in integers.
#pragma once

#include "src/graph/graph.h"

namespace qrt::import::onnx_import {

// x * HardSigmoid(x) and x * clip(x + 3, 0, 6) / 6 become HardSwish;
// x * (1 + erf(x / sqrt(2))) / 2 becomes Gelu; in whatever order the factors stand.
void merge_activations(graph::Graph& graph);

}  // namespace qrt::import::onnx_import
