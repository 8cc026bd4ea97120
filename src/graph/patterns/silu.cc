// SiLU, also called Swish: x * sigmoid(x). Elfwing, Uchibe, Doya, "Sigmoid-weighted linear units",
// 2017. PyTorch, Keras and tf2onnx: Sigmoid and Mul; written by hand, x / (1 + exp(-x)).
#include "src/graph/patterns/match.h"
#include "src/graph/patterns/patterns.h"

namespace qrt::graph {

void fuse_silu(Rewriter& graph) {
  using fb::BinaryKind;
  const Pattern x = any(0);
  const Pattern exponential = unary(fb::UnaryKind::Exp, product(-1, {x}));
  const Pattern by_hand =
      binary(BinaryKind::Div, x, binary(BinaryKind::Add, number(1), exponential));
  replace(graph, either({product(1, {x, unary(fb::UnaryKind::Logistic, x)}), by_hand}), "Silu",
          make_unary(fb::UnaryKind::Silu));
}

}  // namespace qrt::graph
