// Sizes that a run decides: how many elements are not zero, how many boxes are left. Memory is
// planned for as many as there can be. The operator (Inference::decided_by_run) tells how many
// there are and fills the places behind them, so that operators that read it compute all places
// alike, and what those behind the last hold is never looked at. That is right as long as places do
// not depend on each other (OpSpec::keeps_places), and is checked when a model is loaded. Graph
// outputs end behind the last place.
#pragma once

#include <vector>

#include "src/opspec/flat_graph.h"

namespace qrt::rt {

// An axis of a graph output that is as long as a run says.
struct CountedOutput {
  size_t output;  // of the graph
  int axis;
  int node;  // that says it
};

// Finds them, and checks that operators between may read what is so long.
Status check_counts(const FlatGraph& graph, GraphShapes& declared,
                    std::vector<CountedOutput>* outputs);

}  // namespace qrt::rt
