// TFLite_Detection_PostProcess, the custom operator that ends SSD models.
#include <flatbuffers/flexbuffers.h>

#include <algorithm>
#include <vector>

#include "src/import/tflite/op_table.h"

namespace qrt::import::tflite {
namespace {

// Its options are a FlexBuffers map.
class Options {
 public:
  Status open(rt::Span<const uint8_t> bytes) {
    // A copy that is aligned, as they need not be in the file.
    copy_.resize(bytes.size() / sizeof(uint64_t) + 1);
    auto* data = reinterpret_cast<uint8_t*>(copy_.data());
    std::copy(bytes.begin(), bytes.end(), data);
    std::vector<uint8_t> visited;
    constexpr bool kCheckAlignment = true;
    flexbuffers::Verifier verifier(data, bytes.size(), &visited, kCheckAlignment);
    if (!verifier.VerifyBuffer()) {
      return Status(Code::InvalidModel, "its options are no FlexBuffer");
    }
    const flexbuffers::Reference root = flexbuffers::GetRoot(data, bytes.size());
    if (!root.IsMap()) return Status(Code::InvalidModel, "its options are no map");
    map_ = root.AsMap();
    return {};
  }
  int32_t integer(const char* name, int32_t otherwise) const {
    const flexbuffers::Reference found = map_[name];
    return found.IsNumeric() || found.IsBool() ? found.AsInt32() : otherwise;
  }
  float real(const char* name) const { return map_[name].IsNumeric() ? map_[name].AsFloat() : 0; }

 private:
  std::vector<uint64_t> copy_;
  flexbuffers::Map map_ = flexbuffers::Map::EmptyMap();
};

Status detection_post_process(OpContext& op) {
  Options options;
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
