// One entry of a verified model as the runtime sees it, with all that it calls: tensors, operators,
// steps, and shapes in numbers and names. Every node has been checked against its row.
#pragma once

#include "src/opspec/counts.h"
#include "src/opspec/custom.h"
#include "src/opspec/flat_graph.h"

namespace qrt::rt {

class GraphView {
 public:
  // Decodes and checks everything that does not depend on sizes, then infers all shapes, open
  // dimensions as symbols, and compares them with what the model declares. `customs` outlive this.
  Status build(const Model& model, unsigned subgraph, CustomSpecs customs = {});

  // Those of the subgraph come first, with the same indices.
  const std::vector<Tensor>& tensors() const { return flat_.tensors; }
  const std::vector<Node>& nodes() const { return flat_.nodes; }
  const OpSpec& spec(size_t node) const { return *flat_.specs[node]; }
  Span<const int32_t> inputs() const { return {flat_.inputs.data(), flat_.inputs.size()}; }
  Span<const int32_t> outputs() const { return {flat_.outputs.data(), flat_.outputs.size()}; }
  // What a run does, one after the other.
  const std::vector<Step>& steps() const { return flat_.steps; }
  const std::vector<std::pair<size_t, size_t>>& loops() const { return flat_.loops; }

  // Outputs whose sizes a run decides.
  const std::vector<CountedOutput>& counted_outputs() const { return counted_outputs_; }

  // Shapes of all tensors, with symbols for what is open.
  const GraphShapes& declared() const { return declared_; }

  // Computes the shapes of all results from those of the graph's inputs in `graph`.
  Status infer(GraphShapes& graph) const;
  // The shapes to begin with: every open dimension of an input is 1, or the least power of two from
  // which all operators can work.
  Result<Shapes> default_shapes() const;
  // The same for `size` in place of 1.
  Result<Shapes> shapes_with(int32_t size) const;

 private:
  Shape with_symbols(const fb::Tensor& tensor, const Shape& shape);
  Status infer_copy(const Step& step, GraphShapes& graph) const;
  Status check_branch(const Step& step, GraphShapes& graph) const;
  Status check_declared();
  Status check_declared(const Node& node) const;
  Status check_renamed_variables() const;
  bool updates(size_t node, int variable) const;
  // That dimensions of one name have one size.
  Status check_names(const GraphShapes& graph) const;

  FlatGraph flat_;
  CustomSpecs customs_;
  GraphShapes declared_;
  std::vector<CountedOutput> counted_outputs_;
};

}  // namespace qrt::rt
