// How long what a tensor holds is needed.
#pragma once

#include "src/opspec/graph_view.h"

namespace qrt::rt {

// By tensor: the last step that reads it, directly or under another name, or writes it; -1 where
// none does, and the number of steps for the graph's outputs. What a loop finds there is needed
// until the loop ends.
std::vector<int> last_uses(const GraphView& graph);

}  // namespace qrt::rt
