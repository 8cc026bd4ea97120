// A graph input and an output that callers would hand back as that input become a variable.
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/graph/graph.h"

namespace qrt::graph {

// What `output` gives in one run, nodes that read `input` find in the next; it starts as real zero.
// Both are of one type, quantization and shape, without open dimensions, and disappear from the
// graph's inputs and outputs. On an error the graph is as it was.
rt::Status keep_state(Graph& graph, const std::string& input, const std::string& output);

}  // namespace qrt::graph
