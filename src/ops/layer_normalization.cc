// LayerNormalization: Ba, Kiros, Hinton, "Layer Normalization", 2016. The variance is that around
// the mean, in a second pass: the difference of two large sums would lose it. With
// root_mean_square the mean counts as 0: Zhang, Sennrich, "Root Mean Square Layer Normalization",
// 2019.
#include <cmath>

#include "src/ops/common.h"
#include "src/runtime/op_def.h"

namespace qrt::rt {
namespace {

// Sums side by side, so that additions need not wait for each other.
constexpr size_t kLanes = 16;

template <class Term>
float sum_of(size_t n, const Term& term) {
  float lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += term(i + lane);
  }
  for (; i < n; ++i) lanes[i % kLanes] += term(i);
  for (size_t width = kLanes / 2; width > 0; width /= 2) {
    for (size_t lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
  }
  return lanes[0];
}

void normalize(const float* in, size_t n, const fb::LayerNormalization& options, const float* scale,
               const float* bias, float* out) {
  const auto count = static_cast<float>(n);
  const float mean =
      options.root_mean_square() ? 0 : sum_of(n, [=](size_t i) { return in[i]; }) / count;
  const float variance =
      sum_of(n, [=](size_t i) { return (in[i] - mean) * (in[i] - mean); }) / count;
  const float factor = 1 / std::sqrt(variance + options.epsilon());
  for (size_t i = 0; i < n; ++i) {
    float y = (in[i] - mean) * factor;
    if (scale != nullptr) y *= scale[i];
    out[i] = bias != nullptr ? y + bias[i] : y;
  }
}

class LayerNorm final : public OpKernel {
 public:
  const char* name() const override { return "f32_layer_norm__scalar"; }
  bool may_overwrite(const Node&, const Shapes&, size_t input) const override { return input == 0; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& shape = node.shape_in(context.shapes, 0);
    int axis = 0;
    (void)resolve_axis(node.options<fb::LayerNormalization>().axis(), shape.rank(), &axis);
    State& state = context.make<State>();
    state.rows = static_cast<size_t>(shape.elements(0, axis));
    state.n = static_cast<size_t>(shape.elements(axis, shape.rank()));
    return {};
  }

  void run(const RunContext& context) const override {
    const size_t n = context.planned<State>().n;
    const auto& options = context.node.options<fb::LayerNormalization>();
    context.pool.parallel_for(
        context.planned<State>().rows, uint64_t{n} * 4, [&](size_t begin, size_t end, size_t) {
          for (size_t row = begin; row < end; ++row) {
            normalize(context.in<float>(0) + row * n, n, options, context.in<float>(1),
                      context.in<float>(2), context.out<float>() + row * n);
          }
        });
  }

 private:
  struct State : OpState {
    size_t rows = 0, n = 0;
  };
};

}  // namespace

const OpDef kLayerNormalizationOp = {choose_only<LayerNorm>};

}  // namespace qrt::rt
