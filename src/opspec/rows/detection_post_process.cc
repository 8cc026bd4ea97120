// DetectionPostProcess: see schema/qrt.fbs.
#include <cmath>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status check(const Node& node) {
  const auto& o = node.options<fb::DetectionPostProcess>();
  if (o.classes() < 1 || o.max_detections() < 1 || o.max_classes_per_detection() < 1 ||
      o.detections_per_class() < 1) {
    return node.fail(Code::InvalidModel,
                     "has %d classes, %d detections of %d classes, %d of each class", o.classes(),
                     o.max_detections(), o.max_classes_per_detection(), o.detections_per_class());
  }
  for (float number : {o.y_scale(), o.x_scale(), o.h_scale(), o.w_scale()}) {
    if (!std::isfinite(number) || number == 0) {
      return node.fail(Code::InvalidModel, "has a scale of %g", static_cast<double>(number));
    }
  }
  if (std::isnan(o.score_threshold()) || !(o.iou_threshold() > 0) || !(o.iou_threshold() <= 1)) {
    return node.fail(Code::InvalidModel, "has thresholds of %g and %g",
                     static_cast<double>(o.score_threshold()),
                     static_cast<double>(o.iou_threshold()));
  }
  return {};
}

Status infer(Inference& x) {
  const auto& o = x.node().options<fb::DetectionPostProcess>();
  const Shape &boxes = x.in(0), &scores = x.in(1), &anchors = x.in(2);
  Dims& dims = x.dims();
  const auto holds = [](int32_t dim, int32_t least) { return !is_number(dim) || dim >= least; };
  if (boxes.rank() != 3 || scores.rank() != 3 || anchors.rank() != 2 || dims.differ(boxes[0], 1) ||
      dims.differ(scores[0], 1) || dims.differ(boxes[1], scores[1]) ||
      dims.differ(boxes[1], anchors[0]) || !holds(boxes[2], 4) || dims.differ(anchors[1], 4) ||
      !holds(scores[2], o.classes())) {
    return x.node().fail(Code::InvalidModel, "has boxes %s, scores %s of %d classes and anchors %s",
                         x.text(boxes).c_str(), x.text(scores).c_str(), o.classes(),
                         x.text(anchors).c_str());
  }
  const int32_t most = dims.mul(o.max_detections(), o.max_classes_per_detection());
  x.out(0, {1, most, 4});
  x.out(1, {1, most});
  x.out(2, {1, most});
  x.out(3, {1});
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::DetectionPostProcess;
  row.signatures = "f32, f32, f32 -> f32, f32, f32, f32";
  row.check = check;
  row.infer = infer;
  return row;
}

}  // namespace

extern const OpSpec kDetectionPostProcessSpec;
const OpSpec kDetectionPostProcessSpec = row();

}  // namespace qrt::rt
