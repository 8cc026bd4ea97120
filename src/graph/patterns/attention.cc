// Scaled dot-product attention: softmax(scale * q k^T + mask) v. Vaswani et al., "Attention Is All
// You Need", 2017. PyTorch 1.13: MatMul of q and k's Transpose, Div by sqrt(d), or q divided before
// it is transposed; PyTorch 2's scaled_dot_product_attention: q and k each times the root of the
// scale; Keras by tf2onnx: q times the scale, and an Einsum or MatMul. Masks: Add, or Where with
// minus infinity or a large number. Keys and values that serve several heads are repeated by
// Unsqueeze, Expand and Reshape (Hugging Face's repeat_kv) or Tile.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "src/graph/patterns/patterns.h"

namespace qrt::graph {
namespace {

class Finder {
 public:
  Finder(Rewriter& graph, size_t root) : graph_(graph), root_(root) {}

  bool fuse() {
    const Node& product = *graph_.node(root_);
    const auto* product_options = product.options.AsMatMul();
    if (product_options == nullptr || product_options->transpose_a) return false;
    if (!find_scores(product.inputs[0])) return false;
    query_ = without_factor(query_);
    key_ = without_factor(key_);
    if (!key_transposed_) key_ = transposed(key_);
    int value = product.inputs[1];
    if (product_options->transpose_b) value = transposed(value);
    key_ = unrepeated(key_);
    value = unrepeated(value);
    if (!std::isfinite(static_cast<float>(scale_)) || !fits(key_) || !fits(value)) return false;
    return put(value);
  }

 private:
  // The node that makes a value, which is to go.
  const Node* inner(int v) { return graph_.made_in(v, &others_); }

  // From the softmax's result down to the product of query and key.
  bool find_scores(int v) {
    const Node* softmax = inner(v);
    const auto* options = softmax == nullptr ? nullptr : softmax->options.AsSoftmax();
    if (options == nullptr || options->log) return false;
    const int scores = softmax->inputs[0];
    if (!find_product(scores) && !find_masked(scores)) return false;
    const auto beta = static_cast<double>(options->beta);
    if (beta != 1 && mask_ != kAbsent) return false;
    scale_ *= beta;
    return true;
  }

  bool find_product(int v) {
    const std::vector<size_t> before = others_;
    double scale = 1;
    for (const Node* node = inner(v); node != nullptr; node = inner(v)) {
      if (const auto* product = node->options.AsMatMul()) {
        if (product->transpose_a || graph_.value(v).type != DType::F32) break;
        query_ = node->inputs[0], key_ = node->inputs[1];
        key_transposed_ = product->transpose_b;
        scale_ = scale;
        return true;
      }
      const auto factor = factor_of(*node, &v);
      if (!factor) break;
      scale *= *factor;
    }
    others_ = before;
    return false;
  }

  // The product and a mask, which does not make it larger.
  bool find_masked(int v) {
    const Node* node = inner(v);
    if (node == nullptr) return false;
    if (const auto* add = node->options.AsBinary()) {
      if (add->kind != fb::BinaryKind::Add || add->clamp != nullptr) return false;
      for (size_t side : {size_t{0}, size_t{1}}) {
        const int scores = node->inputs[side], mask = node->inputs[1 - side];
        if (!graph_.same_shape(scores, v) || !find_product(scores)) continue;
        mask_ = mask;
        return true;
      }
      return false;
    }
    if (node->options.AsSelect() == nullptr) return false;
    for (size_t side : {size_t{1}, size_t{2}}) {
      const int scores = node->inputs[side];
      const auto masked = graph_.number(node->inputs[3 - side]);
      if (!masked || !graph_.same_shape(scores, v) || !find_product(scores)) continue;
      mask_ = node->inputs[0];
      mask_hides_ = side == 2;
      masked_ = *masked;
      return true;
    }
    return false;
  }

  // Of Mul or Div by a number: the number to multiply with, and what is multiplied in *v.
  std::optional<double> factor_of(const Node& node, int* v) {
    const auto* binary = node.options.AsBinary();
    if (binary == nullptr || binary->clamp != nullptr) return {};
    const bool divides = binary->kind == fb::BinaryKind::Div;
    if (!divides && binary->kind != fb::BinaryKind::Mul) return {};
    for (size_t side = divides ? 1 : 0; side < 2; ++side) {
      const auto number = graph_.number(node.inputs[side]);
      const int other = node.inputs[1 - side];
      if (!number || *number == 0 || !graph_.same_shape(other, node.outputs[0])) continue;
      *v = other;
      return divides ? 1 / *number : *number;
    }
    return {};
  }

  const Node* maker(int v) const {
    const auto makes = [=](const Node& node) { return node.outputs[0] == v; };
    const auto made = std::find_if(made_.begin(), made_.end(), makes);
    return made != made_.end() ? &*made : graph_.made_in(v);
  }

  int add(const Node& like, const char* suffix, fb::OpOptionsUnion options,
          std::vector<int> inputs) {
    Node node;
    node.name = like.name + suffix;
    node.options = std::move(options);
    node.inputs = std::move(inputs);
    node.outputs = {graph_.graph().add_tensor(node.name, DType::F32, {})};
    (void)graph_.infer(node);
    made_.push_back(std::move(node));
    return made_.back().outputs[0];
  }

  // Query or key without the numbers that it is multiplied with, through what only moves it.
  int without_factor(int v) {
    const Node* node = maker(v);
    if (node == nullptr) return v;
    int from = v;
    if (const auto factor = factor_of(*node, &from)) {
      scale_ *= *factor;
      return without_factor(from);
    }
    const bool moves =
        node->options.AsTranspose() != nullptr || node->options.AsReshape() != nullptr;
    if (!moves) return v;
    const Node copy = *node;
    const int moved = without_factor(copy.inputs[0]);
    if (moved == copy.inputs[0]) return v;
    std::vector<int> inputs = copy.inputs;
    inputs[0] = moved;
    return add(copy, "/unscaled", copy.options, std::move(inputs));
  }

  // With the last two axes exchanged.
  int transposed(int v) {
    const Node* made = maker(v);
    fb::TransposeT options;
    if (made != nullptr && made->options.AsTranspose() != nullptr) {
      options.perm = made->options.AsTranspose()->perm;
      v = made->inputs[0];
    } else {
      options.perm.resize(graph_.value(v).shape.size());
      std::iota(options.perm.begin(), options.perm.end(), 0);
    }
    if (options.perm.size() < 2) return v;
    std::swap(options.perm.end()[-1], options.perm.end()[-2]);
    if (std::is_sorted(options.perm.begin(), options.perm.end())) return v;
    fb::OpOptionsUnion transpose;
    transpose.Set(std::move(options));
    return add(*graph_.node(root_), "/rows", std::move(transpose), {v});
  }

  // [..,G,S,D], where it was repeated to [..,G*r,S,D] by way of [..,G,1,S,D] and [..,G,r,S,D].
  int unrepeated(int v) {
    const Node* joined = maker(v);
    if (joined == nullptr || joined->options.AsReshape() == nullptr) return v;
    const int all = joined->inputs[0];
    const Node* repeated = maker(all);
    if (repeated == nullptr ||
        (repeated->options.AsBroadcastTo() == nullptr && repeated->options.AsTile() == nullptr)) {
      return v;
    }
    const int once = repeated->inputs[0];
    const Node* spread = maker(once);
    if (spread == nullptr || spread->options.AsReshape() == nullptr) return v;
    const int result = spread->inputs[0];
    const rt::Shape from = graph_.shape(result), to = graph_.shape(v), many = graph_.shape(all);
    const int rank = from.rank();
    if (rank < 3 || to.rank() != rank || many.rank() != rank + 1) return v;
    const int heads = rank - 3;
    rt::Shape one;  // what `once` is to be
    for (int i = 0; i < rank; ++i) {
      one.push_back(from[i]);
      if (i == heads) one.push_back(1);
      const int behind = i > heads ? i + 1 : i;
      if (many[behind] != from[i] || (i != heads && to[i] != from[i])) return v;
    }
    const int32_t repeats = many[heads + 1], groups = from[heads];
    if (!rt::is_number(repeats) || !rt::is_number(groups) || graph_.shape(once) != one ||
        to[heads] != groups * repeats) {
      return v;
    }
    return result;
  }

  // Whether heads of a key or value are those of the query, or serve several each. Sizes that may
  // be others count as others.
  bool fits(int v) {
    const rt::Shape of = graph_.shape(v), query = graph_.shape(query_);
    if (of.rank() != query.rank() || of.rank() < 2) return false;
    const int heads = of.rank() - 3;
    for (int i = 0; i <= heads; ++i) {
      if (of[i] == 1 || of[i] == query[i]) continue;
      const bool divides = i == heads && rt::is_number(of[i]) && rt::is_number(query[i]) &&
                           of[i] > 0 && query[i] % of[i] == 0;
      if (!divides) return false;
    }
    return true;
  }

  bool put(int value) {
    const Node& root = *graph_.node(root_);
    fb::AttentionT options;
    options.scale = static_cast<float>(scale_);
    options.masked = static_cast<float>(masked_);
    std::vector<int> inputs = {query_, key_, value};
    if (mask_ != kAbsent) inputs.push_back(mask_hides_ ? kept() : mask_);
    made_.push_back(
        Graph::make_node(root.name, std::move(options), std::move(inputs), root.outputs));
    return graph_.put(root_, others_, std::move(made_), "Attention");
  }

  // What the mask does not hide.
  int kept() {
    fb::UnaryT options;
    options.kind = fb::UnaryKind::Not;
    const std::string name = graph_.node(root_)->name + "/kept";
    const int result = graph_.graph().add_tensor(name, DType::Bool, {});
    made_.push_back(Graph::make_node(name, std::move(options), {mask_}, {result}));
    return result;
  }

  Rewriter& graph_;
  const size_t root_;
  std::vector<size_t> others_;  // nodes that go
  std::vector<Node> made_;      // nodes that come, before the Attention
  int query_ = kAbsent, key_ = kAbsent, mask_ = kAbsent;
  bool key_transposed_ = false, mask_hides_ = false;
  double scale_ = 1, masked_ = -std::numeric_limits<double>::infinity();
};

}  // namespace

void fuse_attention(Rewriter& graph) {
  graph.for_each(fb::OpOptions::MatMul, [&](size_t n) { (void)Finder(graph, n).fuse(); });
}

}  // namespace qrt::graph
