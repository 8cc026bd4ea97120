// GELU: x * (1 + erf(x / sqrt(2))) / 2. Hendrycks, Gimpel, "Gaussian Error Linear Units", 2016.
// PyTorch before opset 20, tf2onnx and Keras: the factors in several orders, the division as Div by
// sqrt(2) or Mul by its inverse; or x times 0.5 * erf(..) + 0.5.
#include <cmath>

#include "src/graph/patterns/match.h"
#include "src/graph/patterns/patterns.h"

namespace qrt::graph {

void fuse_gelu(Rewriter& graph) {
  const Pattern x = any(0);
  const Pattern erf = unary(fb::UnaryKind::Erf, product(std::sqrt(0.5), {x}));
  const Pattern twice = binary(fb::BinaryKind::Add, number(1), erf);
  const Pattern once = binary(fb::BinaryKind::Add, number(0.5), product(0.5, {erf}));
  replace(graph, either({product(0.5, {x, twice}), product(1, {x, once})}), "Gelu",
          make_unary(fb::UnaryKind::Gelu));
}

}  // namespace qrt::graph
