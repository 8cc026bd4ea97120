// RotaryEmbedding: Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding",
// 2021.
#include "src/ops/common.h"
#include "src/runtime/op_def.h"

namespace qrt::rt {
namespace {

struct State : OpState {
  size_t rows = 0, width = 0;
  Shape lines;                                           // all axes but the last
  int64_t cos_strides[kMaxRank], sin_strides[kMaxRank];  // along them, in elements
};

void turn_halves(const float* x, const float* cos, const float* sin, size_t width, float* out) {
  const size_t half = width / 2;
  for (size_t i = 0; i < half; ++i) {
    out[i] = x[i] * cos[i] - x[half + i] * sin[i];
    out[half + i] = x[half + i] * cos[half + i] + x[i] * sin[half + i];
  }
}

void turn_neighbours(const float* x, const float* cos, const float* sin, size_t width, float* out) {
  for (size_t i = 0; i < width; i += 2) {
    out[i] = x[i] * cos[i] - x[i + 1] * sin[i];
    out[i + 1] = x[i + 1] * cos[i + 1] + x[i] * sin[i + 1];
  }
}

class Rotary final : public OpKernel {
 public:
  const char* name() const override { return "f32_rotary_embedding__scalar"; }

  Status plan(const Node& node, PlanContext& context) const override {
    State& state = context.make<State>();
    const Shape& shape = node.shape_in(context.shapes, 0);
    state.width = static_cast<size_t>(shape.last());
    state.lines = Shape(shape.begin(), static_cast<size_t>(shape.rank() - 1));
    state.rows = static_cast<size_t>(state.lines.elements());
    int64_t strides[kMaxRank];
    broadcast_strides(node.shape_in(context.shapes, 1), shape, strides);
    std::copy_n(strides, state.lines.rank(), state.cos_strides);
    broadcast_strides(node.shape_in(context.shapes, 2), shape, strides);
    std::copy_n(strides, state.lines.rank(), state.sin_strides);
    return {};
  }

  void run(const RunContext& context) const override {
    const State& s = context.planned<State>();
    const auto turn =
        context.node.options<fb::RotaryEmbedding>().interleaved() ? turn_neighbours : turn_halves;
    context.pool.parallel_for(
        s.rows, uint64_t{s.width} * 16, [&](size_t begin, size_t end, size_t) {
          for (size_t row = begin; row < end; ++row) {
            turn(context.in<float>(0) + row * s.width,
                 context.in<float>(1) + strided_index(s.lines, s.cos_strides, row),
                 context.in<float>(2) + strided_index(s.lines, s.sin_strides, row), s.width,
                 context.out<float>() + row * s.width);
          }
        });
  }
};

}  // namespace

const OpDef kRotaryEmbeddingOp = {choose_only<Rotary>};

}  // namespace qrt::rt
