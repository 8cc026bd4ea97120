// A graph while patterns in it are replaced: who makes and who reads a value, which constants are
// single numbers, and which shapes are the same, open dimensions included. Nodes keep their numbers
// until finish().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/graph/graph.h"
#include "src/graph/shape_inference.h"

namespace qrt::graph {

class Rewriter {
 public:
  explicit Rewriter(Graph& graph);

  Graph& graph() { return graph_; }
  const Value& value(int v) const { return graph_.value(v); }
  size_t nodes() const { return slots_.size(); }
  // Null if the node has been replaced by several, or by none; or if it is not sound, which the
  // model will be refused for, or runs other graphs or the app's code.
  const Node* node(size_t n) const {
    return slots_[n].size() == 1 && sound_[n] ? &slots_[n][0] : nullptr;
  }

  // The node that makes a value; -1 for inputs, constants and variables.
  int maker(int v) const {
    return static_cast<size_t>(v) < makers_.size() ? makers_[static_cast<size_t>(v)] : -1;
  }
  // The same as a node; null if there is none, or none that may be looked at.
  const Node* made_in(int v) const {
    return maker(v) < 0 ? nullptr : node(static_cast<size_t>(maker(v)));
  }
  // The same, which is added to the nodes of a pattern.
  const Node* made_in(int v, std::vector<size_t>* nodes) const {
    const Node* made = made_in(v);
    if (made != nullptr) nodes->push_back(static_cast<size_t>(maker(v)));
    return made;
  }
  // Its options, if it is one of this kind, else null.
  template <class Options>
  const Options* made_by(int v, Options* (fb::OpOptionsUnion::*as)()) const {
    const Node* made = made_in(v);
    if (made == nullptr) return nullptr;
    return (const_cast<fb::OpOptionsUnion&>(made->options).*as)();
  }
  const Node& maker_of(int v) const { return *node(static_cast<size_t>(maker(v))); }
  // Node inputs and graph outputs that read the value.
  int uses(int v) const { return uses_[static_cast<size_t>(v)]; }

  // A constant of one element, f32.
  std::optional<double> number(int v) const;
  // With symbols for what is open.
  const rt::Shape& shape(int v) { return shapes_.shape(v); }
  bool same_shape(int a, int b) { return shape(a) == shape(b); }

  // Gives the outputs of a node that is to be put somewhere their shapes, if its inputs allow it.
  // False if they do not.
  bool infer(const Node& node);

  // Puts nodes, of which the last makes the outputs of `root`, in its place, and drops the nodes
  // `others`, which made what only it read. False, and nothing has changed, if something else reads
  // what they make, or if the shape of the outputs would be another. `what` is counted in the
  // graph.
  bool put(size_t root, const std::vector<size_t>& others, std::vector<Node> nodes,
           const std::string& what);

  // The same for one node in the place of `root`.
  bool put(size_t root, const std::vector<size_t>& others, Node node, const std::string& what);

  // Calls visit(number) for the nodes of this operator, from the first to the last, which may be
  // replaced on the way.
  template <class Visit>
  void for_each(fb::OpOptions type, const Visit& visit) {
    for (size_t n = 0; n < nodes(); ++n) {
      if (node(n) != nullptr && node(n)->type() == type) visit(n);
    }
  }

  // The graph's nodes become what is left.
  void finish();

 private:
  bool closed(size_t root, const std::vector<size_t>& others) const;
  bool keeps_shapes(const Node& root, const std::vector<Node>& nodes);
  void count_uses(const Node& node, int sign);

  Graph& graph_;
  std::vector<std::vector<Node>>
      slots_;                       // by node of the graph as it was: what stands in its place
  std::vector<bool> sound_;         // by node of the graph as it was
  std::vector<int> makers_, uses_;  // by value
  ShapeInference shapes_;
};

}  // namespace qrt::graph
