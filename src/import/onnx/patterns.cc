#include "src/import/onnx/patterns.h"

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

namespace qrt::import::onnx_import {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;
using graph::Graph;
using graph::Node;

bool close(double a, double b) { return std::fabs(a - b) <= 1e-4 * std::fabs(b); }

class MergeActivations {
 public:
  explicit MergeActivations(Graph& graph)
      : graph_(graph),
        producers_(graph.producers()),
        uses_(graph.use_counts()),
        removed_(graph.nodes.size(), false) {}

  void run() {
    // From the end, so that a product is met before the products it is made of.
    for (size_t n = graph_.nodes.size(); n-- > 0;) {
      if (!removed_[n] && graph_.nodes[n].type() == fb::OpOptions::Binary) merge(n);
    }
    std::vector<Node> kept;
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!removed_[n]) kept.push_back(std::move(graph_.nodes[n]));
    }
    graph_.nodes = std::move(kept);
  }

 private:
  // A value multiplied out: number * factor * factor..., and the nodes that multiply.
  struct Product {
    double number = 1;
    std::vector<int> factors;
    std::vector<size_t> nodes;
  };

  // The node that makes a value which nothing but the pattern reads; null otherwise.
  const Node* inner(int v, std::vector<size_t>* nodes) const {
    const int n = producers_[static_cast<size_t>(v)];
    if (n < 0 || uses_[static_cast<size_t>(v)] != 1) return nullptr;
    nodes->push_back(static_cast<size_t>(n));
    return &graph_.nodes[static_cast<size_t>(n)];
  }

  // A constant of one element.
  std::optional<double> number(int v) const {
    const graph::Value& value = graph_.value(v);
    if (!value.constant() || value.type != graph::DType::F32 || value.elements() != 1) return {};
    return static_cast<double>(*value.as<float>());
  }

  // A Binary of a value and a number, which does not change the value's shape; `other` is the
  // value. For Div the number stands on the right.
  std::optional<double> with_number(const Node& node, BinaryKind kind, int* other) const {
    const fb::BinaryT* binary = node.options.AsBinary();
    if (binary == nullptr || binary->kind != kind || binary->clamp != nullptr) return {};
    for (size_t side = kind == BinaryKind::Div ? 1 : 0; side < 2; ++side) {
      const auto found = number(node.inputs[side]);
      *other = node.inputs[1 - side];
      if (found && graph_.value(*other).shape == graph_.value(node.outputs[0]).shape) return found;
    }
    return {};
  }

  // Multiplies out what `node` computes.
  void expand(const Node& node, Product* product) const {
    int other = -1;
    if (const auto factor = with_number(node, BinaryKind::Mul, &other)) {
      product->number *= *factor;
      return expand_factor(other, product);
    }
    if (const auto divisor = with_number(node, BinaryKind::Div, &other)) {
      product->number /= *divisor;
      return expand_factor(other, product);
    }
    for (int factor : node.inputs) expand_factor(factor, product);
  }

  void expand_factor(int v, Product* product) const {
    constexpr size_t kMostNodes = 4;
    const int n = producers_[static_cast<size_t>(v)];
    if (n >= 0 && uses_[static_cast<size_t>(v)] == 1 && product->nodes.size() < kMostNodes) {
      const Node& node = graph_.nodes[static_cast<size_t>(n)];
      int other = -1;
      if (is_mul(node) || with_number(node, BinaryKind::Div, &other)) {
        product->nodes.push_back(static_cast<size_t>(n));
        return expand(node, product);
      }
    }
    product->factors.push_back(v);
  }

  static bool is_mul(const Node& node) {
    const fb::BinaryT* binary = node.options.AsBinary();
    return binary != nullptr && binary->kind == BinaryKind::Mul && binary->clamp == nullptr;
  }

  // Whether number * gate, as a function of x, is this activation's; adds the nodes of the gate.
  std::optional<UnaryKind> activation(double number, int gate, int x,
                                      std::vector<size_t>* nodes) const {
    const Node* node = inner(gate, nodes);
    if (node == nullptr) return {};
    int other = -1;
    if (const fb::UnaryT* unary = node->options.AsUnary()) {
      if (unary->kind == UnaryKind::HardSigmoid && node->inputs[0] == x && close(number, 1) &&
          close(unary->alpha, 1.0 / 6) && close(unary->beta, 0.5)) {
        return UnaryKind::HardSwish;
      }
      if (unary->kind != UnaryKind::Clip || unary->clamp == nullptr || unary->clamp->min != 0 ||
          unary->clamp->max != 6 || !close(number, 1.0 / 6)) {
        return {};
      }
      const Node* sum = inner(node->inputs[0], nodes);
      if (sum == nullptr) return {};
      const auto three = with_number(*sum, BinaryKind::Add, &other);
      if (three && *three == 3 && other == x) return UnaryKind::HardSwish;
      return {};
    }
    const auto one = with_number(*node, BinaryKind::Add, &other);
    if (!one || *one != 1 || !close(number, 0.5)) return {};
    const Node* erf = inner(other, nodes);
    if (erf == nullptr || erf->options.AsUnary() == nullptr ||
        erf->options.AsUnary()->kind != UnaryKind::Erf) {
      return {};
    }
    const Node* scaled = inner(erf->inputs[0], nodes);
    if (scaled == nullptr) return {};
    double scale = 0;
    if (const auto divisor = with_number(*scaled, BinaryKind::Div, &other)) {
      scale = 1 / *divisor;
    } else if (const auto factor = with_number(*scaled, BinaryKind::Mul, &other)) {
      scale = *factor;
    }
    if (other == x && close(scale, std::sqrt(0.5))) return UnaryKind::Gelu;
    return {};
  }

  void merge(size_t n) {
    const Node& root = graph_.nodes[n];
    int other = -1;
    if (!is_mul(root) && !with_number(root, BinaryKind::Div, &other)) return;
    Product product;
    expand(root, &product);
    if (product.factors.size() != 2) return;
    for (size_t side : {size_t{0}, size_t{1}}) {
      const int x = product.factors[side], gate = product.factors[1 - side];
      std::vector<size_t> nodes = product.nodes;
      const auto kind = activation(product.number, gate, x, &nodes);
      if (!kind || graph_.value(x).shape != graph_.value(root.outputs[0]).shape) continue;
      for (size_t node : nodes) removed_[node] = true;
      fb::UnaryT options;
      options.kind = *kind;
      graph_.nodes[n] = Graph::make_node(root.name, std::move(options), {x}, root.outputs);
      return;
    }
  }

  Graph& graph_;
  std::vector<int> producers_, uses_;  // by value
  std::vector<bool> removed_;          // by node
};

}  // namespace

void merge_activations(Graph& graph) { MergeActivations(graph).run(); }

}  // namespace qrt::import::onnx_import
