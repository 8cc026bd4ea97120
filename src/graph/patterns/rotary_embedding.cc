// Rotary embedding: x * cos + turned(x) * sin. Su et al., "RoFormer", 2021. Hugging Face's
// rotate_half, exported by PyTorch: Slice, Slice, Neg, Concat, or Split, Neg, Concat;
// rotate_every_two (GPT-J): Slices of step 2, Neg, Unsqueeze, Concat, Reshape.
#include <algorithm>
#include <climits>

#include "src/graph/patterns/patterns.h"

namespace qrt::graph {
namespace {

class Finder {
 public:
  Finder(Rewriter& graph, size_t root) : graph_(graph), root_(root) {}

  bool fuse() {
    const Node& sum = *graph_.node(root_);
    const auto* add = sum.options.AsBinary();
    if (add == nullptr || add->kind != fb::BinaryKind::Add || add->clamp != nullptr) return false;
    for (size_t side : {size_t{0}, size_t{1}}) {
      others_.clear();
      const Node* plain = multiplication(sum.inputs[side]);
      const Node* turned = multiplication(sum.inputs[1 - side]);
      if (plain == nullptr || turned == nullptr) return false;
      for (size_t factor : {size_t{0}, size_t{1}}) {
        const std::vector<size_t> before = others_;
        bool interleaved = false;
        const int x = turned_from(turned->inputs[factor], &interleaved);
        const auto at = std::find(plain->inputs.begin(), plain->inputs.end(), x);
        if (x != kAbsent && at != plain->inputs.end()) {
          const int cos = plain->inputs[at == plain->inputs.begin() ? 1 : 0];
          return put(x, cos, turned->inputs[1 - factor], interleaved);
        }
        others_ = before;
      }
    }
    return false;
  }

 private:
  const Node* inner(int v) { return graph_.made_in(v, &others_); }

  const Node* multiplication(int v) {
    const Node* node = inner(v);
    const auto* options = node == nullptr ? nullptr : node->options.AsBinary();
    const bool is = options != nullptr && options->kind == fb::BinaryKind::Mul &&
                    options->clamp == nullptr && graph_.value(v).type == DType::F32;
    return is ? node : nullptr;
  }

  int32_t width(int v) {
    const rt::Shape& shape = graph_.shape(v);
    return shape.rank() > 0 && rt::is_number(shape.last()) ? shape.last() : -1;
  }

  // What is turned to give this value.
  int turned_from(int v, bool* interleaved) {
    const Node* node = inner(v);
    if (node == nullptr) return kAbsent;
    *interleaved = node->options.AsReshape() != nullptr;
    if (*interleaved) node = inner(node->inputs[0]);
    const auto* concat = node == nullptr ? nullptr : node->options.AsConcat();
    if (concat == nullptr || node->inputs.size() != 2) return kAbsent;
    const int rank = graph_.shape(node->outputs[0]).rank();
    if ((concat->axis < 0 ? concat->axis + rank : concat->axis) != rank - 1) return kAbsent;
    int second = node->inputs[0], first = node->inputs[1];
    if (*interleaved && (!take_off_axis(&second) || !take_off_axis(&first))) return kAbsent;
    const Node* negative = inner(second);
    const auto* unary = negative == nullptr ? nullptr : negative->options.AsUnary();
    if (unary == nullptr || unary->kind != fb::UnaryKind::Neg) return kAbsent;
    second = negative->inputs[0];
    const int x = part_of(first, 0, *interleaved);
    return x != kAbsent && part_of(second, 1, *interleaved) == x && graph_.same_shape(x, v)
               ? x
               : kAbsent;
  }

  // Steps over a Reshape that adds an axis of one element at the end.
  bool take_off_axis(int* v) {
    const Node* node = inner(*v);
    if (node == nullptr || node->options.AsReshape() == nullptr) return false;
    rt::Shape with = graph_.shape(node->inputs[0]);
    if (with.rank() == rt::kMaxRank) return false;
    with.push_back(1);
    if (graph_.shape(*v) != with) return false;
    *v = node->inputs[0];
    return true;
  }

  // The value of which this is the first (0) or second (1) half, or every second element.
  int part_of(int v, int32_t part, bool interleaved) {
    const Node* node = inner(v);
    if (node == nullptr) return kAbsent;
    const int x = node->inputs[0], rank = graph_.shape(x).rank();
    const int32_t all = width(x);
    if (all < 0 || all % 2 != 0 || 2 * width(v) != all) return kAbsent;
    if (const auto* split = node->options.AsSplit()) {
      const bool last = (split->axis < 0 ? split->axis + rank : split->axis) == rank - 1;
      return last && !interleaved && node->outputs.size() == 2 &&
                     node->outputs[static_cast<size_t>(part)] == v
                 ? x
                 : kAbsent;
    }
    const auto* slice = node->options.AsSlice();
    if (slice == nullptr || node->inputs.size() != 1 || slice->shrink_mask != 0) return kAbsent;
    // Only the last axis is cut.
    for (int i = 0; i + 1 < rank; ++i) {
      if (graph_.shape(v)[i] != graph_.shape(x)[i] || slice->strides[static_cast<size_t>(i)] != 1) {
        return kAbsent;
      }
    }
    const auto axis = static_cast<size_t>(rank - 1);
    int32_t begin = (slice->begin_mask >> axis & 1) != 0 ? 0 : slice->begins[axis];
    if (begin < 0) begin += all;
    const int32_t wanted = interleaved ? part : part * (all / 2);
    return begin == wanted && slice->strides[axis] == (interleaved ? 2 : 1) ? x : kAbsent;
  }

  bool put(int x, int cos, int sin, bool interleaved) {
    const int32_t all = width(x);
    if (all < 0 || width(cos) != all || width(sin) != all) return false;
    if (!broadcasts(cos, x) || !broadcasts(sin, x)) return false;
    const Node& root = *graph_.node(root_);
    fb::RotaryEmbeddingT options;
    options.interleaved = interleaved;
    return graph_.put(root_, others_,
                      Graph::make_node(root.name, std::move(options), {x, cos, sin}, root.outputs),
                      "RotaryEmbedding");
  }

  // For sure, whatever open dimensions are.
  bool broadcasts(int v, int to) {
    const rt::Shape of = graph_.shape(v), like = graph_.shape(to);
    for (int i = 1; i <= of.rank(); ++i) {
      if (i > like.rank()) return false;
      const int32_t own = of[of.rank() - i];
      if (own != 1 && own != like[like.rank() - i]) return false;
    }
    return true;
  }

  Rewriter& graph_;
  const size_t root_;
  std::vector<size_t> others_;  // nodes that go
};

}  // namespace

void fuse_rotary_embedding(Rewriter& graph) {
  graph.for_each(fb::OpOptions::Binary, [&](size_t n) { (void)Finder(graph, n).fuse(); });
}

}  // namespace qrt::graph
