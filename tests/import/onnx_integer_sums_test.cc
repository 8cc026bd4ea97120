// MatMulInteger, ConvInteger and DynamicQuantizeLinear, and scales that are known only at run time.
#include <cmath>
#include <random>

#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

using Names = std::vector<std::string>;

std::vector<uint8_t> random_bytes(size_t count, std::mt19937& random) {
  std::vector<uint8_t> bytes(count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

TEST(OnnxIntegerSums, MatMulInteger) {
  std::mt19937 random(1);
  const auto a = random_bytes(6, random), b_elements = random_bytes(12, random);
  for (bool zeros : {false, true}) {
    OnnxBuilder b(17);
    b.input("a", {2, 3}, Onnx::UINT8);
    b.constant("b", {3, 4}, b_elements, Onnx::INT8);
    b.constant<uint8_t>("za", {2, 1}, {7, 200}, Onnx::UINT8);
    b.constant<int8_t>("zb", {4}, {1, -2, 3, -4}, Onnx::INT8);
    b.op("MatMulInteger", zeros ? Names{"a", "b", "za", "zb"} : Names{"a", "b"}, {"y"});
    b.output("y");
    const auto got = run_one<int32_t>(b.must_optimize(), a);
    std::vector<int32_t> wanted;
    const int32_t za[] = {7, 200}, zb[] = {1, -2, 3, -4};
    for (size_t i = 0; i < 2; ++i) {
      for (size_t j = 0; j < 4; ++j) {
        int32_t sum = 0;
        for (size_t k = 0; k < 3; ++k) {
          sum += (a[i * 3 + k] - (zeros ? za[i] : 0)) *
                 (static_cast<int8_t>(b_elements[k * 4 + j]) - (zeros ? zb[j] : 0));
        }
        wanted.push_back(sum);
      }
    }
    EXPECT_EQ(got, wanted);
  }
}

struct Convolution {
  int64_t size, kernel, stride, dilation;
  std::string auto_pad;
  int64_t before, after;
};

// [1,2,size,size] by [3,2,kernel,kernel].
void check(const Convolution& v, bool zero_at_run_time) {
  SCOPED_TRACE(std::to_string(v.size) + " by " + std::to_string(v.kernel) + "/" +
               std::to_string(v.stride) + " " + v.auto_pad);
  std::mt19937 random(2);
  const auto x = random_bytes(static_cast<size_t>(2 * v.size * v.size), random);
  const auto w = random_bytes(static_cast<size_t>(6 * v.kernel * v.kernel), random);
  OnnxBuilder b(17);
  b.input("x", {1, 2, v.size, v.size}, Onnx::UINT8);
  if (zero_at_run_time) {
    b.input("z", {}, Onnx::UINT8);
  } else {
    b.constant<uint8_t>("z", {}, {77}, Onnx::UINT8);
  }
  b.constant("w", {3, 2, v.kernel, v.kernel}, w, Onnx::UINT8);
  b.constant<uint8_t>("zw", {3}, {0, 128, 255}, Onnx::UINT8);
  OnnxNode node = b.op("ConvInteger", {"x", "w", "z", "zw"}, {"y"});
  node.set("strides", Dims64{v.stride, v.stride}).set("dilations", Dims64{v.dilation, v.dilation});
  if (v.auto_pad.empty()) {
    node.set("pads", Dims64{v.before, v.before, v.after, v.after});
  } else {
    node.set("auto_pad", v.auto_pad.c_str());
  }
  b.output("y");
  Loaded loaded = must_load(b.must_optimize());
  ASSERT_NE(loaded.session, nullptr);
  loaded.set(0, x);
  if (zero_at_run_time) loaded.set<uint8_t>(1, {77});
  loaded.run();
  const int64_t reach = (v.kernel - 1) * v.dilation + 1;
  int64_t before = v.before, out = (v.size + v.before + v.after - reach) / v.stride + 1;
  if (!v.auto_pad.empty()) {
    out = (v.size + v.stride - 1) / v.stride;
    const int64_t total = std::max<int64_t>((out - 1) * v.stride + reach - v.size, 0);
    before = v.auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
  }
  std::vector<int32_t> wanted;
  const int32_t zw[] = {0, 128, 255};
  for (int64_t o = 0; o < 3; ++o) {
    for (int64_t r = 0; r < out; ++r) {
      for (int64_t col = 0; col < out; ++col) {
        int32_t sum = 0;
        for (int64_t i = 0; i < 2; ++i) {
          for (int64_t kr = 0; kr < v.kernel; ++kr) {
            for (int64_t kc = 0; kc < v.kernel; ++kc) {
              const int64_t h = r * v.stride + kr * v.dilation - before;
              const int64_t at = col * v.stride + kc * v.dilation - before;
              if (h < 0 || h >= v.size || at < 0 || at >= v.size) continue;
              sum +=
                  (x[static_cast<size_t>((i * v.size + h) * v.size + at)] - 77) *
                  (w[static_cast<size_t>(((o * 2 + i) * v.kernel + kr) * v.kernel + kc)] - zw[o]);
            }
          }
        }
        wanted.push_back(sum);
      }
    }
  }
  EXPECT_EQ(loaded.get<int32_t>(), wanted);
}

TEST(OnnxIntegerSums, ConvInteger) {
  for (bool zero_at_run_time : {false, true}) {
    check({5, 3, 1, 1, "", 0, 0}, zero_at_run_time);
    check({5, 3, 2, 1, "", 1, 1}, zero_at_run_time);
    check({7, 2, 1, 2, "", 0, 2}, zero_at_run_time);
    check({4, 1, 1, 1, "", 0, 0}, zero_at_run_time);
    check({6, 3, 2, 1, "SAME_UPPER", 0, 0}, zero_at_run_time);
    check({6, 3, 2, 1, "SAME_LOWER", 0, 0}, zero_at_run_time);
  }
}

TEST(OnnxIntegerSums, AConvolutionOfOneAxis) {
  OnnxBuilder b(17);
  b.input("x", {1, 1, 4}, Onnx::UINT8);
  b.constant<uint8_t>("w", {1, 1, 2}, {1, 10}, Onnx::UINT8);
  b.op("ConvInteger", {"x", "w"}, {"y"}).set("pads", Dims64{1, 0});
  b.output("y");
  EXPECT_EQ(run_one<int32_t>(b.must_optimize(), std::vector<uint8_t>{1, 2, 3, 4}),
            (std::vector<int32_t>{10, 21, 32, 43}));
}

// Two groups of one channel each, and two weights a group, on a row whose length is open.
TEST(OnnxIntegerSums, GroupsOnOpenSizes) {
  OnnxBuilder b(17);
  b.open_input("x", {"1", "2", "n"}, Onnx::UINT8);
  b.input("zero", {}, Onnx::UINT8);
  b.constant<uint8_t>("w", {4, 1, 2}, {1, 10, 2, 20, 3, 30, 4, 40}, Onnx::UINT8);
  b.op("ConvInteger", {"x", "w", "zero"}, {"y"}).set("group", 2).set("pads", Dims64{1, 0});
  b.output("y");
  const rt::InputShape three[] = {{0, {1, 2, 3}}};
  rt::SessionOptions options;
  options.input_shapes = {three, 1};
  Loaded loaded = must_load(b.must_optimize(), options);
  ASSERT_NE(loaded.session, nullptr);
  loaded.set(0, std::vector<uint8_t>{6, 7, 8, 9, 8, 7});
  loaded.set(1, std::vector<uint8_t>{5});
  loaded.run();
  EXPECT_EQ(loaded.get<int32_t>(),
            (std::vector<int32_t>{10, 21, 32, 20, 42, 64, 120, 102, 69, 160, 136, 92}));
}

TEST(OnnxIntegerSums, ProductsOfVectors) {
  const auto product = [](const Dims64& a, const Dims64& w) {
    OnnxBuilder b(17);
    b.input("a", a, Onnx::UINT8);
    b.constant<int8_t>("w", w, {1, 2, 3, 4}, Onnx::INT8);
    b.op("MatMulInteger", {"a", "w"}, {"y"});
    b.output("y");
    const graph::Graph g = b.must_optimize();
    const size_t count =
        a.size() == 1 ? static_cast<size_t>(a[0]) : static_cast<size_t>(a[0] * a[1]);
    std::vector<uint8_t> elements(count);
    for (size_t i = 0; i < count; ++i) elements[i] = static_cast<uint8_t>(i + 1);
    return std::pair{output_shape(g), run_one<int32_t>(g, elements)};
  };
  using Shape = std::vector<int32_t>;
  using Sums = std::vector<int32_t>;
  EXPECT_EQ(product({2}, {2, 2}), (std::pair{Shape{2}, Sums{7, 10}}));
  EXPECT_EQ(product({2, 4}, {4}), (std::pair{Shape{2}, Sums{30, 70}}));
  EXPECT_EQ(product({4}, {4}), (std::pair{Shape{}, Sums{30}}));
}

// What reads bytes as they are, and what takes them for numbers, may stand side by side.
TEST(OnnxIntegerSums, BytesTakenForSeveralNumbers) {
  OnnxBuilder b(17);
  b.input("x", {4}, Onnx::UINT8);
  b.integers("first", {0, 1});
  b.op("Gather", {"x", "first"}, {"bytes"});
  b.floats("half", {}, {0.5f});
  b.floats("two", {}, {2});
  b.constant<uint8_t>("ten", {}, {10}, Onnx::UINT8);
  b.op("DequantizeLinear", {"x", "half", "ten"}, {"halves"});
  b.op("DequantizeLinear", {"x", "two"}, {"doubles"});
  b.op("DequantizeLinear", {"bytes", "half"}, {"part"});
  b.op("Concat", {"halves", "doubles", "part"}, {"y"}).set("axis", 0);
  b.output("y");
  EXPECT_EQ((run_one<float, uint8_t>(b.must_optimize(), {12, 20, 10, 0})),
            (std::vector<float>{1, 5, 0, -5, 24, 40, 20, 0, 6, 10}));
}

TEST(OnnxIntegerSums, QuantizedWithOneScaleAChannel) {
  OnnxBuilder b(17);
  b.input("x", {2, 2});
  b.floats("scales", {2}, {0.5f, 2});
  b.constant<uint8_t>("zeros", {2}, {0, 10}, Onnx::UINT8);
  b.op("QuantizeLinear", {"x", "scales", "zeros"}, {"y"}).set("axis", 1);
  b.output("y");
  EXPECT_EQ((run_one<uint8_t, float>(b.must_optimize(), {1, 1, 1.25f, -5})),
            (std::vector<uint8_t>{2, 10, 2, 8}));
}

TEST(OnnxIntegerSums, DynamicQuantizeLinear) {
  for (const std::vector<float>& x :
       {std::vector<float>{0, 2, -3, -2.5f, 1.34f, 0.5f},
        std::vector<float>{-1, -2, -3, -4, -5, -6}, std::vector<float>{1, 2, 3, 4, 5, 6},
        std::vector<float>(6, 0.0f)}) {
    OnnxBuilder b(17);
    b.input("x", {6});
    b.op("DynamicQuantizeLinear", {"x"}, {"y", "scale", "zero"});
    for (const char* name : {"y", "scale", "zero"}) b.output(name);
    Loaded loaded = must_load(b.must_optimize());
    ASSERT_NE(loaded.session, nullptr);
    loaded.set(0, x);
    loaded.run();
    float low = 0, high = 0;
    for (float value : x) low = std::min(low, value), high = std::max(high, value);
    const float scale = high == low ? 1 : (high - low) / 255;
    const float zero = std::clamp(std::nearbyint(-low / scale), 0.0f, 255.0f);
    std::vector<uint8_t> wanted;
    for (float value : x) {
      wanted.push_back(
          static_cast<uint8_t>(std::clamp(std::nearbyint(value / scale) + zero, 0.0f, 255.0f)));
    }
    EXPECT_EQ(loaded.get<uint8_t>(0), wanted);
    EXPECT_EQ(loaded.get<float>(1), (std::vector<float>{scale}));
    EXPECT_EQ(loaded.get<uint8_t>(2), (std::vector<uint8_t>{static_cast<uint8_t>(zero)}));
  }
}

// What dynamic quantization writes: integers by integers, then the scales.
TEST(OnnxIntegerSums, ALayerQuantizedInARun) {
  OnnxBuilder b(17);
  b.input("x", {1, 4});
  b.op("DynamicQuantizeLinear", {"x"}, {"q", "scale", "zero"});
  b.constant<int8_t>("w", {4, 2}, {10, -20, 30, 40, -50, 60, 70, -80}, Onnx::INT8);
  b.floats("w_scale", {}, {0.01f});
  b.op("MatMulInteger", {"q", "w", "zero"}, {"sum"});
  b.op("Cast", {"sum"}, {"real"}).set("to", int64_t{Onnx::FLOAT});
  b.op("Mul", {"scale", "w_scale"}, {"scales"});
  b.op("Mul", {"real", "scales"}, {"y"});
  b.output("y");
  const auto y = run_one<float>(b.must_optimize(), std::vector<float>{1, -1, 0.5f, 2});
  ASSERT_EQ(y.size(), 2u);
  EXPECT_NEAR(y[0], 0.1f - 0.3f - 0.25f + 1.4f, 0.01f);
  EXPECT_NEAR(y[1], -0.2f - 0.4f + 0.3f - 1.6f, 0.01f);
}

TEST(OnnxIntegerSums, ScalesKnownAtRunTime) {
  OnnxBuilder b(17);
  b.input("x", {2, 3}, Onnx::INT8);
  b.input("s", {3});
  b.input("z", {3}, Onnx::INT8);
  b.input("t", {});
  b.input("u", {}, Onnx::UINT8);
  b.op("DequantizeLinear", {"x", "s", "z"}, {"real"}).set("axis", 1);
  b.op("QuantizeLinear", {"real", "t", "u"}, {"y"});
  for (const char* name : {"real", "y"}) b.output(name);
  Loaded loaded = must_load(b.must_optimize());
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<int8_t>(0, {-128, 0, 127, 5, 6, 7});
  loaded.set<float>(1, {1, 0.5f, 4});
  loaded.set<int8_t>(2, {0, -10, 100});
  loaded.set<float>(3, {2});
  loaded.set<uint8_t>(4, {30});
  loaded.run();
  EXPECT_EQ(loaded.get<float>(0), (std::vector<float>{-128, 5, 108, 5, 8, -372}));
  // 5 / 2 is rounded to the even 2.
  EXPECT_EQ(loaded.get<uint8_t>(1), (std::vector<uint8_t>{0, 32, 84, 32, 34, 0}));
}

TEST(OnnxIntegerSums, Refuses) {
  const auto refused = [](const std::string& words, const auto& prepare) {
    OnnxBuilder b(17);
    b.input("x", {1, 2, 4, 4}, Onnx::UINT8);
    b.constant<uint8_t>("w", {1, 2, 3, 3}, std::vector<uint8_t>(18), Onnx::UINT8);
    b.constant<uint8_t>("square", {2, 2}, std::vector<uint8_t>(4), Onnx::UINT8);
    b.input("f", {4});
    b.constant<uint8_t>("v", {2}, {1, 2}, Onnx::UINT8);
    prepare(b);
    b.output("y");
    const auto g = b.import();
    ASSERT_FALSE(g.ok()) << words;
    EXPECT_NE(g.status().message().find(words), std::string::npos) << g.status().message();
  };
  refused("2 groups of an input of shape 1x2x4x4", [](OnnxBuilder& b) {
    b.op("ConvInteger", {"x", "w"}, {"y"}).set("group", 2);
  });
  refused("several zero points for one input", [](OnnxBuilder& b) {
    b.op("ConvInteger", {"x", "w", "v"}, {"y"});
  });
  refused("a window of 5 on 4 elements", [](OnnxBuilder& b) {
    b.op("ConvInteger", {"x", "w"}, {"y"}).set("dilations", Dims64{2, 2});
  });
  refused("input 0 of type f32", [](OnnxBuilder& b) { b.op("MatMulInteger", {"f", "w"}, {"y"}); });
  refused("zero points of shape 2x2", [](OnnxBuilder& b) {
    b.op("MatMulInteger", {"x", "square", "square"}, {"y"});
  });
}

}  // namespace
}  // namespace qrt::test
