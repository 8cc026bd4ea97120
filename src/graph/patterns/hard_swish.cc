// HardSwish: x * clip(x + 3, 0, 6) / 6. Howard et al., "Searching for MobileNetV3", 2019.
// PyTorch before opset 14: Clip, Mul and Div, or HardSigmoid and Mul; tf2onnx and Keras: Relu6 of
// the sum, by Clip, by Min and Max or as the clamp of TensorFlow Lite's ADD, and Mul by 1/6.
#include "src/graph/patterns/match.h"
#include "src/graph/patterns/patterns.h"

namespace qrt::graph {

void fuse_hard_swish(Rewriter& graph) {
  const Pattern x = any(0);
  const Pattern six = clipped_sum(0, 6, x, number(3));
  const Pattern one = either(
      {hard_sigmoid(1.0 / 6, 0.5, x), clipped_sum(0, 1, product(1.0 / 6, {x}), number(0.5))});
  replace(graph, either({product(1.0 / 6, {x, six}), product(1, {x, one})}), "HardSwish",
          make_unary(fb::UnaryKind::HardSwish));
}

}  // namespace qrt::graph
