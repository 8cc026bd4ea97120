// LayerNormalization over one or several last axes: (x - mean) / sqrt(variance + epsilon) * scale +
// bias, and RMSNorm: x / sqrt(mean of the squares + epsilon) * scale.
// PyTorch before opset 17: ReduceMean, Sub, Pow, ReduceMean, Add, Sqrt, Div, Mul, Add. tf2onnx and
// Keras: the variance from SquaredDifference or Sub and Mul, and x * r + (bias - mean * r), with r
// = scale / sqrt(variance + epsilon) by Rsqrt, or by Sqrt and Reciprocal.
#include <algorithm>
#include <cmath>

#include "src/graph/patterns/match.h"
#include "src/graph/patterns/patterns.h"

namespace qrt::graph {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;

// Slots.
constexpr size_t kX = 0, kScale = 1, kBias = 2;
constexpr size_t kAxes = 0, kEpsilon = 1;

// 1 / sqrt(what + epsilon), and a * that, in their spellings.
struct Deviation {
  Pattern sum;

  explicit Deviation(Pattern what)
      : sum(binary(BinaryKind::Add, std::move(what), number_in(kEpsilon))) {}

  Pattern root() const {
    return either({unary(UnaryKind::Sqrt, sum), binary(BinaryKind::Pow, sum, number(0.5))});
  }
  Pattern inverse() const {
    return either({unary(UnaryKind::Rsqrt, sum), unary(UnaryKind::Reciprocal, root()),
                   binary(BinaryKind::Div, number(1), root()),
                   binary(BinaryKind::Pow, sum, number(-0.5))});
  }
  Pattern divides(const Pattern& a) const {
    return either({binary(BinaryKind::Div, a, root()), product(1, {a, inverse()})});
  }
};

// A value of exactly these dimensions, axes of one element in front aside.
std::optional<int> operand(Rewriter& graph, int v, const rt::Shape& group) {
  const rt::Shape shape = graph.shape(v);
  const int extra = shape.rank() - group.rank();
  if (extra < 0 || (extra > 0 && !graph.value(v).constant())) return {};
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] != (i < extra ? 1 : group[i - extra])) return {};
  }
  if (extra == 0) return v;
  Value flat = graph.value(v);
  flat.shape.erase(flat.shape.begin(), flat.shape.begin() + extra);
  return graph.graph().add_value(std::move(flat));
}

rt::Shape group_of(Rewriter& graph, int x, int axes) {
  const rt::Shape& shape = graph.shape(x);
  return rt::Shape(shape.end() - axes, static_cast<size_t>(axes));
}

std::optional<Node> make(Rewriter& graph, const Found& found, const Node& root,
                         bool root_mean_square) {
  const auto epsilon = static_cast<float>(*found.numbers[kEpsilon]);
  if (!std::isfinite(epsilon) || epsilon < 0) return {};
  const int x = found.values[kX], axes = static_cast<int>(*found.numbers[kAxes]);
  fb::LayerNormalizationT options;
  options.axis = -axes;
  options.epsilon = epsilon;
  options.root_mean_square = root_mean_square;
  std::vector<int> inputs = {x};
  for (size_t slot : {kScale, kBias}) {
    if (found.values[slot] < 0) continue;
    const auto given = operand(graph, found.values[slot], group_of(graph, x, axes));
    if (!given) return {};
    inputs.push_back(*given);
  }
  return Graph::make_node(root.name, std::move(options), std::move(inputs), root.outputs);
}

// Mul by a scale, or Add of a bias, behind a LayerNormalization that has none.
void take_operand(Rewriter& graph, BinaryKind kind) {
  const bool scale = kind == BinaryKind::Mul;
  for (size_t n = 0; n < graph.nodes(); ++n) {
    const Node* node = graph.node(n);
    const fb::BinaryT* binary = node == nullptr ? nullptr : node->options.AsBinary();
    if (binary == nullptr || binary->kind != kind || binary->clamp != nullptr) continue;
    for (size_t side : {size_t{0}, size_t{1}}) {
      const int y = node->inputs[side];
      const auto* made = graph.made_by(y, &fb::OpOptionsUnion::AsLayerNormalization);
      if (made == nullptr) continue;
      const Node& before = graph.maker_of(y);
      std::vector<int> inputs = before.inputs;
      inputs.resize(3, kAbsent);
      int& taken = inputs[scale ? 1 : 2];
      if (taken != kAbsent || (scale && inputs[2] != kAbsent)) continue;
      const int x = inputs[0], rank = graph.shape(x).rank();
      const auto given =
          operand(graph, node->inputs[1 - side],
                  group_of(graph, x, made->axis < 0 ? -made->axis : rank - made->axis));
      if (!given) continue;
      taken = *given;
      if (inputs[2] == kAbsent) inputs.pop_back();
      std::vector<Node> nodes;
      nodes.push_back(Graph::make_node(before.name, *made, std::move(inputs), node->outputs));
      const auto first = static_cast<size_t>(graph.maker(y));
      if (graph.put(n, {first}, std::move(nodes), "")) break;
    }
  }
}

}  // namespace

void fuse_layer_normalization(Rewriter& graph) {
  const Pattern x = any(kX);
  const Pattern mean_of_x = mean(kAxes, x);
  const Pattern centred = binary(BinaryKind::Sub, x, mean_of_x);
  const Pattern variance = mean(
      kAxes,
      either({product(1, {centred, centred}), binary(BinaryKind::SquaredDifference, x, mean_of_x),
              binary(BinaryKind::SquaredDifference, mean_of_x, x)}));
  const Deviation deviation(variance);
  const Pattern factor = binary(BinaryKind::Mul, deviation.inverse(), any(kScale));
  const auto spread = [&](const Pattern& r) {
    return binary(BinaryKind::Add, binary(BinaryKind::Mul, x, r),
                  binary(BinaryKind::Sub, any(kBias), binary(BinaryKind::Mul, mean_of_x, r)));
  };
  const auto with = [](bool root_mean_square) -> Make {
    return [=](Rewriter& g, const Found& found, const Node& root) {
      return make(g, found, root, root_mean_square);
    };
  };
  replace(graph, spread(factor), "LayerNormalization", with(false));
  replace(graph, deviation.divides(centred), "LayerNormalization", with(false));
  const Deviation root_mean_square(mean(kAxes, product(1, {x, x})));
  replace(graph, root_mean_square.divides(x), "RMSNorm", with(true));
  take_operand(graph, BinaryKind::Mul);
  take_operand(graph, BinaryKind::Add);
}

}  // namespace qrt::graph
