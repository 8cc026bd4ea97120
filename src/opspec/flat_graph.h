// A subgraph of a model with all that it runs (Call, If, While), taken apart into one list of steps
// over one list of tensors. So planning memory, choosing kernels and running know no calls:
//
// - Call disappears: the steps of its subgraph stand in its place, and work on the caller's
// tensors.
// - If: Branch, the steps of one subgraph, Copy its results, Jump; those of the other, Copy.
// - While: Copy the state; the condition's steps, Branch behind the loop; the body's steps, Copy
// its
//   results over the state, Jump back.
//
// A subgraph that is run in two places stands there twice, but has its variables once.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "src/model/model.h"
#include "src/opspec/spec.h"

namespace qrt::rt {

struct Step {
  enum class Kind : uint8_t {
    Run,     // `node`
    Copy,    // the elements of tensor `from` to tensor `to`
    Branch,  // goes on at `target` if tensor `from`, a Bool of one element, is false
    Jump     // goes on at `target`
  };
  Kind kind = Kind::Run;
  int node = -1;  // Run: in `nodes`; otherwise the If or While that it is of, in `controls`
  int from = -1, to = -1;
  size_t target = 0;
  // Copy: nothing has given `to` a shape before. Otherwise both must have the same.
  bool first = false;
};

struct FlatGraph {
  std::vector<Tensor> tensors;       // those of the subgraph come first, in its order
  std::vector<Node> nodes;           // in execution order
  std::vector<const OpSpec*> specs;  // by node
  std::vector<Node> controls;        // every Call, If and While
  std::vector<Step> steps;
  // Steps that may run several times: the first, and the one behind the last. Outer loops stand
  // behind the loops within.
  std::vector<std::pair<size_t, size_t>> loops;
  std::vector<int32_t> inputs, outputs;

  // What a call hands to a subgraph, and the shape that this declares for it.
  struct Passed {
    int control, tensor;
    Shape declared;
  };
  std::vector<Passed> passed;

  // By subgraph in its place: the tensors' numbers. Nodes point into these.
  std::vector<std::unique_ptr<std::vector<int32_t>>> numbers;
};

// Tensors and steps of one flat graph.
inline constexpr size_t kMostFlatTensors = size_t{1} << 16;
inline constexpr size_t kMostSteps = size_t{1} << 18;

// `graph` must stay where it is: nodes point into it. Checks what calls and subgraphs must agree
// on; not yet the nodes.
Status flatten(const Model& model, unsigned subgraph, FlatGraph* graph);

}  // namespace qrt::rt
