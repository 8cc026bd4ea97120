// TFLite_Detection_PostProcess, the custom operator that ends SSD models.
#include "src/import/tflite/flex_options.h"
#include "src/import/tflite/op_table.h"

namespace qrt::import::tflite {
namespace {

Status detection_post_process(OpContext& op) {
  FlexOptions options;
  QRT_RETURN_IF_ERROR(options.open(op.custom_options()));
  fb::DetectionPostProcessT detect;
  detect.classes = options.integer("num_classes", 0);
  detect.max_detections = options.integer("max_detections", 0);
  detect.max_classes_per_detection = options.integer("max_classes_per_detection", 0);
  detect.detections_per_class = options.integer("detections_per_class", 100);
  detect.per_class = options.integer("use_regular_nms", 0) != 0;
  detect.score_threshold = options.real("nms_score_threshold");
  detect.iou_threshold = options.real("nms_iou_threshold");
  detect.y_scale = options.real("y_scale");
  detect.x_scale = options.real("x_scale");
  detect.h_scale = options.real("h_scale");
  detect.w_scale = options.real("w_scale");
  int boxes, scores, anchors;
  QRT_RETURN_IF_ERROR(op.dequantized(op.input(0), &boxes));
  QRT_RETURN_IF_ERROR(op.dequantized(op.input(1), &scores));
  QRT_RETURN_IF_ERROR(op.dequantized(op.input(2), &anchors));
  return op.emit(std::move(detect), {boxes, scores, anchors},
                 {op.output(0), op.output(1), op.output(2), op.output(3)});
}

constexpr OpRule kRules[] = {
    {tfl::Builtin::CUSTOM, 3, 3, 4, 4, detection_post_process, "TFLite_Detection_PostProcess"},
};

}  // namespace

rt::Span<const OpRule> detection_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
