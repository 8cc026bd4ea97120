// NonMaxSuppression against boxes compared one by one in double.
#include <algorithm>
#include <cmath>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

using Options = fb::NonMaxSuppressionT;

struct Boxes {
  int32_t batches, classes, count;
  std::vector<float> boxes, scores;
};

struct Rectangle {
  double y0, x0, y1, x1;
  double area() const { return (y1 - y0) * (x1 - x0); }
};

Rectangle rectangle(const float* n, bool center) {
  const double a = n[0], b = n[1], c = n[2], d = n[3];
  if (center) return {b - d / 2, a - c / 2, b + d / 2, a + c / 2};
  return {std::fmin(a, c), std::fmin(b, d), std::fmax(a, c), std::fmax(b, d)};
}

double overlap(const Rectangle& a, const Rectangle& b) {
  const double h = std::fmin(a.y1, b.y1) - std::fmax(a.y0, b.y0);
  const double w = std::fmin(a.x1, b.x1) - std::fmax(a.x0, b.x0);
  if (h <= 0 || w <= 0) return 0;
  return h * w / (a.area() + b.area() - h * w);
}

// The best that is left, again and again.
std::vector<int64_t> expected(const Boxes& in, const Options& o) {
  std::vector<int64_t> rows;
  for (int32_t batch = 0; batch < in.batches; ++batch) {
    for (int32_t of = 0; of < in.classes; ++of) {
      const float* scores = &in.scores[static_cast<size_t>((batch * in.classes + of) * in.count)];
      const auto at = [&](int32_t box) {
        return rectangle(&in.boxes[static_cast<size_t>((batch * in.count + box) * 4)],
                         o.center_point_box);
      };
      std::vector<bool> left(static_cast<size_t>(in.count), true);
      for (int32_t n = 0; n < o.most_per_class; ++n) {
        int32_t best = -1;
        for (int32_t box = 0; box < in.count; ++box) {
          if (!left[static_cast<size_t>(box)] || !(scores[box] > o.score_threshold)) continue;
          if (best < 0 || scores[box] > scores[best]) best = box;
        }
        if (best < 0) break;
        rows.insert(rows.end(), {batch, of, best});
        left[static_cast<size_t>(best)] = false;
        for (int32_t box = 0; box < in.count; ++box) {
          if (overlap(at(best), at(box)) > static_cast<double>(o.iou_threshold)) {
            left[static_cast<size_t>(box)] = false;
          }
        }
      }
    }
  }
  return rows;
}

// Coordinates are eighths, so that areas are exact.
Boxes random_boxes(int32_t batches, int32_t classes, int32_t count, bool center,
                   std::mt19937& random) {
  Boxes in{batches, classes, count, {}, {}};
  const auto eighths = [&](unsigned most) { return static_cast<float>(random() % most) / 8; };
  for (int32_t i = 0; i < batches * count; ++i) {
    const float a = eighths(64), b = eighths(64), h = eighths(32), w = eighths(32);
    const bool flipped = random() % 2 == 0;
    if (center) {
      in.boxes.insert(in.boxes.end(), {a, b, w, h});
    } else if (flipped) {
      in.boxes.insert(in.boxes.end(), {a + h, b, a, b + w});
    } else {
      in.boxes.insert(in.boxes.end(), {a, b, a + h, b + w});
    }
  }
  // Many of them equal.
  for (int32_t i = 0; i < batches * classes * count; ++i) {
    in.scores.push_back(static_cast<float>(random() % 12) / 16);
  }
  return in;
}

void check(const Boxes& in, const Options& options, bool as_inputs, DType type) {
  SCOPED_TRACE(testing::Message() << in.batches << " by " << in.classes << " by " << in.count
                                  << ", at most " << options.most_per_class
                                  << (options.center_point_box ? ", by centers" : "")
                                  << (as_inputs ? ", limits computed" : ""));
  graph::Graph g;
  std::vector<int> inputs = {
      g.add_tensor("boxes", DType::F32, {in.batches, in.count, 4}),
      g.add_tensor("scores", DType::F32, {in.batches, in.classes, in.count})};
  Options written = options;
  if (as_inputs) {
    inputs.push_back(g.add_tensor("most", type, {1}));
    inputs.push_back(g.add_tensor("iou", DType::F32, {}));
    inputs.push_back(g.add_tensor("score", DType::F32, {1}));
    written.most_per_class = 1;
    written.iou_threshold = written.score_threshold = 0.99f;
  }
  const int out = g.add_tensor("out", type, {-1, 3});
  g.inputs = inputs;
  g.outputs = {out};
  g.add_node("node", std::move(written), inputs, {out});
  Loaded model = must_load(g);
  ASSERT_NE(model.session, nullptr);
  const int32_t of_class = as_inputs ? in.count : std::min(options.most_per_class, in.count);
  EXPECT_EQ(model.session->output_shape(0)[0], in.batches * in.classes * of_class);
  model.set(0, in.boxes);
  model.set(1, in.scores);
  if (as_inputs) {
    if (type == DType::S32) {
      model.set<int32_t>(2, {options.most_per_class});
    } else {
      model.set<int64_t>(2, {options.most_per_class});
    }
    model.set<float>(3, {options.iou_threshold});
    model.set<float>(4, {options.score_threshold});
  }
  model.run();
  const std::vector<int64_t> want = expected(in, options);
  std::vector<int64_t> got;
  if (type == DType::S32) {
    for (int32_t number : model.get<int32_t>()) got.push_back(number);
  } else {
    got = model.get<int64_t>();
  }
  EXPECT_EQ(got, want);
  EXPECT_EQ(model.session->output_shape(0)[0], static_cast<int32_t>(want.size() / 3));
}

TEST(NonMaxSuppression, AgainstBoxesOneByOne) {
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    Options options;
    options.most_per_class = static_cast<int32_t>(random() % 12);
    options.iou_threshold = static_cast<float>(random() % 5) / 8;
    options.score_threshold = static_cast<float>(random() % 8) / 16 - 0.1f;
    options.center_point_box = random() % 2 == 0;
    const Boxes in =
        random_boxes(1 + static_cast<int32_t>(random() % 2), 1 + static_cast<int32_t>(random() % 3),
                     1 + static_cast<int32_t>(random() % 30), options.center_point_box, random);
    check(in, options, random() % 2 == 0, random() % 2 == 0 ? DType::S32 : DType::S64);
  }
}

TEST(NonMaxSuppression, Refuses) {
  const Array boxes = empty_array(DType::F32, {1, 6, 4}),
              scores = empty_array(DType::F32, {1, 2, 6});
  const Array out = empty_array(DType::S64, {1, 3});
  Options options;
  options.most_per_class = 3;
  const auto refused = [&](const Array& b, const Array& s, const std::string& words) {
    expect_refused(options, {b, s}, {out}, words);
  };
  refused(boxes, empty_array(DType::F32, {1, 2, 5}), "among boxes 1x6x4 by scores 1x2x5");
  refused(boxes, empty_array(DType::F32, {2, 2, 6}), "among boxes 1x6x4 by scores 2x2x6");
  refused(boxes, empty_array(DType::F32, {2, 6}), "among boxes 1x6x4 by scores 2x6");
  refused(empty_array(DType::F32, {1, 6, 5}), scores, "among boxes 1x6x5");
  options.most_per_class = -1;
  refused(boxes, scores, "gives -1 boxes of a class");
  options.most_per_class = 1;
  options.iou_threshold = NAN;
  refused(boxes, scores, "a threshold that is no number");
  options.iou_threshold = 0;
  expect_refused(options, {boxes, scores, empty_array(DType::S64, {2})}, {out},
                 "input 2 is 2, not one number");
}

}  // namespace
}  // namespace qrt::test
