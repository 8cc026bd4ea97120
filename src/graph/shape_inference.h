// Shapes of a graph's values, by the rows that also give them when a model is loaded: so that who
// adds a node need not know what it does to shapes, and open dimensions keep their names.
#pragma once

#include <vector>

#include "src/base/status.h"
#include "src/graph/graph.h"
#include "src/opspec/inference.h"

namespace qrt::graph {

// Follows a graph while nodes are added to it. The graph outlives this.
class ShapeInference {
 public:
  explicit ShapeInference(Graph& graph) : graph_(graph) {}

  rt::Dims& dims() { return shapes_.dims; }
  // With a symbol for what is open; the same for dimensions of one name. Of rank 0 to 8.
  const rt::Shape& shape(int value);
  // The integers that a small value of type s32 or s64 holds, symbols among them; null: not known.
  const rt::Integers* integers(int value) const;

  // Sets the shapes of the node's outputs, here and in the graph: -1 for what is open. What the
  // graph says of them before is forgotten. The error names neither operator nor node.
  rt::Status infer(const Node& node) { return infer(node, false); }
  // The same for a node that nobody has checked: an error if its row refuses it.
  rt::Status check_and_infer(const Node& node) { return infer(node, true); }
  // Takes this for the shape of a value that has been inferred.
  void set_shape(int value, const rt::Shape& shape);
  // OpSpec::keeps_places of a node that has been inferred; false where its row says nothing.
  bool keeps_places(const Node& node, size_t input, int axis);
  // The value has become a constant: its shape is what the graph says.
  void forget(int value);

 private:
  rt::Status infer(const Node& node, bool check);
  void look_at(int value);
  template <class Body>
  void view(const Node& node, const Body& body);

  Graph& graph_;
  rt::GraphShapes shapes_;           // by value
  std::vector<rt::Tensor> tensors_;  // by value: views, renewed for each node
  std::vector<bool> known_;          // by value: its shape is an operator's or an input's
};

// The shape in numbers, and -1 for symbols.
std::vector<int32_t> declared_shape(const rt::Shape& shape);

}  // namespace qrt::graph
