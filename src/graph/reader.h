// Turns a loaded model back into a Graph, to be edited or written in another format.
#pragma once

#include "src/base/status.h"
#include "src/graph/graph.h"
#include "src/model/model.h"

namespace qrt::graph {

// The model's subgraph 0 with its own copy of the constants: serializing it gives the same file.
Graph read_model(const rt::Model& model);

}  // namespace qrt::graph
