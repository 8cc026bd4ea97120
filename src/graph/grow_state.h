// A cache of keys or values: an input of an open length, and an output that is the same with more
// behind it. It becomes a variable with room for as many as there can be, of which the first count,
// and a length, which is a variable too. A run writes what is new behind them (TensorScatter, in
// place), and Attention reads no more than there is: no step copies what is there, or plans.
//
// What else is as long as the cache (masks, positions) is computed for all places, of which those
// behind the length hold anything. So nobody but Attention may read them in a way in which places
// depend on each other (OpSpec::keeps_places), and the cache's length as a number is that of the
// run.
#pragma once

#include <vector>

#include "src/base/status.h"
#include "src/graph/keep_state.h"

namespace qrt::graph {

// Those of `states` that grow. For graphs that are optimized: what is not fused into Attention
// cannot read a part of a cache.
rt::Status grow_states(Graph& graph, const std::vector<KeptState>& states);

}  // namespace qrt::graph
