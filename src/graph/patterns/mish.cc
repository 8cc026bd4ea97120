// Mish: x * tanh(log(1 + exp(x))). Misra, "Mish: A Self Regularized Non-Monotonic Activation
// Function", 2019. PyTorch before opset 18, Keras and tf2onnx: Softplus, Tanh, Mul; the softplus
// by Exp, Add and Log, too.
#include "src/graph/patterns/match.h"
#include "src/graph/patterns/patterns.h"

namespace qrt::graph {

void fuse_mish(Rewriter& graph) {
  const Pattern x = any(0);
  const Pattern sum = binary(fb::BinaryKind::Add, number(1), unary(fb::UnaryKind::Exp, x));
  const Pattern softplus =
      either({unary(fb::UnaryKind::Softplus, x), unary(fb::UnaryKind::Log, sum)});
  replace(graph, product(1, {x, unary(fb::UnaryKind::Tanh, softplus)}), "Mish",
          make_unary(fb::UnaryKind::Mish));
}

}  // namespace qrt::graph
