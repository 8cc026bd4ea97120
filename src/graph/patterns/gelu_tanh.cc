// GELU by its approximation: x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2.
// PyTorch's approximate='tanh', Hugging Face's gelu_new and Keras: the cube by Pow or by products,
// x or the number taken out of the sum or not. Because (1 + tanh(z)) / 2 is sigmoid(2 z), some
// write that.
#include <cmath>

#include "src/graph/patterns/match.h"
#include "src/graph/patterns/patterns.h"

namespace qrt::graph {

void fuse_gelu_tanh(Rewriter& graph) {
  using fb::BinaryKind;
  const double root = std::sqrt(2 / std::acos(-1.0)), cubic = 0.044715;
  const Pattern x = any(0);
  const auto argument = [&](double factor) {
    const Pattern sum = binary(BinaryKind::Add, x, product(cubic, {x, x, x}));
    const Pattern without_x = binary(BinaryKind::Add, number(1), product(cubic, {x, x}));
    const Pattern spread =
        binary(BinaryKind::Add, product(factor, {x}), product(factor * cubic, {x, x, x}));
    const Pattern spread_without_x =
        binary(BinaryKind::Add, number(factor), product(factor * cubic, {x, x}));
    return either({product(factor, {sum}), product(factor, {x, without_x}), spread,
                   product(1, {x, spread_without_x})});
  };
  const Pattern tanh = unary(fb::UnaryKind::Tanh, argument(root));
  const Pattern twice = binary(BinaryKind::Add, number(1), tanh);
  const Pattern once = binary(BinaryKind::Add, number(0.5), product(0.5, {tanh}));
  const Pattern sigmoid = unary(fb::UnaryKind::Logistic, argument(2 * root));
  replace(graph,
          either({product(0.5, {x, twice}), product(1, {x, once}), product(1, {x, sigmoid})}),
          "GeluTanh", make_unary(fb::UnaryKind::GeluTanh));
}

}  // namespace qrt::graph
