// NonMaxSuppression: of each class the boxes of the highest scores, without those that overlap with
// better ones. schema/README.md says how they are found.
#include <algorithm>

#include "src/ops/indices.h"
#include "src/runtime/op_kernel.h"

namespace qrt::rt {
namespace {

struct Box {
  float ymin, xmin, ymax, xmax;
  float area() const { return (ymax - ymin) * (xmax - xmin); }
};

// Any two corners, or the centre with width and height.
Box box_of(const float* numbers, bool by_center) {
  if (by_center) {
    const float half_w = numbers[2] / 2, half_h = numbers[3] / 2;
    return {numbers[1] - half_h, numbers[0] - half_w, numbers[1] + half_h, numbers[0] + half_w};
  }
  return {std::min(numbers[0], numbers[2]), std::min(numbers[1], numbers[3]),
          std::max(numbers[0], numbers[2]), std::max(numbers[1], numbers[3])};
}

bool covers(const Box& a, const Box& b, float threshold) {
  const float height = std::min(a.ymax, b.ymax) - std::max(a.ymin, b.ymin);
  const float width = std::min(a.xmax, b.xmax) - std::max(a.xmin, b.xmin);
  if (!(height > 0 && width > 0)) return false;
  const float both = height * width, all = a.area() + b.area() - both;
  return a.area() > 0 && b.area() > 0 && all > 0 && both / all > threshold;
}

struct State : OpState {
  int32_t batches = 0, classes = 0, boxes = 0;
  int64_t rows = 0;  // of the output
};

struct Limits {
  int64_t most;
  float iou, score;

  explicit Limits(const RunContext& ctx) {
    const auto& options = ctx.node.options<fb::NonMaxSuppression>();
    most = options.most_per_class();
    if (ctx.node.has_input(2)) {
      with_index_type(ctx.node.input(2), [&](auto zero) { most = *ctx.in<decltype(zero)>(2); });
    }
    iou = ctx.node.has_input(3) ? *ctx.in<float>(3) : options.iou_threshold();
    score = ctx.node.has_input(4) ? *ctx.in<float>(4) : options.score_threshold();
  }
};

// Numbers of the boxes of one class; `order` has room for all of them.
int32_t choose(const float* boxes, bool by_center, const float* scores, int32_t count,
               const Limits& limits, int32_t* order, int32_t* chosen) {
  int32_t candidates = 0, found = 0;
  for (int32_t box = 0; box < count; ++box) {
    if (scores[box] > limits.score) order[candidates++] = box;
  }
  std::sort(order, order + candidates, [scores](int32_t i, int32_t j) {
    return scores[i] != scores[j] ? scores[i] > scores[j] : i < j;
  });
  for (int32_t i = 0; i < candidates && found < limits.most; ++i) {
    const Box box = box_of(boxes + size_t{4} * static_cast<size_t>(order[i]), by_center);
    const bool covered = std::any_of(chosen, chosen + found, [&](int32_t one) {
      const Box better = box_of(boxes + size_t{4} * static_cast<size_t>(one), by_center);
      return covers(better, box, limits.iou);
    });
    if (!covered) chosen[found++] = order[i];
  }
  return found;
}

template <class Index>
int64_t choose_all(const RunContext& ctx, Index* out) {
  const State& state = ctx.planned<State>();
  const bool by_center = ctx.node.options<fb::NonMaxSuppression>().center_point_box();
  const Limits limits(ctx);
  auto* order = reinterpret_cast<int32_t*>(ctx.scratch);
  int32_t* chosen = order + state.boxes;
  Index* row = out;
  for (int32_t batch = 0; batch < state.batches; ++batch) {
    const float* boxes = ctx.in<float>(0) +
                         size_t{4} * static_cast<size_t>(batch) * static_cast<size_t>(state.boxes);
    for (int32_t of = 0; of < state.classes; ++of) {
      const auto line =
          static_cast<size_t>(batch) * static_cast<size_t>(state.classes) + static_cast<size_t>(of);
      const float* scores = ctx.in<float>(1) + line * static_cast<size_t>(state.boxes);
      const int32_t found = choose(boxes, by_center, scores, state.boxes, limits, order, chosen);
      for (int32_t i = 0; i < found; ++i) {
        *row++ = static_cast<Index>(batch);
        *row++ = static_cast<Index>(of);
        *row++ = static_cast<Index>(chosen[i]);
      }
    }
  }
  std::fill(row, out + 3 * state.rows, Index{0});
  return (row - out) / 3;
}

class NonMaxSuppressionKernel : public OpKernel {
 public:
  const char* name() const override { return "non_max_suppression"; }

  Status plan(const Node& node, PlanContext& context) const override {
    State& state = context.make<State>();
    const Shape& scores = node.shape_in(context.shapes, 1);
    state.batches = scores[0];
    state.classes = scores[1];
    state.boxes = scores[2];
    state.rows = node.shape_out(context.shapes, 0)[0];
    context.scratch_bytes = size_product(2, static_cast<uint64_t>(state.boxes), sizeof(int32_t));
    return {};
  }

  void run(const RunContext& ctx) const override {
    with_index_type(ctx.node.output(0),
                    [&](auto zero) { ctx.tell_count(choose_all(ctx, ctx.out<decltype(zero)>())); });
  }
};

}  // namespace

const OpDef kNonMaxSuppressionOp = {choose_only<NonMaxSuppressionKernel>};

}  // namespace qrt::rt
