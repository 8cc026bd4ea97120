// The graphs of a model: which runs which, and which of them a caller may choose.
#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/graph/graph.h"

namespace qrt::graph {

// How many there are, and the one of a number (0: `main` itself).
inline int32_t graph_count(const Graph& main) {
  return static_cast<int32_t>(main.subgraphs.size()) + 1;
}
inline Graph& graph_at(Graph& main, int32_t number) {
  return number == 0 ? main : main.subgraphs[static_cast<size_t>(number) - 1];
}
inline const Graph& graph_at(const Graph& main, int32_t number) {
  return number == 0 ? main : main.subgraphs[static_cast<size_t>(number) - 1];
}

// The numbers of the graphs that a node runs, to be read or changed.
std::vector<int32_t*> called_by(Node& node);
bool runs_graphs(const Node& node);

// Drops the graphs that nothing runs and nobody may choose, and numbers the rest anew.
void drop_unreachable(Graph& main);

// The names of what callers may choose, the main graph's first.
std::vector<std::string> entry_names(const Graph& main);
// Makes the entry of this name the main graph and the only entry.
rt::Status keep_entry(Graph& main, const std::string& name);

}  // namespace qrt::graph
