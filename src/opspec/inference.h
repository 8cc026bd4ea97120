// What a shape function sees: the shapes of a node's inputs, in numbers or symbols, and, where they
// are known, the integers that small inputs hold, for shapes may be computed from shapes.
#pragma once

#include <memory>
#include <vector>

#include "src/opspec/dims.h"
#include "src/opspec/node.h"

namespace qrt::rt {

// Integers of a tensor of rank 0 or 1, symbols among them.
using Integers = std::vector<int32_t>;

class CustomSpec;

// All that is known of the tensors of one graph.
struct GraphShapes {
  Shapes shapes;                                    // by tensor
  std::vector<std::unique_ptr<Integers>> integers;  // by tensor; null: not known
  Dims dims;
  // Whether memory is to be planned: sizes that a run decides are as large as they can be.
  // Otherwise they are symbols, listed here with the nodes that decide them.
  bool planned = false;
  struct Counted {
    int node;
    int32_t symbol;
  };
  std::vector<Counted> counted;
  // What the app gives; null: nothing.
  const std::vector<const CustomSpec*>* customs = nullptr;
};

class Inference {
 public:
  Inference(const Node& node, GraphShapes& graph) : node_(node), graph_(graph) {}

  const Node& node() const { return node_; }
  const Shapes& shapes() const { return graph_.shapes; }
  Dims& dims() { return graph_.dims; }
  const Shape& in(size_t i) const { return node_.shape_in(graph_.shapes, i); }
  void out(size_t i, const Shape& shape) {
    graph_.shapes[static_cast<size_t>(node_.output_index(i))] = shape;
  }
  // The shape that out() gave.
  const Shape& given(size_t i) const { return node_.shape_out(graph_.shapes, i); }
  // A dimension of an output that a run decides, `most` at most.
  int32_t decided_by_run(int32_t most);
  // Null if the app gives no operator of this name.
  const CustomSpec* custom(const char* name) const;
  std::string text(const Shape& shape) const { return graph_.dims.text(shape); }
  std::string text_in(size_t i) const { return text(in(i)); }

  // The integers of an s32, s64 or bool (0, 1) input: a constant's, or what an operator before has
  // told.
  // False if they are not known, or too many or too large to be dimensions.
  bool integers(size_t i, Integers* elements) const;
  void out_integers(size_t i, Integers elements);

 private:
  const Node& node_;
  GraphShapes& graph_;
};

struct OpSpec;
// Computes the shapes of the node's outputs by its row, and checks that they are possible. The
// node has been checked against the row, or was made by code that gives no other.
Status infer_node(const OpSpec& spec, const Node& node, GraphShapes& graph);

// Whether a tensor of this shape has a scale for each of its elements.
bool scales_fit(const Quantization& q, const Shape& shape);

}  // namespace qrt::rt
