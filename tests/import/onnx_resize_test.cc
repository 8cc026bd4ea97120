// Resize as ONNX Runtime computes it: which pixels, and how many, over a sweep of sizes, scales and
// modes. The formulas here gave ONNX Runtime 1.30's results for all of 8,380 such operators.
#include <cmath>
#include <optional>

#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

using Floats = std::vector<float>;

struct Case {
  std::string mode, transform, rounding;
  int32_t in = 1;
  std::optional<float> scale;  // or the size
  int32_t size = 0;

  int32_t out() const {
    return scale ? static_cast<int32_t>(static_cast<float>(in) * *scale) : size;
  }
  std::string text() const {
    return mode + " " + transform + " " + rounding + " of " + std::to_string(in) +
           (scale ? " by " + std::to_string(*scale) : " to " + std::to_string(size));
  }
};

float source(const Case& c, int32_t i) {
  const float pixel = static_cast<float>(i), in = static_cast<float>(c.in);
  const float out = static_cast<float>(c.out()), scale = c.scale ? *c.scale : out / in;
  if (scale == 1.0f) return pixel;
  if (c.transform == "asymmetric") return pixel / scale;
  if (c.transform == "align_corners") return out == 1 ? 0 : pixel * (in - 1) / (out - 1);
  if (c.transform == "pytorch_half_pixel" && out == 1) return 0;
  return (pixel + 0.5f) / scale - 0.5f;
}

float nearest(const Case& c, int32_t i) {
  const float at = source(c, i), below = std::floor(at);
  if (c.rounding == "floor") return below;
  if (c.rounding == "ceil") return std::ceil(at);
  if (std::fabs(at - below - 0.5f) <= 1e-6f) {
    return c.rounding == "round_prefer_floor" ? below : below + 1;
  }
  return std::round(at);
}

// Element i is i: nearest neighbours are their own places.
Floats expected(const Case& c) {
  Floats result;
  const auto last = static_cast<float>(c.in - 1);
  for (int32_t i = 0; i < c.out(); ++i) {
    if (c.out() == c.in) {  // nothing to do, whatever the scale
      result.push_back(static_cast<float>(i));
    } else {
      const float at = c.mode == "linear" ? source(c, i) : nearest(c, i);
      result.push_back(std::min(std::max(at, 0.0f), last));
    }
  }
  return result;
}

OnnxBuilder model(const Case& c, bool pictures) {
  OnnxBuilder b;
  b.input("x", pictures ? Dims64{1, 1, 1, c.in} : Dims64{1, 1, c.in});
  std::vector<std::string> inputs = {"x", ""};
  Floats scales = {1, 1, 1, c.scale.value_or(0)};
  Dims64 sizes = {1, 1, 1, c.size};
  if (!pictures) scales.erase(scales.begin()), sizes.erase(sizes.begin());
  const auto rank = static_cast<int64_t>(scales.size());
  if (c.scale) {
    inputs.push_back("scales");
    b.floats("scales", {rank}, scales);
  } else {
    inputs.insert(inputs.end(), {"", "sizes"});
    b.integers("sizes", sizes);
  }
  b.op("Resize", inputs, {"y"})
      .set("mode", c.mode.c_str())
      .set("nearest_mode", c.rounding.c_str())
      .set("coordinate_transformation_mode", c.transform.c_str());
  b.output("y");
  return b;
}

void check(const Case& c, bool pictures) {
  const graph::Graph g = model(c, pictures).must_import();
  ASSERT_FALSE(testing::Test::HasFailure()) << c.text();
  const Floats want = expected(c);
  ASSERT_EQ(output_shape(g).back(), static_cast<int32_t>(want.size())) << c.text();
  Floats ramp_from_0;
  for (int32_t i = 0; i < c.in; ++i) ramp_from_0.push_back(static_cast<float>(i));
  const Floats got = run_floats(g, {ramp_from_0});
  if (c.mode == "nearest") {
    ASSERT_EQ(got, want) << c.text();
  } else {
    // Of a ramp, the interpolation is the position but for its own rounding.
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_NEAR(got[i], want[i], 4e-6f) << c.text() << ", pixel " << i;
    }
  }
}

class OnnxResize : public testing::TestWithParam<const char*> {};

TEST_P(OnnxResize, TakesThePixelsThatOnnxRuntimeTakes) {
  for (int32_t in : {1, 2, 3, 5, 7, 10, 13, 14, 20, 33}) {
    for (const char* rounding : {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", ""}) {
      const bool linear = *rounding == '\0';
      Case c;
      c.mode = linear ? "linear" : "nearest";
      c.transform = GetParam();
      c.rounding = linear ? "floor" : rounding;
      c.in = in;
      for (float scale : {0.3f, 0.4f, 0.7f, 0.8f, 0.9f, 1.1f, 1.2f, 1.25f, 1.3f, 1.4f, 1.5f, 2.0f,
                          2.3f, 2.5f, 10.0f / 3.0f}) {
        c.scale = scale;
        if (c.out() < 1) continue;
        check(c, true);
        check(c, false);
      }
      c.scale.reset();
      for (int32_t size : {1, 2, 3, 6, 9, 13, 14, 18, 26, 40}) {
        c.size = size;
        check(c, true);
        check(c, false);
      }
      if (HasFatalFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Transforms, OnnxResize,
                         testing::Values("asymmetric", "half_pixel", "pytorch_half_pixel",
                                         "align_corners"));

// Results of ONNX Runtime, as they stand in reports of others' mistakes.
TEST(OnnxResize, KnownResults) {
  const auto run = [](const Case& c) {
    Floats ramp_from_0;
    for (int32_t i = 0; i < c.in; ++i) ramp_from_0.push_back(static_cast<float>(i));
    return run_floats(model(c, true).must_import(), {ramp_from_0});
  };
  EXPECT_EQ(run({"nearest", "asymmetric", "floor", 10, 1.2f, 0}),
            (Floats{0, 0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9}));
  EXPECT_EQ(run({"nearest", "asymmetric", "floor", 14, {}, 18})[9], 7);
  EXPECT_EQ(run({"nearest", "asymmetric", "floor", 20, 1.3f, 0}).size(), 26u);
  EXPECT_EQ(run({"nearest", "half_pixel", "round_prefer_ceil", 20, {}, 6}),
            (Floats{1, 5, 8, 11, 15, 18}));
  EXPECT_EQ(run({"nearest", "half_pixel", "round_prefer_floor", 20, {}, 26})[19], 14);
  expect_near(run({"linear", "asymmetric", "floor", 3, 2.5f, 0}),
              {0, 0.4f, 0.8f, 1.2f, 1.6f, 2, 2});
  EXPECT_EQ(run({"linear", "half_pixel", "floor", 2, 1.1f, 0}), (Floats{0, 1}));
}

// An axis whose size stays is scaled where another one's does not.
TEST(OnnxResize, ScalesAnAxisThatKeepsItsSize) {
  OnnxBuilder b;
  b.input("x", {1, 1, 2, 2});
  b.floats("scales", {4}, {1, 1, 2, 1.4f});
  b.op("Resize", {"x", "", "scales"}, {"y"})
      .set("mode", "linear")
      .set("coordinate_transformation_mode", "asymmetric");
  b.output("y");
  const float right = 1 / 1.4f;
  expect_near(run_floats(b.must_import(), {{0, 1, 10, 11}}),
              {0, right, 5, 5 + right, 10, 10 + right, 10, 10 + right});
}

// Scales that change no size change nothing, in any mode: so does ONNX Runtime.
TEST(OnnxResize, ScalesThatChangeNoSize) {
  const Floats x = {3, -1, 4, 1, -5};
  for (const char* mode : {"nearest", "linear", "cubic"}) {
    for (const char* transform : {"half_pixel", "asymmetric", "half_pixel_symmetric"}) {
      for (int antialias : {0, 1}) {
        const bool own = antialias == 1 || std::string(transform) == "half_pixel_symmetric";
        if (own && std::string(mode) == "nearest") continue;
        SCOPED_TRACE(std::string(mode) + " " + transform);
        OnnxBuilder b(18);
        b.input("x", {1, 1, 1, 5});
        b.floats("scales", {4}, {1, 1, 1, 1.1f});
        b.op("Resize", {"x", "", "scales"}, {"y"})
            .set("mode", mode)
            .set("antialias", antialias)
            .set("coordinate_transformation_mode", transform);
        b.output("y");
        EXPECT_EQ(run_floats(b.must_import(), {x}), x);
      }
    }
  }
}

// Axes that are not height and width, one after the other.
TEST(OnnxResize, LinearAlongAnyAxes) {
  OnnxBuilder b;
  b.input("x", {2, 1, 2});
  b.floats("scales", {3}, {2, 1, 2});
  b.op("Resize", {"x", "", "scales"}, {"y"})
      .set("mode", "linear")
      .set("coordinate_transformation_mode", "asymmetric");
  b.output("y");
  const Floats at = {0, 0.5f, 1, 1};
  Floats want;
  for (float row : at) {
    for (float column : at) want.push_back(10 * row + column);
  }
  expect_near(run_floats(b.must_import(), {{0, 1, 10, 11}}), want);
}

// TensorFlow Lite's own ways are written as before where they mean the same.
TEST(OnnxResize, KeepsTheOldFormWhereItMeansTheSame) {
  const auto coordinates = [](const Case& c) {
    const graph::Graph g = model(c, true).must_import();
    for (const graph::Node& node : g.nodes) {
      if (const fb::ResizeT* resize = node.options.AsResize()) return resize->coordinates;
    }
    return fb::ResizeCoordinates::MAX;
  };
  EXPECT_EQ(coordinates({"nearest", "asymmetric", "floor", 4, 2.0f, 0}),
            fb::ResizeCoordinates::ByFlags);
  EXPECT_EQ(coordinates({"linear", "half_pixel", "floor", 4, 2.0f, 0}),
            fb::ResizeCoordinates::ByFlags);
  EXPECT_EQ(coordinates({"nearest", "asymmetric", "ceil", 4, 2.0f, 0}),
            fb::ResizeCoordinates::Asymmetric);
}

// --- What is a sum of weighted elements

// [1,1,4,4] of 1 to 16, or as many as `count`.
Floats counting(size_t count = 16) {
  Floats numbers;
  for (size_t i = 0; i < count; ++i) numbers.push_back(static_cast<float>(i + 1));
  return numbers;
}

template <class Prepare>
Floats resized(const Dims64& dims, const Floats& x, const Prepare& prepare, int64_t opset = 19) {
  OnnxBuilder b(opset);
  b.input("x", dims);
  prepare(b);
  b.output("y");
  return run_floats(b.must_optimize(), {x});
}

TEST(OnnxResize, CubicByTheFormulaOfFourCoefficients) {
  for (const char* transform :
       {"half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"}) {
    for (bool exclude : {false, true}) {
      for (float a : {-0.75f, -0.5f}) {
        for (int32_t size : {1, 3, 5, 9, 14}) {
          SCOPED_TRACE(std::string(transform) + " to " + std::to_string(size));
          const Floats x = {3, -1, 4, 1, -5, 9};
          const Floats y = resized({6}, x, [&](OnnxBuilder& b) {
            b.integers("sizes", {size});
            b.op("Resize", {"x", "", "", "sizes"}, {"y"})
                .set("mode", "cubic")
                .set("cubic_coeff_a", a)
                .set("exclude_outside", exclude ? 1 : 0)
                .set("coordinate_transformation_mode", transform);
          });
          if (size == 6) continue;
          Case c{"cubic", transform, "", 6, {}, size};
          ASSERT_EQ(y.size(), static_cast<size_t>(size));
          for (int32_t i = 0; i < size; ++i) {
            const double at = double{source(c, i)}, below = std::floor(at), r = at - below,
                         k = double{a};
            double weights[4] = {((k * (r + 1) - 5 * k) * (r + 1) + 8 * k) * (r + 1) - 4 * k,
                                 ((k + 2) * r - (k + 3)) * r * r + 1,
                                 ((k + 2) * (1 - r) - (k + 3)) * (1 - r) * (1 - r) + 1,
                                 ((k * (2 - r) - 5 * k) * (2 - r) + 8 * k) * (2 - r) - 4 * k};
            double sum = 0, all = 0;
            for (int n = 0; n < 4; ++n) {
              const double place = below - 1 + n;
              if (exclude && (place < 0 || place > 5)) continue;
              const auto element = static_cast<size_t>(std::min(std::max(place, 0.0), 5.0));
              sum += weights[n] * double{x[element]};
              all += weights[n];
            }
            EXPECT_NEAR(y[static_cast<size_t>(i)], sum / all, 2e-5) << i;
          }
        }
      }
    }
  }
}

// The examples of ONNX's Operators.md.
TEST(OnnxResize, ExamplesOfTheSpecification) {
  const auto scaled = [](const char* mode, float scale, int antialias) {
    return resized({1, 1, 4, 4}, counting(), [&](OnnxBuilder& b) {
      b.floats("scales", {4}, {1, 1, scale, scale});
      b.op("Resize", {"x", "", "scales"}, {"y"}).set("mode", mode).set("antialias", antialias);
    });
  };
  expect_near(scaled("linear", 0.6f, 1), {2.875f, 4.5f, 9.375f, 11.0f});
  expect_near(scaled("cubic", 0.8f, 0),
              {1.47119141f, 2.78125f, 4.08251953f, 6.71142578f, 8.02148438f, 9.32275391f,
               11.91650391f, 13.2265625f, 14.52783203f});
  const auto cropped = [](float end, float extrapolation) {
    return resized({1, 1, 4, 4}, counting(), [&](OnnxBuilder& b) {
      b.floats("roi", {8}, {0, 0, 0.4f, 0.6f, 1, 1, 0.6f, end});
      b.integers("sizes", {1, 1, 3, 3});
      b.op("Resize", {"x", "roi", "", "sizes"}, {"y"})
          .set("mode", "linear")
          .set("extrapolation_value", extrapolation)
          .set("coordinate_transformation_mode", "tf_crop_and_resize");
    });
  };
  expect_near(cropped(0.8f, 10), {7.6f, 7.9f, 8.2f, 8.8f, 9.1f, 9.4f, 10, 10.3f, 10.6f});
  expect_near(cropped(1.7f, 10), {7.6f, 10, 10, 8.8f, 10, 10, 10, 10, 10});
}

TEST(OnnxResize, ProportionsAreKept) {
  const auto shape = [](const char* policy) {
    OnnxBuilder b(18);
    b.input("x", {1, 1, 2, 4});
    b.integers("sizes", {7, 8});
    b.op("Resize", {"x", "", "", "sizes"}, {"y"})
        .set("mode", "nearest")
        .set("axes", Dims64{2, 3})
        .set("keep_aspect_ratio_policy", policy);
    b.output("y");
    return output_shape(b.must_import());
  };
  EXPECT_EQ(shape("stretch"), (std::vector<int32_t>{1, 1, 7, 8}));
  EXPECT_EQ(shape("not_larger"), (std::vector<int32_t>{1, 1, 4, 8}));
  EXPECT_EQ(shape("not_smaller"), (std::vector<int32_t>{1, 1, 7, 14}));
}

// 2.4 elements become 2, whose middle is the input's.
TEST(OnnxResize, SymmetricHalfPixels) {
  const Floats y = resized({4}, {1, 2, 3, 4}, [](OnnxBuilder& b) {
    b.floats("scales", {1}, {0.6f});
    b.op("Resize", {"x", "", "scales"}, {"y"})
        .set("mode", "linear")
        .set("coordinate_transformation_mode", "half_pixel_symmetric");
  });
  ASSERT_EQ(y.size(), 2u);
  EXPECT_NEAR(y[0] + y[1], 5, 1e-5f);
  EXPECT_NEAR(y[1] - y[0], 1 / 0.6f, 1e-5f);
}

}  // namespace
}  // namespace qrt::test
