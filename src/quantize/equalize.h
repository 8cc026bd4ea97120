// Cross-layer equalization (Nagel et al., "Data-free quantization through weight equalization and
// bias correction", 2019, section 4.1): where one operator with weights feeds another, each channel
// between them is scaled so that the weights that make it and those that read it reach equally far.
// The float function stays what it is; one scale for all weights then serves all channels.
#pragma once

#include "src/graph/graph.h"
#include "src/quantize/statistics.h"

namespace qrt::quantize {

// Changes weights and biases of the graph; gives how many pairs of operators it has scaled.
// Statistics by channel are of the graph as it was: where a clamp stands between (ReLU6), channels
// that reach it keep their scale, and no other is scaled beyond it.
size_t equalize(const Statistics& statistics, graph::Graph* graph);

}  // namespace qrt::quantize
