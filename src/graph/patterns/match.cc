#include "src/graph/patterns/match.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace qrt::graph {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;

// The node that makes an f32 value, which is then part of the pattern; null if none does.
const Node* inner(const Rewriter& graph, int v, Found* found) {
  if (v == kAbsent || graph.value(v).type != DType::F32) return nullptr;
  return graph.made_in(v, &found->nodes);
}

// Tries; what a failure has found is forgotten.
template <class Body>
bool attempt(Found* found, const Body& body) {
  Found before = *found;
  if (body()) return true;
  *found = std::move(before);
  return false;
}

bool keep(std::optional<double>* slot, double number) {
  if (!*slot) *slot = number;
  return **slot == number;
}

const fb::BinaryT* binary_of(const Node* node, BinaryKind kind) {
  const fb::BinaryT* binary = node == nullptr ? nullptr : node->options.AsBinary();
  return binary != nullptr && binary->kind == kind ? binary : nullptr;
}

bool is_unary(const Node* node, UnaryKind kind) {
  const fb::UnaryT* unary = node == nullptr ? nullptr : node->options.AsUnary();
  return unary != nullptr && unary->kind == kind && unary->clamp == nullptr;
}

bool clamps_to(const fb::ClampT* clamp, double min, double max) {
  return clamp != nullptr && static_cast<double>(clamp->min) == min &&
         static_cast<double>(clamp->max) == max;
}

bool commutes(BinaryKind kind) {
  return kind == BinaryKind::Add || kind == BinaryKind::Mul || kind == BinaryKind::Min ||
         kind == BinaryKind::Max;
}

bool match_operands(const Rewriter& graph, const Node& node, bool either_order, const Pattern& a,
                    const Pattern& b, Found* found) {
  for (size_t first : {size_t{0}, size_t{1}}) {
    const auto both = [&] {
      return a(graph, node.inputs[first], found) && b(graph, node.inputs[1 - first], found);
    };
    if (attempt(found, both)) return true;
    if (!either_order) break;
  }
  return false;
}

// A value multiplied out.
class Product {
 public:
  double number = 1;
  std::vector<int> factors;
  std::vector<size_t> nodes;

  Product(const Rewriter& graph, int v) : graph_(graph) { expand(v, true); }

 private:
  static constexpr size_t kMostNodes = 8;

  void expand(int v, bool outermost) {
    if (!expand_node(v, outermost)) factors.push_back(v);
  }

  // False if the value is a factor of its own.
  bool expand_node(int v, bool outermost) {
    if (const auto constant = graph_.number(v)) {
      number *= *constant;
      return true;
    }
    if ((graph_.uses(v) != 1 && !outermost) || nodes.size() == kMostNodes) return false;
    Found made;
    const Node* node = inner(graph_, v, &made);
    if (node == nullptr || !expand_operands(*node)) return false;
    nodes.push_back(made.nodes[0]);
    return true;
  }

  bool expand_operands(const Node& node) {
    if (is_unary(&node, UnaryKind::Square)) {
      factors.insert(factors.end(), 2, node.inputs[0]);
      return true;
    }
    if (is_unary(&node, UnaryKind::Neg)) {
      number = -number;
      expand(node.inputs[0], false);
      return true;
    }
    const fb::BinaryT* binary = node.options.AsBinary();
    if (binary == nullptr || binary->clamp != nullptr) return false;
    const auto right = graph_.number(node.inputs[1]);
    if (binary->kind == BinaryKind::Mul) {
      for (int input : node.inputs) expand(input, false);
      return true;
    }
    if (binary->kind == BinaryKind::Div && right && *right != 0) {
      number /= *right;
      expand(node.inputs[0], false);
      return true;
    }
    if (binary->kind == BinaryKind::Pow && right && (*right == 2 || *right == 3)) {
      factors.insert(factors.end(), static_cast<size_t>(*right), node.inputs[0]);
      return true;
    }
    return false;
  }

  const Rewriter& graph_;
};

// Gives every pattern a factor of its own.
bool assign(const Rewriter& graph, const std::vector<Pattern>& patterns, size_t next,
            std::vector<int> factors, Found* found) {
  if (next == patterns.size()) return true;
  for (size_t i = 0; i < factors.size(); ++i) {
    std::vector<int> rest = factors;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    const auto one = [&] {
      return patterns[next](graph, factors[i], found) &&
             assign(graph, patterns, next + 1, std::move(rest), found);
    };
    if (attempt(found, one)) return true;
  }
  return false;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

bool near(double a, double b) { return std::fabs(a - b) <= 1e-4 * std::fabs(b); }

Pattern any(size_t slot) {
  return [=](const Rewriter& graph, int v, Found* found) {
    if (v == kAbsent || graph.value(v).type != DType::F32) return false;
    if (found->values[slot] < 0) found->values[slot] = v;
    return found->values[slot] == v;
  };
}

Pattern number(double wanted) {
  return [=](const Rewriter& graph, int v, Found*) {
    const auto found = graph.number(v);
    return found && near(*found, wanted);
  };
}

Pattern number_in(size_t slot) {
  return [=](const Rewriter& graph, int v, Found* found) {
    const auto number = graph.number(v);
    return number && keep(&found->numbers[slot], *number);
  };
}

Pattern unary(UnaryKind kind, Pattern of) {
  return [=](const Rewriter& graph, int v, Found* found) {
    return attempt(found, [&] {
      const Node* node = inner(graph, v, found);
      return is_unary(node, kind) && of(graph, node->inputs[0], found);
    });
  };
}

Pattern hard_sigmoid(double slope, double offset, Pattern of) {
  return [=](const Rewriter& graph, int v, Found* found) {
    return attempt(found, [&] {
      const Node* node = inner(graph, v, found);
      if (!is_unary(node, UnaryKind::HardSigmoid)) return false;
      const fb::UnaryT& options = *node->options.AsUnary();
      return near(static_cast<double>(options.alpha), slope) &&
             near(static_cast<double>(options.beta), offset) && of(graph, node->inputs[0], found);
    });
  };
}

Pattern binary(BinaryKind kind, Pattern a, Pattern b) {
  return [=](const Rewriter& graph, int v, Found* found) {
    return attempt(found, [&] {
      const Node* node = inner(graph, v, found);
      const fb::BinaryT* options = binary_of(node, kind);
      return options != nullptr && options->clamp == nullptr &&
             match_operands(graph, *node, commutes(kind), a, b, found);
    });
  };
}

Pattern product(double number, std::vector<Pattern> factors) {
  return [=](const Rewriter& graph, int v, Found* found) {
    if (graph.value(v).type != DType::F32) return false;
    Product product(graph, v);
    if (product.factors.size() != factors.size() || !near(product.number, number)) return false;
    return attempt(found, [&] {
      found->nodes.insert(found->nodes.end(), product.nodes.begin(), product.nodes.end());
      return assign(graph, factors, 0, product.factors, found);
    });
  };
}

Pattern clipped_sum(double min, double max, Pattern a, Pattern b) {
  const auto clip = [](double low, double high, Pattern of) -> Pattern {
    return [=](const Rewriter& graph, int v, Found* found) {
      return attempt(found, [&] {
        const Node* node = inner(graph, v, found);
        const fb::UnaryT* options = node == nullptr ? nullptr : node->options.AsUnary();
        return options != nullptr && options->kind == UnaryKind::Clip &&
               clamps_to(options->clamp.get(), low, high) && of(graph, node->inputs[0], found);
      });
    };
  };
  const Pattern by_itself = [=](const Rewriter& graph, int v, Found* found) {
    return attempt(found, [&] {
      const Node* node = inner(graph, v, found);
      const fb::BinaryT* options = binary_of(node, BinaryKind::Add);
      return options != nullptr && clamps_to(options->clamp.get(), min, max) &&
             match_operands(graph, *node, true, a, b, found);
    });
  };
  const Pattern sum = binary(BinaryKind::Add, a, b);
  const auto at_least = [=](Pattern of) {
    return either({clip(min, kInfinity, of), binary(BinaryKind::Max, number(min), of)});
  };
  const auto at_most = [=](Pattern of) {
    return either({clip(-kInfinity, max, of), binary(BinaryKind::Min, number(max), of)});
  };
  return either({by_itself, clip(min, max, sum), at_most(at_least(sum)), at_least(at_most(sum))});
}

Pattern mean(size_t slot, Pattern of) {
  return [=](const Rewriter& graph, int v, Found* found) {
    return attempt(found, [&] {
      const Node* node = inner(graph, v, found);
      const fb::ReduceT* options = node == nullptr ? nullptr : node->options.AsReduce();
      if (options == nullptr || options->kind != fb::ReduceKind::Mean || !options->keep_dims) {
        return false;
      }
      const auto rank = static_cast<int32_t>(graph.value(node->inputs[0]).shape.size());
      std::vector<int32_t> axes = options->axes;
      for (int32_t& axis : axes) axis = axis < 0 ? axis + rank : axis;
      std::sort(axes.begin(), axes.end());
      axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
      const auto count = static_cast<int32_t>(axes.size());
      if (count == 0 || axes.front() != rank - count || axes.back() != rank - 1) return false;
      return keep(&found->numbers[slot], count) && of(graph, node->inputs[0], found);
    });
  };
}

Pattern either(std::vector<Pattern> patterns) {
  return [=](const Rewriter& graph, int v, Found* found) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const Pattern& pattern) { return pattern(graph, v, found); });
  };
}

void replace(Rewriter& graph, const Pattern& pattern, const char* what, const Make& make) {
  for (size_t n = graph.nodes(); n-- > 0;) {
    const Node* root = graph.node(n);
    if (root == nullptr || root->outputs.size() != 1) continue;
    Found found;
    if (!pattern(graph, root->outputs[0], &found)) continue;
    std::optional<Node> made = make(graph, found, *root);
    if (made) graph.put(n, found.nodes, std::move(*made), what);
  }
}

Make make_unary(UnaryKind kind) {
  return [=](Rewriter&, const Found& found, const Node& root) -> std::optional<Node> {
    fb::UnaryT options;
    options.kind = kind;
    return Graph::make_node(root.name, std::move(options), {found.values[0]}, root.outputs);
  };
}

}  // namespace qrt::graph
