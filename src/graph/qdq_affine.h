// Arithmetic with constants behind a layer: batch normalization as PyTorch's quantization-aware
// training exports it (the result of a convolution with quantized weights is divided, multiplied
// and added to, all per channel, before it is quantized), or a bias that is added separately.
#pragma once

#include "src/graph/graph.h"

namespace qrt::graph {

// Factors go into the scales of quantized weights, numbers added into the bias. Weights keep their
// bytes, which others may share: what would change them stays where it is.
void fold_affine(Graph& graph);

}  // namespace qrt::graph
