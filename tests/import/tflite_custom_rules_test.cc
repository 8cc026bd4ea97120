// TensorFlow Lite's custom operators that have a rule of their own.
#include <flatbuffers/flexbuffers.h>

#include <cstring>
#include <functional>

#include "tests/import/tflite_expect.h"

namespace qrt::test {
namespace {

void set_custom(TfliteBuilder& b, const std::string& name, const std::vector<uint8_t>& options) {
  b.model.operator_codes.back()->custom_code = name;
  b.graph().operators.back()->custom_options = options;
}

TEST(TfliteCustom, TransposedConvolutionWithABias) {
  const auto build = [](int32_t padding, const Ints& out) {
    TfliteBuilder b;
    const int x = b.add_input("x", {1, 1, 2, 1});
    const int w = b.add_floats("w", {1, 2, 3, 1});  // 1 to 6
    const int bias = b.add_floats("bias", {1}, 0.5f);
    b.add_op(Builtin::CUSTOM, {x, w, bias}, {b.add_output("y", out)});
    const int32_t options[3] = {padding, 1, 2};  // strides along width and height
    std::vector<uint8_t> bytes(sizeof options);
    std::memcpy(bytes.data(), options, sizeof options);
    set_custom(b, "Convolution2DTransposeBias", bytes);
    return b;
  };
  const Floats x = {10, 100};
  // VALID: every tap meets an output.
  EXPECT_EQ(run_one<float>(optimized(build(2, {1, 2, 4, 1})), x),
            (Floats{10.5f, 120.5f, 230.5f, 300.5f, 40.5f, 450.5f, 560.5f, 600.5f}));
  // SAME: as many columns as before.
  EXPECT_EQ(run_one<float>(optimized(build(1, {1, 2, 2, 1})), x),
            (Floats{120.5f, 230.5f, 450.5f, 560.5f}));
  expect_refused(build(3, {1, 2, 2, 1}), "its padding is 3, its strides are 2 and 1");
  TfliteBuilder cut = build(1, {1, 2, 2, 1});
  cut.op(0).custom_options.pop_back();
  expect_refused(cut, "has 11 bytes of options, needs 12");
}

std::vector<uint8_t> detection_options(
    const std::function<void(flexbuffers::Builder&)>& more = {}) {
  flexbuffers::Builder f;
  f.Map([&] {
    f.Int("num_classes", 2);
    f.Int("max_detections", 2);
    f.Int("max_classes_per_detection", 1);
    f.Float("nms_score_threshold", 0.1f);
    f.Float("nms_iou_threshold", 0.5f);
    f.Float("y_scale", 10);
    f.Float("x_scale", 10);
    f.Float("h_scale", 5);
    f.Float("w_scale", 5);
    if (more) more(f);
  });
  f.Finish();
  return f.GetBuffer();
}

TfliteBuilder detection_model() {
  TfliteBuilder b;
  const int boxes = b.add_input("boxes", {1, 3, 4});
  const int scores = b.add_constant<float>("scores", {1, 3, 3}, TensorType::FLOAT32,
                                           {0, 0.2f, 0.9f, 0, 0.8f, 0.1f, 0, 0.3f, 0.7f});
  const int anchors = b.add_constant<float>("anchors", {3, 4}, TensorType::FLOAT32,
                                            {1, 1, 2, 2, 1, 1, 2, 2, 4, 4, 2, 2});
  b.add_op(Builtin::CUSTOM, {boxes, scores, anchors},
           {b.add_output("b", {1, 2, 4}), b.add_output("c", {1, 2}), b.add_output("s", {1, 2}),
            b.add_output("n", {1})});
  set_custom(b, "TFLite_Detection_PostProcess", detection_options());
  return b;
}

TEST(TfliteCustom, DetectionsByTheirOptions) {
  Loaded loaded = must_load(optimized(detection_model()));
  ASSERT_NE(loaded.session, nullptr);
  loaded.set(0, Floats(12, 0.0f));
  loaded.run();
  EXPECT_EQ(loaded.get<float>(0), (Floats{0, 0, 2, 2, 3, 3, 5, 5}));
  EXPECT_EQ(loaded.get<float>(1), (Floats{1, 1}));
  EXPECT_EQ(loaded.get<float>(2), (Floats{0.9f, 0.7f}));
  EXPECT_EQ(loaded.get<float>(3), (Floats{2}));

  TfliteBuilder by_class = detection_model();
  by_class.op(0).custom_options = detection_options([](flexbuffers::Builder& f) {
    f.Bool("use_regular_nms", true);
    f.Int("detections_per_class", 1);
  });
  Loaded regular = must_load(optimized(by_class));
  ASSERT_NE(regular.session, nullptr);
  regular.set(0, Floats(12, 0.0f));
  regular.run();
  EXPECT_EQ(regular.get<float>(1), (Floats{1, 0}));
  EXPECT_EQ(regular.get<float>(2), (Floats{0.9f, 0.8f}));
}

TEST(TfliteCustom, DamagedOptions) {
  for (size_t bytes : {0, 2, 20}) {
    TfliteBuilder b = detection_model();
    b.op(0).custom_options.resize(bytes);
    const auto g = b.import();
    ASSERT_FALSE(g.ok()) << bytes;
  }
  TfliteBuilder b = detection_model();
  flexbuffers::Builder f;
  f.Int(3);
  f.Finish();
  b.op(0).custom_options = f.GetBuffer();
  expect_refused(b, "its options are no map");
  b.op(0).custom_options = {1, 2, 3, 4};
  expect_refused(b, "its options are no FlexBuffer");
}

}  // namespace
}  // namespace qrt::test
