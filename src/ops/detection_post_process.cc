// DetectionPostProcess: boxes of an SSD model from their encodings, without those that overlap with
// better ones. schema/README.md says how they are found.
#include <algorithm>
#include <cmath>

#include "src/ops/common.h"
#include "src/runtime/op_kernel.h"

namespace qrt::rt {
namespace {

using Options = fb::DetectionPostProcess;

struct Box {
  float ymin, xmin, ymax, xmax;
};

struct Detection {
  float score;
  int32_t box, of_class;
};

struct State : OpState {
  int32_t boxes = 0, box_numbers = 0;  // numbers: of one encoding
  int32_t listed = 0;                  // classes with scores
  int32_t most = 0;                    // rows of the outputs
};

// The working memory, cut up.
struct Scratch {
  Detection* found;   // max_detections, and those of a class
  Box* boxes;         // decoded
  float* best;        // by box: its highest score
  int32_t* order;     // boxes or classes on their way into order
  int32_t* selected;  // boxes that a search has taken

  // What it takes; of no scratch, a null pointer's.
  static uint64_t bytes(const State& state, const Options& o) {
    const auto boxes = static_cast<uint64_t>(state.boxes);
    const auto longest = static_cast<uint64_t>(std::max(state.boxes, state.listed));
    return size_product(found_count(state, o), sizeof(Detection)) +
           size_product(boxes, sizeof(Box) + sizeof(float) + sizeof(int32_t)) +
           size_product(longest, sizeof(int32_t));
  }
  static uint64_t found_count(const State& state, const Options& o) {
    const int64_t of_class = std::min(o.detections_per_class(), state.boxes);
    const int64_t all = int64_t{state.boxes} * o.classes();
    return static_cast<uint64_t>(std::min<int64_t>(o.max_detections(), all) + of_class);
  }
  Scratch(uint8_t* memory, const State& state, const Options& o) {
    found = reinterpret_cast<Detection*>(memory);
    boxes = reinterpret_cast<Box*>(found + found_count(state, o));
    best = reinterpret_cast<float*>(boxes + state.boxes);
    selected = reinterpret_cast<int32_t*>(best + state.boxes);
    order = selected + state.boxes;
  }
};

Box decode(const float* encoding, const float* anchor, const Options& o) {
  const auto center = [](float code, float scale, float size, float at) {
    return static_cast<float>(double{code} / double{scale} * double{size} + double{at});
  };
  const auto half = [](float code, float scale, float size) {
    return static_cast<float>(0.5 * std::exp(double{code} / double{scale}) * double{size});
  };
  const float y = center(encoding[0], o.y_scale(), anchor[2], anchor[0]);
  const float x = center(encoding[1], o.x_scale(), anchor[3], anchor[1]);
  const float h = half(encoding[2], o.h_scale(), anchor[2]);
  const float w = half(encoding[3], o.w_scale(), anchor[3]);
  return {y - h, x - w, y + h, x + w};
}

float intersection_over_union(const Box& a, const Box& b) {
  const float area_a = (a.ymax - a.ymin) * (a.xmax - a.xmin);
  const float area_b = (b.ymax - b.ymin) * (b.xmax - b.xmin);
  if (area_a <= 0 || area_b <= 0) return 0;
  const float height = std::max(std::min(a.ymax, b.ymax) - std::max(a.ymin, b.ymin), 0.0f);
  const float width = std::max(std::min(a.xmax, b.xmax) - std::max(a.xmin, b.xmin), 0.0f);
  const float both = height * width;
  return both / (area_a + area_b - both);
}

// From the highest score downwards; of equal ones the first. NaN is behind all numbers.
struct Higher {
  const float* scores;
  int64_t step;
  bool operator()(int32_t i, int32_t j) const {
    const float a = scores[i * step], b = scores[j * step];
    if (a > b || (a == a && b != b)) return true;
    if (b > a || (b == b && a != a)) return false;
    return i < j;
  }
};

// Boxes by scores[box * step], at most `most` of them; gives how many there are.
int32_t search(const State& state, const Options& o, const Scratch& scratch, const float* scores,
               int64_t step, int32_t most) {
  int32_t candidates = 0, count = 0;
  for (int32_t box = 0; box < state.boxes; ++box) {
    if (scores[box * step] >= o.score_threshold()) scratch.order[candidates++] = box;
  }
  std::sort(scratch.order, scratch.order + candidates, Higher{scores, step});
  for (int32_t i = 0; i < candidates && count < most; ++i) {
    const Box& box = scratch.boxes[scratch.order[i]];
    const bool covered =
        std::any_of(scratch.selected, scratch.selected + count, [&](int32_t taken) {
          return intersection_over_union(scratch.boxes[taken], box) > o.iou_threshold();
        });
    if (!covered) scratch.selected[count++] = scratch.order[i];
  }
  return count;
}

class Detections {
 public:
  Detections(const RunContext& ctx, const State& state, const Options& o)
      : state_(state),
        o_(o),
        scratch_(ctx.scratch, state, o),
        scores_(ctx.in<float>(1) + (state.listed - o.classes())),
        boxes_(ctx.out<Box>(0)),
        classes_(ctx.out<float>(1)),
        best_(ctx.out<float>(2)),
        count_(ctx.out<float>(3)) {
    for (int64_t i = 0; i < state.boxes; ++i) {
      scratch_.boxes[i] =
          decode(ctx.in<float>(0) + i * state.box_numbers, ctx.in<float>(2) + i * 4, o);
    }
    std::fill_n(boxes_, state.most, Box{0, 0, 0, 0});
    std::fill_n(classes_, state.most, 0.0f);
    std::fill_n(best_, state.most, 0.0f);
  }

  void of_boxes() const {
    const int64_t row = state_.listed;
    for (int64_t i = 0; i < state_.boxes; ++i) {
      const float* scores = scores_ + i * row;
      scratch_.best[i] = *std::max_element(scores, scores + o_.classes());
    }
    const int32_t count = search(state_, o_, scratch_, scratch_.best, 1, o_.max_detections());
    const int32_t given = std::min(o_.max_classes_per_detection(), o_.classes());
    for (int32_t d = 0; d < count; ++d) {
      const int32_t box = scratch_.selected[d];
      const float* scores = scores_ + box * row;
      for (int32_t c = 0; c < o_.classes(); ++c) scratch_.order[c] = c;
      std::partial_sort(scratch_.order, scratch_.order + given, scratch_.order + o_.classes(),
                        Higher{scores, 1});
      for (int32_t c = 0; c < given; ++c) {
        const int32_t of_class = scratch_.order[c];
        put(d * o_.max_classes_per_detection() + c, {scores[of_class], box, of_class});
      }
    }
    *count_ = static_cast<float>(count);
  }

  void of_each_class() const {
    int32_t count = 0;
    for (int32_t c = 0; c < o_.classes(); ++c) {
      const float* scores = scores_ + c;
      const int32_t more =
          search(state_, o_, scratch_, scores, state_.listed, o_.detections_per_class());
      for (int32_t i = 0; i < more; ++i) {
        const int32_t box = scratch_.selected[i];
        scratch_.found[count + i] = {scores[int64_t{box} * state_.listed], box, c};
      }
      // Both parts are in order, and equal scores stay so.
      merge(count, count + more);
      count = std::min(count + more, o_.max_detections());
    }
    for (int32_t d = 0; d < count; ++d) put(d, scratch_.found[d]);
    *count_ = static_cast<float>(count);
  }

 private:
  void put(int32_t row, const Detection& detection) const {
    boxes_[row] = scratch_.boxes[detection.box];
    classes_[row] = static_cast<float>(detection.of_class);
    best_[row] = detection.score;
  }

  // Sorts what has been found, of which the part from `middle` on is new.
  void merge(int32_t middle, int32_t end) const {
    Detection* found = scratch_.found;
    for (int32_t i = middle; i < end; ++i) {
      const Detection added = found[i];
      Detection* place = std::upper_bound(
          found, found + i, added,
          [](const Detection& a, const Detection& b) { return a.score > b.score; });
      std::move_backward(place, found + i, found + i + 1);
      *place = added;
    }
  }

  const State& state_;
  const Options& o_;
  const Scratch scratch_;
  const float* const scores_;  // of the first class that counts
  Box* const boxes_;
  float *const classes_, *const best_, *const count_;
};

class DetectionPostProcessKernel : public OpKernel {
 public:
  const char* name() const override { return "detection_post_process"; }

  Status plan(const Node& node, PlanContext& context) const override {
    State& state = context.make<State>();
    state.boxes = node.shape_in(context.shapes, 0)[1];
    state.box_numbers = node.shape_in(context.shapes, 0)[2];
    state.listed = node.shape_in(context.shapes, 1)[2];
    state.most = node.shape_out(context.shapes, 1)[1];
    context.scratch_bytes = Scratch::bytes(state, node.options<Options>());
    return {};
  }

  void run(const RunContext& ctx) const override {
    const Options& o = ctx.node.options<Options>();
    const Detections detections(ctx, ctx.planned<State>(), o);
    if (o.per_class()) {
      detections.of_each_class();
    } else {
      detections.of_boxes();
    }
  }
};

}  // namespace

const OpDef kDetectionPostProcessOp = {choose_only<DetectionPostProcessKernel>};

}  // namespace qrt::rt
