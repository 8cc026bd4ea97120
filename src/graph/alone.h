// One node of a graph as a model of its own: to see whether libqrt runs it, or to run it now.
#pragma once

#include <memory>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/graph/graph.h"
#include "src/model/model.h"

namespace qrt::graph {

struct LoadedModel {
  rt::AlignedBuffer bytes;  // which the model lives in
  std::shared_ptr<const rt::Model> model;
};

// Its inputs are those of the node that are neither constants nor variables, its outputs the
// node's.
rt::Result<LoadedModel> load_alone(const Graph& graph, const Node& node);

}  // namespace qrt::graph
