// DetectionPostProcess against another way to find the same: boxes struck out one by one.
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

struct Case {
  fb::DetectionPostProcessT options;
  int32_t boxes, box_numbers, background;
  std::vector<float> encodings, scores, anchors;
};

struct Found {
  std::vector<float> boxes, classes, scores;
  float count;
};

class Naive {
 public:
  explicit Naive(const Case& given) : c_(given), o_(given.options) {
    for (int32_t i = 0; i < c_.boxes; ++i) {
      const float* e = &c_.encodings[static_cast<size_t>(i * c_.box_numbers)];
      const float* a = &c_.anchors[static_cast<size_t>(i) * 4];
      const auto half = [](double code, double scale, double size) {
        return static_cast<float>(std::exp(code / scale) * size / 2);
      };
      const auto center = [](double code, double scale, double size, double at) {
        return static_cast<float>(code / scale * size + at);
      };
      const float y = center(e[0], o_.y_scale, a[2], a[0]),
                  x = center(e[1], o_.x_scale, a[3], a[1]);
      const float h = half(e[2], o_.h_scale, a[2]), w = half(e[3], o_.w_scale, a[3]);
      corners_.push_back({y - h, x - w, y + h, x + w});
    }
  }

  Found run() {
    const auto rows = static_cast<size_t>(o_.max_detections * o_.max_classes_per_detection);
    Found found{std::vector<float>(rows * 4), std::vector<float>(rows), std::vector<float>(rows),
                0};
    const auto put = [&](size_t row, int32_t box, int32_t of_class) {
      std::copy(corners_[box].begin(), corners_[box].end(),
                found.boxes.begin() + static_cast<std::ptrdiff_t>(row * 4));
      found.classes[row] = static_cast<float>(of_class);
      found.scores[row] = score(box, of_class);
    };
    if (!o_.per_class) {
      const std::vector<int32_t> chosen = search(
          [&](int32_t box) {
            float best = score(box, 0);
            for (int32_t c = 1; c < o_.classes; ++c) best = std::max(best, score(box, c));
            return best;
          },
          o_.max_detections);
      for (size_t d = 0; d < chosen.size(); ++d) {
        std::vector<int32_t> classes(static_cast<size_t>(o_.classes));
        std::iota(classes.begin(), classes.end(), 0);
        std::stable_sort(classes.begin(), classes.end(), [&](int32_t a, int32_t b) {
          return score(chosen[d], a) > score(chosen[d], b);
        });
        for (int32_t c = 0; c < std::min(o_.classes, o_.max_classes_per_detection); ++c) {
          put(d * static_cast<size_t>(o_.max_classes_per_detection) + static_cast<size_t>(c),
              chosen[d], classes[static_cast<size_t>(c)]);
        }
      }
      found.count = static_cast<float>(chosen.size());
      return found;
    }
    std::vector<std::pair<int32_t, int32_t>> all;  // box, class
    for (int32_t c = 0; c < o_.classes; ++c) {
      for (int32_t box : search([&](int32_t b) { return score(b, c); }, o_.detections_per_class)) {
        all.emplace_back(box, c);
      }
    }
    std::stable_sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
      return score(a.first, a.second) > score(b.first, b.second);
    });
    if (all.size() > static_cast<size_t>(o_.max_detections)) {
      all.resize(static_cast<size_t>(o_.max_detections));
    }
    for (size_t d = 0; d < all.size(); ++d) put(d, all[d].first, all[d].second);
    found.count = static_cast<float>(all.size());
    return found;
  }

 private:
  float score(int32_t box, int32_t of_class) const {
    return c_
        .scores[static_cast<size_t>(box * (o_.classes + c_.background) + c_.background + of_class)];
  }

  bool cover(int32_t a, int32_t b) const {
    const auto &p = corners_[a], &q = corners_[b];
    const float area_p = (p[2] - p[0]) * (p[3] - p[1]), area_q = (q[2] - q[0]) * (q[3] - q[1]);
    if (area_p <= 0 || area_q <= 0) return false;
    const float h = std::max(0.0f, std::min(p[2], q[2]) - std::max(p[0], q[0]));
    const float w = std::max(0.0f, std::min(p[3], q[3]) - std::max(p[1], q[1]));
    return h * w / (area_p + area_q - h * w) > o_.iou_threshold;
  }

  std::vector<int32_t> search(const std::function<float(int32_t)>& score_of, int32_t most) const {
    std::vector<int32_t> left, chosen;
    for (int32_t i = 0; i < c_.boxes; ++i) {
      if (score_of(i) >= o_.score_threshold) left.push_back(i);
    }
    while (!left.empty() && chosen.size() < static_cast<size_t>(most)) {
      const int32_t best = *std::max_element(left.begin(), left.end(), [&](int32_t a, int32_t b) {
        return score_of(a) < score_of(b);
      });
      chosen.push_back(best);
      left.erase(std::remove_if(left.begin(), left.end(),
                                [&](int32_t i) { return i == best || cover(best, i); }),
                 left.end());
    }
    return chosen;
  }

  const Case& c_;
  const fb::DetectionPostProcessT& o_;
  std::vector<std::vector<float>> corners_;
};

Case random_case(std::mt19937& random) {
  const auto between = [&](int low, int high) {
    return low + static_cast<int32_t>(random() % static_cast<unsigned>(high - low + 1));
  };
  Case c;
  c.boxes = between(1, 40);
  c.box_numbers = between(4, 6);
  c.background = between(0, 1);
  fb::DetectionPostProcessT& o = c.options;
  o.classes = between(1, 5);
  o.max_detections = between(1, 12);
  o.max_classes_per_detection = between(1, 3);
  o.per_class = random() % 2 == 0;
  o.detections_per_class = between(1, 9);
  o.score_threshold = static_cast<float>(between(0, 6)) / 10;
  o.iou_threshold = static_cast<float>(between(1, 10)) / 10;
  o.y_scale = o.x_scale = 10;
  o.h_scale = o.w_scale = 5;
  const auto fill = [&](std::vector<float>* values, int32_t count, float low, float step) {
    for (int32_t i = 0; i < count; ++i) {
      values->push_back(low + step * static_cast<float>(random() % 20));
    }
  };
  fill(&c.encodings, c.boxes * c.box_numbers, -2, 0.2f);
  fill(&c.scores, c.boxes * (o.classes + c.background), 0, 0.05f);  // with ties
  fill(&c.anchors, c.boxes * 4, 0.2f, 0.03f);
  // Some boxes stand twice: they cover each other to exactly 1.
  for (int32_t i = 1; i < c.boxes; ++i) {
    if (random() % 4 != 0) continue;
    std::copy_n(c.encodings.begin() + (i - 1) * c.box_numbers, c.box_numbers,
                c.encodings.begin() + i * c.box_numbers);
    std::copy_n(c.anchors.begin() + (i - 1) * 4, 4, c.anchors.begin() + i * 4);
  }
  return c;
}

TEST(DetectionPostProcess, RandomBoxes) {
  std::mt19937 random(1);
  for (int round = 0; round < 150 && !testing::Test::HasFailure(); ++round) {
    const Case c = random_case(random);
    const Found found = Naive(c).run();
    const auto rows = static_cast<int32_t>(found.scores.size());
    SCOPED_TRACE("round " + std::to_string(round) + (c.options.per_class ? ", per class" : ""));
    expect_node(
        c.options,
        {array_of<float>({1, c.boxes, c.box_numbers}, c.encodings),
         array_of<float>({1, c.boxes, c.options.classes + c.background}, c.scores),
         array_of<float>({c.boxes, 4}, c.anchors)},
        {array_of<float>({1, rows, 4}, found.boxes), array_of<float>({1, rows}, found.classes),
         array_of<float>({1, rows}, found.scores), array_of<float>({1}, {found.count})});
  }
}

TEST(DetectionPostProcess, Refuses) {
  const auto refused = [](fb::DetectionPostProcessT options, const std::vector<Dims>& shapes,
                          const std::string& words) {
    std::vector<Array> inputs, outputs;
    for (const Dims& shape : shapes) inputs.push_back(empty_array(DType::F32, shape));
    for (const Dims& shape : {Dims{1, 5, 4}, Dims{1, 5}, Dims{1, 5}, Dims{1}}) {
      outputs.push_back(empty_array(DType::F32, shape));
    }
    expect_refused(options, inputs, outputs, words);
  };
  fb::DetectionPostProcessT good;
  good.classes = 3;
  good.max_detections = 5;
  good.iou_threshold = 0.5f;
  const std::vector<Dims> shapes = {{1, 9, 4}, {1, 9, 4}, {9, 4}};
  for (int32_t fb::DetectionPostProcessT::*number :
       {&fb::DetectionPostProcessT::classes, &fb::DetectionPostProcessT::max_detections,
        &fb::DetectionPostProcessT::max_classes_per_detection,
        &fb::DetectionPostProcessT::detections_per_class}) {
    fb::DetectionPostProcessT bad = good;
    bad.*number = 0;
    refused(bad, shapes, " classes, ");
  }
  for (float fb::DetectionPostProcessT::*number :
       {&fb::DetectionPostProcessT::y_scale, &fb::DetectionPostProcessT::x_scale,
        &fb::DetectionPostProcessT::h_scale, &fb::DetectionPostProcessT::w_scale}) {
    fb::DetectionPostProcessT bad = good;
    bad.*number = 0;
    refused(bad, shapes, "has a scale of 0");
    bad.*number = INFINITY;
    refused(bad, shapes, "has a scale of inf");
  }
  for (float threshold : {0.0f, 1.5f, NAN}) {
    fb::DetectionPostProcessT bad = good;
    bad.iou_threshold = threshold;
    refused(bad, shapes, "has thresholds of ");
  }
  fb::DetectionPostProcessT bad = good;
  bad.score_threshold = NAN;
  refused(bad, shapes, "has thresholds of ");
  const std::vector<std::pair<size_t, Dims>> unfit = {
      {0, {1, 9}},    {0, {2, 9, 4}}, {0, {1, 8, 4}}, {0, {1, 9, 3}}, {1, {1, 9}},
      {1, {2, 9, 4}}, {1, {1, 9, 2}}, {2, {9, 4, 1}}, {2, {8, 4}},    {2, {9, 5}}};
  for (const auto& [input, shape] : unfit) {
    std::vector<Dims> given = shapes;
    given[input] = shape;
    refused(good, given, "has boxes ");
  }
}

}  // namespace
}  // namespace qrt::test
