// Runs one node at conversion, by the very kernels that would run it later (scalar ones), so that
// what is known of a graph can be computed without changing a result. The only arithmetic on
// constants that importers and passes have.
#pragma once

#include <vector>

#include "src/base/status.h"
#include "src/graph/graph.h"

namespace qrt::graph {

// Whether the node's results depend on its inputs alone, and all of these are constants.
bool is_constant(const Graph& graph, const Node& node);

// The results of such a node, by output: values with data, and shapes without open dimensions. An
// error if libqrt cannot run it, or if it would take more than `max_bytes` of memory.
rt::Result<std::vector<Value>> evaluate(const Graph& graph, const Node& node, size_t max_bytes);

// What evaluating the node may take at most: a result is stored in the file, and may be as large as
// 16 MiB or as the inputs turned from bytes into floats, whichever is more.
size_t evaluation_limit(const Graph& graph, const Node& node);

}  // namespace qrt::graph
