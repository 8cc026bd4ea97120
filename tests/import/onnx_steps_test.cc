// Operators of ONNX that become several of libqrt's, against what ONNX defines them as.
#include <cmath>
#include <functional>
#include <limits>

#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

using Floats = std::vector<float>;
using Shape = std::vector<int32_t>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::function<void(OnnxBuilder&)> node(const char* op,
                                       const std::function<void(OnnxNode&)>& set = {}) {
  return [=](OnnxBuilder& b) {
    OnnxNode made = b.op(op, {"x"}, {"y"});
    if (set) set(made);
  };
}

TEST(OnnxSteps, FunctionsWithParameters) {
  const Floats x = {-2, -0.25f, 0.5f, 3};
  const auto of = [&](double (*f)(double)) {
    Floats y;
    for (float v : x) y.push_back(static_cast<float>(f(static_cast<double>(v))));
    return y;
  };
  expect_near(
      run_on_x({4}, x, node("Celu", [](OnnxNode& n) { n.set("alpha", 2.0f); })),
      of([](double v) { return std::max(0.0, v) + std::min(0.0, 2 * (std::exp(v / 2) - 1)); }));
  expect_near(
      run_on_x({4}, x, node("Selu", [](OnnxNode& n) { n.set("alpha", 2.0f).set("gamma", 3.0f); })),
      of([](double v) { return v > 0 ? 3 * v : 3 * (2 * std::exp(v) - 2); }));
  expect_near(run_on_x({4}, x, node("Selu")), of([](double v) {
                return 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * (std::exp(v) - 1));
              }));
  expect_near(run_on_x({4}, x, node("Softsign")),
              of([](double v) { return v / (1 + std::abs(v)); }));
  expect_near(run_on_x({4}, x, node("Mish"), 18),
              of([](double v) { return v * std::tanh(std::log1p(std::exp(v))); }));
  expect_near(run_on_x({4}, x, node("Swish", [](OnnxNode& n) { n.set("alpha", 2.0f); }), 24),
              of([](double v) { return v / (1 + std::exp(-2 * v)); }));
  expect_near(run_on_x({4}, x, node("Swish"), 24),
              of([](double v) { return v / (1 + std::exp(-v)); }));
  EXPECT_EQ(run_on_x({4}, x, node("ThresholdedRelu", [](OnnxNode& n) { n.set("alpha", 0.5f); })),
            (Floats{0, 0, 0, 3}));
  EXPECT_EQ(
      run_on_x({4}, x, node("Shrink", [](OnnxNode& n) { n.set("lambd", 1.5f).set("bias", 0.5f); })),
      (Floats{-1.5f, 0, 0, 2.5f}));
}

TEST(OnnxSteps, TrigonometricFunctions) {
  struct Case {
    const char* op;
    double (*f)(double);
    float x;
  };
  for (const Case& c : {Case{"Tan", std::tan, 0.5f},
                        {"Asin", std::asin, 0.5f},
                        {"Acos", std::acos, 0.5f},
                        {"Atan", std::atan, 0.5f},
                        {"Sinh", std::sinh, 0.5f},
                        {"Cosh", std::cosh, 0.5f},
                        {"Asinh", std::asinh, 0.5f},
                        {"Acosh", std::acosh, 1.5f},
                        {"Atanh", std::atanh, 0.5f}}) {
    SCOPED_TRACE(c.op);
    expect_near(run_on_x({1}, {c.x}, node(c.op)),
                {static_cast<float>(c.f(static_cast<double>(c.x)))});
  }
}

TEST(OnnxSteps, SumsBetweenTwoFunctions) {
  const Floats x = {1, -2, 3, -4, 5, 6};
  const auto of_rows = [&](const char* op) {
    return run_on_x({2, 3}, x,
                    node(op, [](OnnxNode& n) { n.set("axes", Dims64{1}).set("keepdims", 0); }));
  };
  EXPECT_EQ(of_rows("ReduceL1"), (Floats{6, 15}));
  expect_near(of_rows("ReduceL2"), {std::sqrt(14.0f), std::sqrt(77.0f)});
  EXPECT_EQ(of_rows("ReduceSumSquare"), (Floats{14, 77}));
  expect_near(of_rows("ReduceLogSum"), {std::log(2.0f), std::log(7.0f)});
  expect_near(of_rows("ReduceLogSumExp"),
              {std::log(std::exp(1.0f) + std::exp(-2.0f) + std::exp(3.0f)),
               std::log(std::exp(-4.0f) + std::exp(5.0f) + std::exp(6.0f))});
}

TEST(OnnxSteps, LogSumExpOfLargeAndInfiniteNumbers) {
  const auto whole = [](const Floats& x) {
    return run_on_x({static_cast<int64_t>(x.size())}, x,
                    node("ReduceLogSumExp", [](OnnxNode& n) { n.set("keepdims", 0); }));
  };
  expect_near(whole({1000, 1000}), {1000 + std::log(2.0f)});
  EXPECT_EQ(whole({-kInfinity, -kInfinity}), (Floats{-kInfinity}));
  EXPECT_EQ(whole({1, kInfinity}), (Floats{kInfinity}));
}

// With noop_with_empty_axes nothing is summed, but what each element goes through stays.
TEST(OnnxSteps, SumOfNoAxes) {
  const auto none = [](const char* op) {
    return run_on_x({2}, {-3, 4}, node(op, [](OnnxNode& n) { n.set("noop_with_empty_axes", 1); }),
                    18);
  };
  EXPECT_EQ(none("ReduceSumSquare"), (Floats{9, 16}));
  EXPECT_EQ(none("ReduceL1"), (Floats{3, 4}));
  EXPECT_EQ(none("ReduceL2"), (Floats{3, 4}));
}

TEST(OnnxSteps, RemainderWithTheDividendsSign) {
  EXPECT_EQ(run_on_x({4}, {5, -5, 5, -5.5f},
                     [](OnnxBuilder& b) {
                       b.floats("by", {4}, {3, 3, -3, -2});
                       b.op("Mod", {"x", "by"}, {"y"}).set("fmod", 1);
                     }),
            (Floats{2, -2, 2, -1.5f}));
}

TEST(OnnxSteps, MeanOfTensorsThatBroadcast) {
  EXPECT_EQ(run_on_x({2, 2}, {1, 2, 3, 4},
                     [](OnnxBuilder& b) {
                       b.floats("row", {2}, {5, 9});
                       b.floats("one", {}, {3});
                       b.op("Mean", {"row", "x", "one"}, {"y"});
                     }),
            (Floats{3, 14 / 3.0f, 11 / 3.0f, 16 / 3.0f}));
}

TEST(OnnxSteps, SpecialNumbersAreFound) {
  const Floats x = {1, NAN, kInfinity, -kInfinity};
  using Flags = std::vector<uint8_t>;
  const auto is_inf = [&](int negative, int positive) {
    return run_on_x<uint8_t>({4}, x, node("IsInf", [=](OnnxNode& n) {
                               n.set("detect_negative", negative).set("detect_positive", positive);
                             }));
  };
  EXPECT_EQ(run_on_x<uint8_t>({4}, x, node("IsNaN")), (Flags{0, 1, 0, 0}));
  EXPECT_EQ(is_inf(1, 1), (Flags{0, 0, 1, 1}));
  EXPECT_EQ(is_inf(1, 0), (Flags{0, 0, 0, 1}));
  EXPECT_EQ(is_inf(0, 1), (Flags{0, 0, 1, 0}));
  EXPECT_EQ(is_inf(0, 0), (Flags{0, 0, 0, 0}));
}

TEST(OnnxSteps, XorOfConditions) {
  EXPECT_EQ(run_on_x({4}, {1, 2, 3, 4},
                     [](OnnxBuilder& b) {
                       b.floats("low", {}, {1.5f});
                       b.floats("high", {}, {3.5f});
                       b.op("Greater", {"x", "low"}, {"a"});
                       b.op("Greater", {"x", "high"}, {"b"});
                       b.op("Xor", {"a", "b"}, {"c"});
                       b.op("CastLike", {"c", "x"}, {"y"});
                     }),
            (Floats{0, 1, 1, 0}));
}

TEST(OnnxSteps, LastOfSeveralMaxima) {
  const Floats x = {1, 3, 3, 0, 7, 2, 7, 7};
  const auto last = [&](const char* op, int64_t axis) {
    return run_on_x<int64_t>({2, 4}, x, node(op, [=](OnnxNode& n) {
                               n.set("axis", axis).set("keepdims", 0).set("select_last_index", 1);
                             }));
  };
  EXPECT_EQ(last("ArgMax", 1), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(last("ArgMin", 1), (std::vector<int64_t>{3, 1}));
  EXPECT_EQ(last("ArgMax", 0), (std::vector<int64_t>{1, 0, 1, 1}));
}

TEST(OnnxSteps, HardmaxMarksTheFirstMaximum) {
  const Floats x = {1, 3, 3, 0, 7, 2};
  EXPECT_EQ(run_on_x({2, 3}, x, node("Hardmax")), (Floats{0, 1, 0, 0, 1, 0}));
  EXPECT_EQ(run_on_x({2, 3}, x, node("Hardmax", [](OnnxNode& n) { n.set("axis", 0); })),
            (Floats{1, 0, 1, 0, 1, 0}));
  EXPECT_EQ(run_on_x({1, 2, 3}, x, node("Hardmax"), 11), (Floats{0, 0, 0, 0, 1, 0}))
      << "before opset 13 the axes behind were one";
}

TEST(OnnxSteps, EyeLikeOnAnyDiagonal) {
  const Floats x(6, 9.0f);
  EXPECT_EQ(run_on_x({2, 3}, x, node("EyeLike")), (Floats{1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(
      run_on_x<int64_t>(
          {2, 3}, x,
          node("EyeLike", [](OnnxNode& n) { n.set("k", 1).set("dtype", int64_t{Onnx::INT64}); })),
      (std::vector<int64_t>{0, 1, 0, 0, 0, 1}));
}

// --- normalizations ------------------------------------------------------------------------------

// (x - mean) / sqrt(variance + epsilon) of `count` numbers from `begin` on, in place.
void normalize(Floats& x, size_t begin, size_t count, double epsilon) {
  double mean = 0, variance = 0;
  for (size_t i = 0; i < count; ++i)
    mean += static_cast<double>(x[begin + i]) / static_cast<double>(count);
  for (size_t i = 0; i < count; ++i) {
    variance += std::pow(static_cast<double>(x[begin + i]) - mean, 2) / static_cast<double>(count);
  }
  for (size_t i = 0; i < count; ++i) {
    x[begin + i] = static_cast<float>((static_cast<double>(x[begin + i]) - mean) /
                                      std::sqrt(variance + epsilon));
  }
}

TEST(OnnxSteps, InstanceNormalization) {
  const Floats x = {1, 2, 4, 8, 3, 3, 5, 1, 0, -1, 2, 7};  // [2,2,3]
  Floats expected = x;
  for (size_t channel = 0; channel < 4; ++channel) {
    normalize(expected, 3 * channel, 3, 0.25);
    for (size_t i = 0; i < 3; ++i) {
      float& y = expected[3 * channel + i];
      y = y * (channel % 2 == 0 ? 2.0f : 3.0f) + (channel % 2 == 0 ? 0.5f : -1.0f);
    }
  }
  expect_near(
      run_on_x(
          {2, 2, 3}, x,
          [](OnnxBuilder& b) {
            b.floats("scale", {2}, {2, 3});
            b.floats("offset", {2}, {0.5f, -1});
            b.op("InstanceNormalization", {"x", "scale", "offset"}, {"y"}).set("epsilon", 0.25f);
          }),
      expected);
}

// Four channels in two groups: scales of the groups until opset 20, then of the channels.
TEST(OnnxSteps, GroupNormalization) {
  const Floats x = {1, 2, 4, 8, 3, 3, 5, 1};  // [1,4,2]
  const Floats of_channels = {2, 3, -1, 4}, of_groups = {2, -1};
  for (const int64_t opset : {18, 21}) {
    SCOPED_TRACE(opset);
    Floats expected = x;
    normalize(expected, 0, 4, 1e-5);
    normalize(expected, 4, 4, 1e-5);
    for (size_t i = 0; i < 8; ++i) {
      const float scale = opset == 18 ? of_groups[i / 4] : of_channels[i / 2];
      expected[i] = expected[i] * scale + scale;
    }
    const Floats& scales = opset == 18 ? of_groups : of_channels;
    expect_near(
        run_on_x(
            {1, 4, 2}, x,
            [&](OnnxBuilder& b) {
              b.floats("scale", {static_cast<int64_t>(scales.size())}, scales);
              b.op("GroupNormalization", {"x", "scale", "scale"}, {"y"}).set("num_groups", 2);
            },
            opset),
        expected);
  }
}

TEST(OnnxSteps, RmsNormalization) {
  const float root = std::sqrt(12.5f + 1e-5f);
  expect_near(run_on_x(
                  {1, 2}, {3, 4},
                  [](OnnxBuilder& b) {
                    b.floats("scale", {2}, {2, -1});
                    b.op("RMSNormalization", {"x", "scale"}, {"y"});
                  },
                  23),
              {6 / root, -4 / root});
}

TEST(OnnxSteps, LengthsOfNothingStayNothing) {
  expect_near(run_on_x({2, 2}, {3, 4, 0, 0}, node("LpNormalization")), {0.6f, 0.8f, 0, 0});
  expect_near(
      run_on_x({2, 2}, {3, -1, 0, 0}, node("LpNormalization", [](OnnxNode& n) { n.set("p", 1); })),
      {0.75f, -0.25f, 0, 0});
}

TEST(OnnxSteps, MeanVarianceNormalization) {
  const Floats x = {1, 2, 4, 8};  // [1,2,1,2]: each channel
  Floats expected = x;
  normalize(expected, 0, 2, 0);
  normalize(expected, 2, 2, 0);
  expect_near(run_on_x({1, 2, 1, 2}, x, node("MeanVarianceNormalization")), expected);
}

TEST(OnnxSteps, LocalResponseNormalization) {
  const Floats x = {1, 2, 3, 4};  // [1,4,1,1]
  Floats expected;
  for (int c = 0; c < 4; ++c) {
    double squares = 0;  // of a channel before to two behind
    for (int i = std::max(0, c - 1); i <= std::min(3, c + 2); ++i) {
      squares += static_cast<double>(x[static_cast<size_t>(i)]) *
                 static_cast<double>(x[static_cast<size_t>(i)]);
    }
    expected.push_back(static_cast<float>(static_cast<double>(x[static_cast<size_t>(c)]) /
                                          std::pow(2 + 0.5 / 4 * squares, 0.5)));
  }
  const auto lrn = node("LRN", [](OnnxNode& n) {
    n.set("size", 4).set("alpha", 0.5f).set("beta", 0.5f).set("bias", 2.0f);
  });
  expect_near(run_on_x({1, 4, 1, 1}, x, lrn), expected);
  expect_near(run_on_x({1, 4, 1}, x, lrn), expected);
}

TEST(OnnxSteps, PoolsOfPowers) {
  const Floats x = {1, -2, 3, 4};
  const auto pool = [&](int p) {
    return run_on_x({1, 1, 4}, x, node("LpPool", [=](OnnxNode& n) {
                      n.set("kernel_shape", Dims64{3}).set("pads", Dims64{1, 0}).set("p", p);
                    }));
  };
  EXPECT_EQ(pool(1), (Floats{3, 6, 9}));
  expect_near(pool(2), {std::sqrt(5.0f), std::sqrt(14.0f), std::sqrt(29.0f)});
  expect_near(pool(3), {std::cbrt(9.0f), std::cbrt(36.0f), std::cbrt(99.0f)});
  expect_near(run_on_x({1, 1, 4}, x, node("GlobalLpPool", [](OnnxNode& n) { n.set("p", 3); })),
              {std::cbrt(100.0f)});
}

TEST(OnnxSteps, MaxPoolWithDilations) {
  const Floats x = {5, 1, 2, 9, 3, 4};
  EXPECT_EQ(run_on_x({1, 1, 6}, x,
                     node("MaxPool",
                          [](OnnxNode& n) {
                            n.set("kernel_shape", Dims64{2})
                                .set("dilations", Dims64{3})
                                .set("pads", Dims64{1, 0});
                          })),
            (Floats{2, 9, 3, 4}))
      << "the first window begins in the padding";
}

// --- sequences and sizes -------------------------------------------------------------------------

TEST(OnnxSteps, SequencesOfTheirLengthsReversed) {
  const Floats x = {0, 1, 2, 3, 4, 5, 6, 7};
  const auto reversed = [&](const Dims64& dims, const Dims64& lengths, int time) {
    return run_on_x(dims, x, [&](OnnxBuilder& b) {
      b.integers("lengths", lengths);
      b.op("ReverseSequence", {"x", "lengths"}, {"y"})
          .set("time_axis", time)
          .set("batch_axis", 1 - time);
    });
  };
  EXPECT_EQ(reversed({4, 2}, {3, 4}, 0), (Floats{4, 7, 2, 5, 0, 3, 6, 1}));
  EXPECT_EQ(reversed({2, 4}, {3, 1}, 1), (Floats{2, 1, 0, 3, 4, 5, 6, 7}));
}

// What the steps make of sizes is found anew where these are open.
TEST(OnnxSteps, OpenSizes) {
  OnnxBuilder b;
  b.open_input("x", {"time", "batch"});
  b.open_input("lengths", {"batch"}, Onnx::INT64);
  b.op("ReverseSequence", {"x", "lengths"}, {"reversed"}).set("time_axis", 0).set("batch_axis", 1);
  b.op("EyeLike", {"x"}, {"eye"});
  b.op("Add", {"reversed", "eye"}, {"y"});
  b.output("y");
  Loaded loaded = must_load(b.must_optimize());
  ASSERT_NE(loaded.session, nullptr);
  for (const int32_t time : {2, 3}) {
    const rt::InputShape shapes[] = {{0, {time, 2}}, {1, {2}}};
    ASSERT_TRUE(loaded.session->resize_inputs({shapes, 2}).ok());
    Floats x(static_cast<size_t>(2 * time));
    for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(10 * i);
    loaded.set(0, x);
    loaded.set(1, std::vector<int64_t>{time, 1});
    loaded.run();
    Floats expected = x;
    std::swap(expected[0], expected[static_cast<size_t>(2 * (time - 1))]);
    expected[0] += 1;
    expected[3] += 1;
    EXPECT_EQ(loaded.get<float>(0), expected);
  }
}

// Integers of 8 bits count in 32, and what is over is cut off.
TEST(OnnxSteps, ArithmeticOnBytes) {
  const auto of = [](const char* op) {
    OnnxBuilder b;
    b.input("x", {3}, Onnx::UINT8);
    b.constant<uint8_t>("c", {}, {100}, Onnx::UINT8);
    b.op(op, {"x", "c"}, {"y"});
    b.output("y");
    return run_one<uint8_t>(b.must_optimize(), std::vector<uint8_t>{3, 150, 200});
  };
  using Bytes = std::vector<uint8_t>;
  EXPECT_EQ(of("Add"), (Bytes{103, 250, 44}));
  EXPECT_EQ(of("Max"), (Bytes{100, 150, 200}));
  EXPECT_EQ(of("Div"), (Bytes{0, 1, 2}));
  EXPECT_EQ(of("Clip"), (Bytes{100, 150, 200}));
}

TEST(OnnxSteps, PadFromTheOtherEnd) {
  EXPECT_EQ(run_on_x(
                {3}, {1, 2, 3},
                [](OnnxBuilder& b) {
                  b.integers("pads", {2, 4});
                  b.op("Pad", {"x", "pads"}, {"y"}).set("mode", "wrap");
                },
                19),
            (Floats{2, 3, 1, 2, 3, 1, 2, 3, 1}));
}

}  // namespace
}  // namespace qrt::test
