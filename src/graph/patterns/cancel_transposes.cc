// Transposes that undo each other, as exporters leave them around layers of another layout (NCHW
// and NHWC in tf2onnx, the time or the batch first in PyTorch's transformers): directly, or through
// operators that compute each place for itself and can do that in the other order of axes.
#include <algorithm>
#include <numeric>
#include <utility>

#include "src/graph/axis_order.h"
#include "src/graph/patterns/patterns.h"

namespace qrt::graph {
namespace {

using Perm = std::vector<int32_t>;

// What a Transpose by `second` makes of one by `first`.
Perm composed(const Perm& first, const Perm& second) {
  Perm result;
  for (int32_t axis : second) result.push_back(first[static_cast<size_t>(axis)]);
  return result;
}

bool is_identity(const Perm& perm) { return std::is_sorted(perm.begin(), perm.end()); }

// Finds what a value would be, transposed by `perm`, without a Transpose.
class Undo {
 public:
  Undo(Rewriter& graph, size_t root) : graph_(graph), root_(root) {}

  bool fuse() {
    const Node& root = *graph_.node(root_);
    const Perm perm = root.options.AsTranspose()->perm;
    const int read = root.inputs[0];
    if (const auto* before = graph_.made_by(read, &fb::OpOptionsUnion::AsTranspose)) {
      return graph_.put(root_, {},
                        Graph::make_node(root.name, transpose(composed(before->perm, perm)),
                                         {graph_.maker_of(read).inputs[0]}, root.outputs),
                        "Transpose");
    }
    // Behind operators that nothing else reads.
    if (is_identity(perm)) return false;
    const int moved = undone(read, perm, 0);
    if (moved == kAbsent || !met_) return false;
    made_.back().outputs = root.outputs;
    return graph_.put(root_, others_, std::move(made_), "Transpose");
  }

 private:
  static constexpr int kDeepest = 16;

  static fb::TransposeT transpose(Perm perm) {
    fb::TransposeT options;
    options.perm = std::move(perm);
    return options;
  }

  // The value of these elements in the other order; kAbsent if that would take a Transpose.
  int undone(int v, const Perm& perm, int depth) {
    const Value& value = graph_.value(v);
    if (value.constant()) return undone_constant(v, perm);
    if (value.shape.size() != perm.size()) return kAbsent;
    if (const auto* before = graph_.made_by(v, &fb::OpOptionsUnion::AsTranspose)) {
      if (!is_identity(composed(before->perm, perm))) return kAbsent;
      met_ = true;
      return graph_.maker_of(v).inputs[0];
    }
    const int maker = graph_.maker(v);
    if (maker < 0 || graph_.uses(v) != 1 || depth == kDeepest) return kAbsent;
    const Node* node = graph_.node(static_cast<size_t>(maker));
    if (node == nullptr || node->outputs.size() != 1) return kAbsent;
    const size_t moved = inputs_in_order(*node, perm);
    if (moved == 0) return kAbsent;
    const Node like = *node;
    std::vector<int> inputs = like.inputs;
    for (size_t i = 0; i < moved; ++i) {
      if (inputs[i] == kAbsent) return kAbsent;
      inputs[i] = undone(inputs[i], perm, depth + 1);
      if (inputs[i] == kAbsent) return kAbsent;
    }
    others_.push_back(static_cast<size_t>(maker));
    return add(like, std::move(inputs));
  }

  int undone_constant(int v, const Perm& perm) {
    const Value& value = graph_.value(v);
    if (value.elements() == 1 && value.shape.size() <= perm.size()) return v;
    if (value.shape.size() != perm.size() || value.quantization.axis >= 0) return kAbsent;
    if (value.type == DType::S4) return kAbsent;
    Value moved = value;
    moved.name += "/transposed";
    for (size_t i = 0; i < perm.size(); ++i) {
      moved.shape[i] = value.shape[static_cast<size_t>(perm[i])];
    }
    moved.data = std::make_shared<const Bytes>(transpose_bytes(value, perm));
    return graph_.graph().add_value(std::move(moved));
  }

  // How many inputs, from the first on, have their axes in the order of the output's, where a node
  // may as well work in the order of `perm`; 0: it may not.
  size_t inputs_in_order(const Node& node, const Perm& perm) {
    const auto rank = static_cast<int32_t>(perm.size());
    switch (node.type()) {
      case fb::OpOptions::Unary:
      case fb::OpOptions::Cast:
      case fb::OpOptions::Binary:
        return node.inputs.size();
      case fb::OpOptions::LayerNormalization: {
        const int32_t axis = node.options.AsLayerNormalization()->axis;
        return perm.back() == rank - 1 && (axis == -1 || axis == rank - 1) ? 1 : 0;
      }
      case fb::OpOptions::FullyConnected:
      case fb::OpOptions::Softmax:
        return perm.back() == rank - 1 ? 1 : 0;
      default:
        return 0;
    }
  }

  int add(const Node& like, std::vector<int> inputs) {
    const Value& before = graph_.value(like.outputs[0]);
    Node node = like;
    node.inputs = std::move(inputs);
    node.outputs = {
        graph_.graph().add_tensor(before.name + "/moved", before.type, {}, before.quantization)};
    (void)graph_.infer(node);
    made_.push_back(std::move(node));
    return made_.back().outputs[0];
  }

  Rewriter& graph_;
  const size_t root_;
  bool met_ = false;            // a Transpose that is undone
  std::vector<size_t> others_;  // nodes that go
  std::vector<Node> made_;      // nodes that come
};

}  // namespace

void cancel_transposes(Rewriter& graph) {
  for (size_t n = graph.nodes(); n-- > 0;) {
    if (graph.node(n) != nullptr && graph.node(n)->type() == fb::OpOptions::Transpose) {
      (void)Undo(graph, n).fuse();
    }
  }
}

}  // namespace qrt::graph
