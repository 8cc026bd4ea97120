// Scales over the whole range of floats: an operator refuses them with a sentence that says so, or
// computes the same bytes by every instruction set, and whether or not the CPU takes subnormal
// numbers for zero (as vectors of 32-bit ARM do).
#ifdef __SSE2__
#include <immintrin.h>
#endif

#include <cmath>

#include "tests/ops/move_cases.h"
#include "tests/support/instruction_sets.h"

namespace qrt::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// From the smallest normal number to the largest.
const std::vector<float> kScales = {1.18e-38f, 1e-30f, 1e-15f, 0.5f, 1e15f, 1e30f, 3.4e38f};

// Subnormal numbers are zero while this lives.
class FlushToZero {
 public:
#ifdef __SSE2__
  FlushToZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushToZero() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#else
  FlushToZero() {}
  ~FlushToZero() {}
#endif
};

// The outputs of two runs, for operators with state; or the message of a refusal.
struct Outcome {
  bool refused = false;
  std::string message;
  Bytes bytes;
  bool operator==(const Outcome& o) const { return message == o.message && bytes == o.bytes; }
};

Outcome run(const graph::Graph& graph, const std::vector<Array>& inputs, const std::string& isa,
            bool flush) {
  auto loaded = load(graph, {}, isa.c_str());
  if (!loaded.ok()) return {true, loaded.status().message(), {}};
  size_t next = 0;
  for (const Array& input : inputs) {
    if (!input.constant) loaded->set(next++, input.bytes);
  }
  Outcome outcome;
  for (int i = 0; i < 2; ++i) {
    if (flush) {
      const FlushToZero scope;
      EXPECT_TRUE(loaded->session->run().ok());
    } else {
      EXPECT_TRUE(loaded->session->run().ok());
    }
    const Bytes bytes = loaded->get<uint8_t>();
    outcome.bytes.insert(outcome.bytes.end(), bytes.begin(), bytes.end());
  }
  return outcome;
}

// Counts what is refused and what runs, so that a sweep can tell that it saw both.
struct Tally {
  int refused = 0, ran = 0;
};

void check(const graph::Graph& graph, const std::vector<Array>& inputs, Tally* tally) {
  const Outcome expected = run(graph, inputs, "scalar", false);
  if (expected.refused) {
    ++tally->refused;
    const bool clear = expected.message.find("its scales are too far apart") != std::string::npos ||
                       expected.message.find("is too large to divide by") != std::string::npos;
    EXPECT_TRUE(clear) << expected.message;
  } else {
    ++tally->ran;
  }
  for (const std::string& isa : runnable_instruction_sets()) {
    for (bool flush : {false, true}) {
      if (flush && graph.value(graph.outputs[0]).type == DType::F32) continue;  // may be subnormal
      ASSERT_TRUE(run(graph, inputs, isa, flush) == expected)
          << isa << (flush ? ", subnormals are zero" : "");
    }
  }
}

// A node on `inputs`, with every combination of scales for those inputs that have one, and for the
// output. Zero points stay.
template <class Options>
Tally sweep(const Options& options, std::vector<Array> inputs, Array output) {
  Tally tally;
  std::vector<Array*> scaled;
  for (Array& input : inputs) {
    if (!input.quantization.empty()) scaled.push_back(&input);
  }
  if (!output.quantization.empty()) scaled.push_back(&output);
  size_t combinations = 1;
  for (size_t i = 0; i < scaled.size(); ++i) combinations *= kScales.size();
  for (size_t c = 0; c < combinations; ++c) {
    std::string trace;
    for (size_t i = 0, rest = c; i < scaled.size(); ++i, rest /= kScales.size()) {
      scaled[i]->quantization.scales = {kScales[rest % kScales.size()]};
      trace += std::to_string(std::log10(scaled[i]->quantization.scales[0])) + " ";
    }
    SCOPED_TRACE("scales of 10^ " + trace);
    check(graph_of(options, inputs, {output}), inputs, &tally);
    if (testing::Test::HasFatalFailure()) break;
  }
  return tally;
}

// Bytes with a zero point of -3, which is one of them: sums of zero, times an infinite multiplier,
// would be no number.
Array bytes(Dims shape, unsigned seed = 1) {
  std::mt19937 random(seed);
  Array array = random_array(DType::S8, std::move(shape), random);
  for (size_t i = 0; i < array.bytes.size(); i += 3) array.bytes[i] = static_cast<uint8_t>(-3);
  array.quantization = {{0.5f}, {-3}, -1, 0};
  return array;
}
Array of_type(DType type, Dims shape) {
  std::mt19937 random(3);
  Array array = random_array(type, std::move(shape), random);
  array.quantization = {{0.5f}, {type == DType::U8 ? 100 : -3}, -1, 0};
  return array;
}
Array floats(Dims shape) {
  const std::vector<float> values = {0.0f,  1.0f,      -1.0f,      1e30f, -1e30f, 3e38f,
                                     -0.0f, kInfinity, -kInfinity, NAN,   2e-38f, -2e-38f};
  std::vector<float> elements_of(elements(shape));
  for (size_t i = 0; i < elements_of.size(); ++i) elements_of[i] = values[i % values.size()];
  return array_of(std::move(shape), elements_of);
}

TEST(ExtremeScales, Binary) {
  for (auto kind : {fb::BinaryKind::Add, fb::BinaryKind::Sub, fb::BinaryKind::Mul}) {
    fb::BinaryT options;
    options.kind = kind;
    const Tally tally = sweep(options, {bytes({71}), bytes({71}, 2)}, bytes({71}));
    EXPECT_GT(tally.refused, 0);
    EXPECT_GT(tally.ran, 0);
  }
  // By a table of pairs, whose infinities have limits of their own.
  fb::BinaryT options;
  options.kind = fb::BinaryKind::Div;
  EXPECT_EQ(sweep(options, {bytes({71}), bytes({71}, 2)}, bytes({71})).refused, 0);
}

TEST(ExtremeScales, MatMul) {
  const Tally tally = sweep(fb::MatMulT(), {bytes({5, 19}), bytes({19, 33}, 2)}, bytes({5, 33}));
  EXPECT_GT(tally.refused, 0);
  EXPECT_GT(tally.ran, 0);
}

TEST(ExtremeScales, FullyConnected) {
  const Array weights = as_constant(bytes({33, 19}, 2));
  const Tally tally = sweep(fb::FullyConnectedT(), {bytes({5, 19}), weights}, bytes({5, 33}));
  EXPECT_GT(tally.refused, 0);
  EXPECT_GT(tally.ran, 0);
}

TEST(ExtremeScales, Convolution) {
  const auto convolve = [](Dims in, Dims weights, int32_t groups) {
    fb::Conv2DT options;
    options.groups = groups;
    options.window = std::make_unique<fb::Window2DT>();
    options.window->padding = fb::Padding::Same;
    Dims out = in;
    out[3] = weights[0];
    const Tally tally =
        sweep(fb::Conv2DT(options), {bytes(in), as_constant(bytes(weights, 2))}, bytes(out));
    EXPECT_GT(tally.refused, 0);
    EXPECT_GT(tally.ran, 0);
  };
  convolve({1, 4, 5, 6}, {9, 1, 1, 6}, 1);
  convolve({1, 4, 5, 32}, {32, 3, 3, 32}, 1);
  convolve({1, 4, 5, 20}, {20, 3, 3, 1}, 20);
  convolve({1, 4, 5, 20}, {20, 5, 5, 1}, 20);
}

TEST(ExtremeScales, AveragePool) {
  for (bool with_padding : {false, true}) {
    fb::Pool2DT options;
    options.kind = fb::PoolKind::Average;
    options.kernel_h = options.kernel_w = 3;
    options.count_include_pad = with_padding;
    options.window = std::make_unique<fb::Window2DT>();
    options.window->padding = fb::Padding::Same;
    const Tally tally = sweep(options, {bytes({1, 4, 5, 37})}, bytes({1, 4, 5, 37}));
    EXPECT_GT(tally.refused, 0);
    EXPECT_GT(tally.ran, 0);
  }
}

TEST(ExtremeScales, Reduce) {
  for (auto kind : {fb::ReduceKind::Mean, fb::ReduceKind::Sum}) {
    fb::ReduceT options;
    options.kind = kind;
    for (int32_t axis : {0, 1}) {
      options.axes = {axis};
      const Dims out = {axis == 0 ? 37 : 9};
      const Tally tally = sweep(options, {bytes({9, 37})}, bytes(out));
      EXPECT_GT(tally.refused, 0);
      EXPECT_GT(tally.ran, 0);
    }
  }
}

TEST(ExtremeScales, Softmax) {
  for (float beta : {1e-30f, 1.0f, 1e30f}) {
    fb::SoftmaxT options;
    options.beta = beta;
    EXPECT_EQ(sweep(options, {bytes({3, 71})}, bytes({3, 71})).refused, 0);
  }
}

TEST(ExtremeScales, OperatorsOnS16) {
  const auto s16 = [](Dims shape) {
    Array array = of_type(DType::S16, std::move(shape));
    array.quantization.zero_points = {};
    return array;
  };
  const auto expect_both = [](const Tally& tally, const char* what) {
    EXPECT_GT(tally.refused, 0) << what;
    EXPECT_GT(tally.ran, 0) << what;
  };
  for (auto kind : {fb::BinaryKind::Add, fb::BinaryKind::Sub, fb::BinaryKind::Mul}) {
    fb::BinaryT options;
    options.kind = kind;
    expect_both(sweep(options, {s16({71}), s16({71})}, s16({71})), fb::EnumNameBinaryKind(kind));
  }
  fb::BinaryT quotient;
  quotient.kind = fb::BinaryKind::Div;
  EXPECT_EQ(sweep(quotient, {s16({71}), s16({71})}, s16({71})).refused, 0);
  for (auto kind : {fb::UnaryKind::Clip, fb::UnaryKind::LeakyRelu}) {
    fb::UnaryT options;
    options.kind = kind;
    options.alpha = 0.3f;
    expect_both(sweep(options, {s16({71})}, s16({71})), fb::EnumNameUnaryKind(kind));
  }
  for (auto kind : {fb::UnaryKind::Logistic, fb::UnaryKind::Exp, fb::UnaryKind::Log,
                    fb::UnaryKind::Abs, fb::UnaryKind::Floor}) {
    fb::UnaryT options;
    options.kind = kind;
    EXPECT_EQ(sweep(options, {s16({71})}, s16({71})).refused, 0) << fb::EnumNameUnaryKind(kind);
  }
  expect_both(sweep(fb::MatMulT(), {s16({5, 19}), s16({19, 33})}, s16({5, 33})), "MatMul");
  Array weights = as_constant(bytes({33, 19}, 2));
  weights.quantization.zero_points = {};
  expect_both(sweep(fb::FullyConnectedT(), {s16({5, 19}), weights}, s16({5, 33})),
              "FullyConnected");
  fb::ReduceT mean;
  mean.axes = {0};
  expect_both(sweep(mean, {s16({9, 37})}, s16({37})), "Reduce");
}

TEST(ExtremeScales, QuantizeAndDequantize) {
  for (DType out : {DType::S8, DType::U8, DType::S16}) {
    const Tally from_float = sweep(fb::QuantizeT(), {floats({71})}, of_type(out, {71}));
    // A scale whose inverse is subnormal; s16 divides by it.
    EXPECT_EQ(from_float.refused > 0, out != DType::S16);
    EXPECT_GT(from_float.ran, 0);
    for (DType in : {DType::S8, DType::U8, DType::S16}) {
      const Tally tally = sweep(fb::QuantizeT(), {of_type(in, {71})}, of_type(out, {71}));
      EXPECT_GT(tally.refused, 0);
      EXPECT_GT(tally.ran, 0);
    }
  }
  for (DType in : {DType::S8, DType::U8, DType::S16, DType::S32}) {
    const Array out = array_of<float>({71}, std::vector<float>(71));
    EXPECT_EQ(sweep(fb::DequantizeT(), {of_type(in, {71})}, out).refused, 0);
  }
}

// Sums of weights times activations that are quantized at run time: there is nothing to refuse.
TEST(ExtremeScales, DynamicQuantization) {
  for (float largest : {1e-44f, 3e-39f, 1e-36f, 1.0f, 1e30f, 3.4e38f, kInfinity}) {
    for (float smallest : {0.0f, -1.0f}) {
      for (bool symmetric : {false, true}) {
        std::vector<float> values(3 * 19);
        for (size_t i = 0; i < values.size(); ++i) {
          values[i] = (i % 4 == 0   ? largest
                       : i % 4 == 1 ? smallest * largest
                                    : 0.0f) *
                      (largest > 1e38f ? 1.0f : static_cast<float>(i % 7) / 6.0f);
          if (values[i] != values[i]) values[i] = 0;
        }
        fb::FullyConnectedT options;
        options.symmetric_input = symmetric;
        const std::vector<Array> inputs = {array_of({3, 19}, values),
                                           as_constant(bytes({33, 19}, 2))};
        const Tally tally =
            sweep(options, inputs, array_of<float>({3, 33}, std::vector<float>(99)));
        EXPECT_EQ(tally.refused, 0);
      }
    }
  }
}

TEST(ExtremeScales, ASumOfZeroStaysZeroUnderAnyScale) {
  const graph::Quantization huge = {{3.4e38f}, {}, -1, 0};
  Array weights = array_of<int8_t>({1, 2}, {0, 0});
  weights.quantization = huge;
  expect_node(fb::FullyConnectedT(),
              {array_of<float>({1, 2}, {3e38f, -3e38f}), as_constant(weights)},
              {array_of<float>({1, 1}, {0.0f})});
}

TEST(ExtremeScales, Lstm) {
  Tally tally;
  constexpr int32_t kUnits = 9, kInputs = 5, kSteps = 3;
  for (float in_scale : kScales) {
    for (float weight_scale : kScales) {
      for (float cell_scale : {1.18e-38f, 0.0001f, 3.4e38f}) {
        for (float hidden_scale : {1.18e-38f, 0.01f, 3.4e38f}) {
          graph::Graph g;
          const auto scaled = [](float scale, int32_t zero) {
            return graph::Quantization{{scale}, {zero}, -1, 0};
          };
          const auto constant = [&](Dims shape, unsigned seed) {
            const Array w = bytes(shape, seed);
            return g.add_constant_bytes("weights", DType::S8, shape, w.bytes,
                                        scaled(weight_scale, 0));
          };
          const int x = g.add_tensor("x", DType::S8, {1, kSteps, kInputs}, scaled(in_scale, -3));
          const int w = constant({4 * kUnits, kInputs}, 2), r = constant({4 * kUnits, kUnits}, 3);
          const int bias =
              g.add_constant("bias", {4 * kUnits}, std::vector<int32_t>(4 * kUnits, 0));
          const int h = g.add_tensor("h", DType::S8, {1, kUnits}, scaled(hidden_scale, 4));
          const int c = g.add_tensor("c", DType::S16, {1, kUnits}, scaled(cell_scale, 0));
          g.value(h).variable = g.value(c).variable = true;
          const int out =
              g.add_tensor("out", DType::S8, {1, kSteps, kUnits}, scaled(hidden_scale, 4));
          g.add_node("lstm", fb::LstmT(), {x, w, r, bias, h, c}, {out});
          g.inputs = {x};
          g.outputs = {out};
          SCOPED_TRACE(testing::Message() << "scales " << in_scale << " " << weight_scale << " "
                                          << cell_scale << " " << hidden_scale);
          ASSERT_NO_FATAL_FAILURE(check(g, {bytes({1, kSteps, kInputs})}, &tally));
        }
      }
    }
  }
  EXPECT_GT(tally.refused, 0);
  EXPECT_GT(tally.ran, 0);
}

}  // namespace
}  // namespace qrt::test
