// A graph input and an output that callers would hand back as that input become a variable.
#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/graph/graph.h"

namespace qrt::graph {

// An input, an output, and, for a state that grows (grow_state.h), how many places it has at most;
// 0: it keeps its shape. One '*' in both names stands for any text: all inputs that fit, with the
// output of the same text.
struct KeptState {
  std::string input, output;
  int32_t most = 0;
};

// The states that are meant, each by its full names, in the order of the inputs. An error if an
// input or output of that name is missing, or is named twice.
rt::Status find_states(const Graph& graph, const std::vector<KeptState>& wanted,
                       std::vector<KeptState>* found);

// What `output` gives in one run, nodes that read `input` find in the next; it starts as real zero.
// Both are of one type, quantization and shape, without open dimensions, and disappear from the
// graph's inputs and outputs. On an error the graph is as it was.
rt::Status keep_state(Graph& graph, const std::string& input, const std::string& output);

}  // namespace qrt::graph
