// One subgraph of a verified model as the runtime sees it: tensors, operators, and shapes in
// numbers and names. Every node has been checked against its row.
#pragma once

#include "src/model/model.h"
#include "src/opspec/spec.h"

namespace qrt::rt {

class GraphView {
 public:
  // Decodes and checks everything that does not depend on sizes, then infers all shapes, open
  // dimensions as symbols, and compares them with what the model declares.
  Status build(const Model& model, const fb::Subgraph& subgraph);

  const std::vector<Tensor>& tensors() const { return tensors_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const OpSpec& spec(size_t node) const { return *specs_[node]; }
  Span<const int32_t> inputs() const { return inputs_; }
  Span<const int32_t> outputs() const { return outputs_; }

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
  Status check_declared() const;
  Status check_renamed_variables() const;
  bool updates(size_t node, int variable) const;

  std::vector<Tensor> tensors_;
  std::vector<Node> nodes_;
  std::vector<const OpSpec*> specs_;
  Span<const int32_t> inputs_, outputs_;
  GraphShapes declared_;
};

}  // namespace qrt::rt
