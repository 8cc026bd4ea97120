// Operators on s16 against plain loops over TensorFlow Lite's published integer arithmetic.
#include "tests/oracle/check.h"
#include "tests/oracle/elementwise.h"
#include "tests/oracle/numerics_s16.h"
#include "tests/oracle/rows.h"
#include "tests/oracle/window.h"

namespace qrt::test {
namespace {

Kind s16(double scale) { return {DType::S16, one_scale(scale)}; }
double scale_of(const Kind& kind) { return static_cast<double>(kind.quantization.scales[0]); }
double scale_of(const Stored& in) { return static_cast<double>(in.quantization.scales[0]); }

// 2^-k or a number between: ties come from the former.
double random_scale(std::mt19937& random) {
  const double power = std::ldexp(1.0, -draw(random, 7, 14));
  return static_cast<double>(
      static_cast<float>(random() % 3 == 0 ? power : power * (1 + draw(random, 1, 999) / 1000.0)));
}
Stored random_s16(const Dims& shape, std::mt19937& random) {
  Stored in = random_stored(s16(random_scale(random)), shape, random);
  if (random() % 3 == 0) {
    for (double& q : in.values) q = std::trunc(q / draw(random, 1, 300));
  }
  return in;
}
std::unique_ptr<fb::ClampT> random_clamp(double scale, std::mt19937& random) {
  if (random() % 2 == 0) return nullptr;
  auto clamp = std::make_unique<fb::ClampT>();
  clamp->min = static_cast<float>(-draw(random, 0, 20000) * scale);
  clamp->max = static_cast<float>(draw(random, 0, 20000) * scale);
  return clamp;
}

// ---- Products

struct Layer {
  Stored in, weights;
  std::vector<Stored> bias;
  std::unique_ptr<fb::ClampT> clamp;
  Kind out;
  DType bias_type = DType::S64;  // of none: S64
  bool full = false;             // FullyConnected
  bool transposed = false;

  std::vector<Stored> operands() const {
    std::vector<Stored> all = {in, weights};
    all.insert(all.end(), bias.begin(), bias.end());
    return all;
  }
  std::vector<double> bias_values() const {
    if (!bias.empty()) return bias[0].values;
    return std::vector<double>(static_cast<size_t>(weights.shape[0]));
  }
};

Layer random_layer(const Dims& in, const Dims& weights, bool full, std::mt19937& random) {
  Layer layer;
  layer.full = full;
  layer.in = random_s16(in, random);
  const bool per_output = random() % 3 != 0;
  Kind w{DType::S8, one_scale(0.01)};
  if (per_output) {
    w.quantization = {};
    w.quantization.axis = 0;
    for (int32_t o = 0; o < weights[0]; ++o) {
      w.quantization.scales.push_back(static_cast<float>(draw(random, 20, 400)) / 10000.0f);
    }
  }
  layer.weights = random_stored(w, weights, random).as_constant();
  layer.bias_type = random() % 2 == 0 ? DType::S64 : DType::S32;
  if (random() % 4 != 0) {
    layer.bias = {
        random_stored(plain(layer.bias_type), {weights[0]}, -4e6, 4e6, random).as_constant()};
  }
  const double terms = static_cast<double>(oracle::count(weights)) / weights[0];
  layer.out = s16(scale_of(layer.in) * 0.02 * std::sqrt(terms) * draw(random, 20, 200));
  layer.clamp = random_clamp(scale_of(layer.out), random);
  return layer;
}

Expected result(const Tensor& sums, const Layer& layer) {
  const oracle::Range range = range_of(layer.out, layer.clamp.get());
  const auto& scales = layer.weights.quantization.scales;
  const auto outputs = static_cast<size_t>(layer.weights.shape[0]);
  Expected expected{DType::S16, sums, layer.out.quantization, {}};
  for (size_t i = 0; i < sums.values.size(); ++i) {
    const float w = scales[scales.size() == 1 ? 0 : i % outputs];
    double& value = expected.tensor.values[i];
    const double exact = scale_of(layer.in) * static_cast<double>(w) / scale_of(layer.out);
    const double real = std::clamp(value * exact, range.min, range.max);
    const auto sum = static_cast<int64_t>(value);
    if (layer.full && !layer.bias.empty() && layer.bias_type == DType::S64) {
      value = std::clamp(std::round(value * exact), range.min, range.max);
    } else if (layer.full) {
      const float product = layer.in.quantization.scales[0] * w;
      const double factor =
          scales.size() == 1 ? static_cast<double>(product) / scale_of(layer.out) : exact;
      value = oracle::clamp16(oracle::scale_sum(sum, oracle::Factor(factor)), range.min, range.max);
    } else {
      oracle::Factor factor(exact);
      const bool wide = layer.bias.empty() || layer.bias_type == DType::S64;
      if (wide) factor = factor.fifteen();
      const int64_t q = layer.transposed && !wide ? oracle::scale_element(sum, factor)
                                                  : oracle::scale_sum(sum, factor);
      value = oracle::clamp16(q, range.min, range.max);
    }
    // 15 bits of a factor are off by a 32768th at most.
    EXPECT_NEAR(value, real, (layer.transposed ? 0.76 : 0.51) + std::fabs(real) / 32768)
        << "the oracle itself";
  }
  return expected;
}

TEST(OracleS16, FullyConnected) {
  repeat(60, 1, [](std::mt19937& random) {
    const int32_t depth = pick<int32_t>(random, {1, 3, 16, 31, 200, 400}),
                  rows = draw(random, 1, 4);
    const Layer layer = random_layer(
        {rows, depth}, {pick<int32_t>(random, {1, 2, 63, 64, 65, 130}), depth}, true, random);
    fb::FullyConnectedT options;
    if (layer.clamp != nullptr) options.clamp = std::make_unique<fb::ClampT>(*layer.clamp);
    const Tensor sums =
        oracle::fully_connected(layer.in.steps(), layer.weights.steps(), layer.bias_values());
    expect_node(std::move(options), layer.operands(), result(sums, layer));
  });
}

// Sums that leave 32 bits: 513 products of the largest numbers, and many more.
TEST(OracleS16, SumsAreExactIn64Bits) {
  for (const int32_t depth : {511, 512, 513, 1023, 9000, 65536}) {
    for (const double first : {-128.0, 127.0}) {
      Stored in = {DType::S16, {1, depth}, one_scale(1), {}, Stored::Input};
      in.values.assign(static_cast<size_t>(depth), -32768);
      Stored weights = {DType::S8, {2, depth}, one_scale(1), {}, Stored::Constant};
      weights.values.assign(static_cast<size_t>(2 * depth), 127);
      std::fill_n(weights.values.begin(), depth, first);
      Stored bias = {DType::S64, {2}, {}, {5, -7e12}, Stored::Constant};
      const double out_scale = std::ldexp(1.0, 24);
      std::vector<double> want = {-32768.0 * first * depth + 5, -32768.0 * 127 * depth - 7e12};
      for (double& q : want) q = std::clamp(std::round(q / out_scale), -32768.0, 32767.0);
      expect_node(fb::FullyConnectedT(), {in, weights, bias},
                  {DType::S16, {{1, 2}, want}, one_scale(out_scale), {}});
    }
  }
}

fb::Window2DT window_of(const oracle::Window& w) {
  fb::Window2DT window;
  window.stride_h = w.y.stride;
  window.stride_w = w.x.stride;
  window.dilation_h = w.y.dilation;
  window.dilation_w = w.x.dilation;
  window.padding = static_cast<fb::Padding>(w.padding);
  return window;
}

oracle::Window random_window(int32_t ky, int32_t kx, std::mt19937& random) {
  oracle::Window window;
  window.padding = oracle::Padding::Same;
  window.y = {ky, draw(random, 1, 3), draw(random, 1, 2), 0, 0};
  window.x = {kx, draw(random, 1, 3), draw(random, 1, 2), 0, 0};
  return window;
}

TEST(OracleS16, Conv2D) {
  repeat(120, 2, [](std::mt19937& random) {
    const bool depthwise = random() % 3 == 0;
    const int32_t groups = depthwise ? pick<int32_t>(random, {2, 5, 63, 64, 65, 130})
                                     : pick<int32_t>(random, {1, 1, 2, 3});
    const int32_t depth = depthwise ? 1 : pick<int32_t>(random, {1, 2, 3, 17});
    const int32_t outputs = pick<int32_t>(random, {1, 1, 2, depthwise ? 1 : 70});
    const int32_t ky = draw(random, 1, 4), kx = draw(random, 1, 4);
    const oracle::Window window = random_window(ky, kx, random);
    const Layer layer =
        random_layer({draw(random, 1, 2), draw(random, 1, 7), draw(random, 1, 7), depth * groups},
                     {outputs * groups, ky, kx, depth}, false, random);
    fb::Conv2DT options;
    options.window = std::make_unique<fb::Window2DT>(window_of(window));
    options.groups = groups;
    if (layer.clamp != nullptr) options.clamp = std::make_unique<fb::ClampT>(*layer.clamp);
    const Tensor sums = oracle::conv2d(layer.in.steps(), layer.weights.steps(), layer.bias_values(),
                                       window, groups);
    expect_node(std::move(options), layer.operands(), result(sums, layer));
  });
}

// Each input pixel adds its product with the kernel to the output.
Tensor transposed(const Layer& layer, const oracle::Window& w, int32_t out_h, int32_t out_w) {
  const Tensor in = layer.in.steps(), weights = layer.weights.steps();
  const int32_t outputs = weights.dim(0), channels = in.dim(3);
  Tensor sums({in.dim(0), out_h, out_w, outputs});
  const std::vector<double> bias = layer.bias_values();
  oracle::for_each_index(sums.shape,
                         [&](const Dims& at) { sums.at(at) = bias[static_cast<size_t>(at[3])]; });
  oracle::for_each_index(in.shape, [&](const Dims& from) {
    oracle::for_each_index({w.y.kernel, w.x.kernel, outputs}, [&](const Dims& tap) {
      const int32_t y = from[1] * w.y.stride + tap[0] - w.y.before;
      const int32_t x = from[2] * w.x.stride + tap[1] - w.x.before;
      if (y < 0 || x < 0 || y >= out_h || x >= out_w) return;
      sums.at({from[0], y, x, tap[2]}) +=
          in.at(from) * weights.at(tap[2], tap[0], tap[1], from[3] % channels);
    });
  });
  return sums;
}

TEST(OracleS16, TransposedConv2D) {
  repeat(60, 3, [](std::mt19937& random) {
    oracle::Window w;
    w.y = {draw(random, 1, 4), draw(random, 1, 5), 1, 0, 0};
    w.x = {draw(random, 1, 4), draw(random, 1, 5), 1, 0, 0};
    w.y.before = draw(random, 0, w.y.kernel - 1);
    w.x.before = draw(random, 0, w.x.kernel - 1);
    const int32_t channels = draw(random, 1, 5), outputs = pick<int32_t>(random, {1, 3, 66});
    Layer layer =
        random_layer({draw(random, 1, 2), draw(random, 1, 5), draw(random, 1, 5), channels},
                     {outputs, w.y.kernel, w.x.kernel, channels}, false, random);
    layer.transposed = true;
    fb::TransposedConv2DT options;
    options.window = std::make_unique<fb::Window2DT>(window_of(w));
    options.window->padding = fb::Padding::Explicit;
    options.window->pad_top = w.y.before;
    options.window->pad_left = w.x.before;
    if (layer.clamp != nullptr) options.clamp = std::make_unique<fb::ClampT>(*layer.clamp);
    const int32_t out_h = (layer.in.shape[1] - 1) * w.y.stride + w.y.kernel - w.y.before;
    const int32_t out_w = (layer.in.shape[2] - 1) * w.x.stride + w.x.kernel - w.x.before;
    if (out_h < 1 || out_w < 1) return;
    expect_node(std::move(options), layer.operands(),
                result(transposed(layer, w, out_h, out_w), layer));
  });
}

TEST(OracleS16, MatMul) {
  repeat(60, 4, [](std::mt19937& random) {
    const bool ta = random() % 2 == 0, tb = random() % 2 == 0, narrow = random() % 2 == 0;
    const int32_t m = draw(random, 1, 5), n = pick<int32_t>(random, {1, 7, 64, 90}),
                  batch = draw(random, 1, 3), k = draw(random, 1, narrow ? 200 : 3);
    const Stored a = random_s16(ta ? Dims{batch, k, m} : Dims{batch, m, k}, random);
    const Dims right = tb ? Dims{batch, n, k} : Dims{batch, k, n};
    Stored b = narrow ? random_stored({DType::S8, one_scale(0.01)}, right, random)
                      : random_s16(right, random);
    if (random() % 2 == 0) b = b.as_constant();
    const Kind out = s16(scale_of(a) * scale_of(b) * (narrow ? 90 : 20000) * std::sqrt(k));
    const float product = a.quantization.scales[0] * b.quantization.scales[0];
    const oracle::Factor factor(static_cast<double>(product) / scale_of(out));
    Expected expected{
        DType::S16, oracle::mat_mul(a.steps(), b.steps(), ta, tb), out.quantization, {}};
    for (double& x : expected.tensor.values) {
      // 2^32 at most, by 15 bits.
      const auto sum = static_cast<int64_t>(x);
      x = oracle::clamp16(
          oracle::half_up(sum * (factor.fifteen().mantissa >> 16), factor.bits - 16));
    }
    fb::MatMulT options;
    options.transpose_a = ta;
    options.transpose_b = tb;
    expect_node(std::move(options), {a, b}, expected);
  });
}

// ---- Elements

TEST(OracleS16, AddSubMul) {
  repeat(150, 5, [](std::mt19937& random) {
    const Dims shape = {draw(random, 1, 4), draw(random, 1, 5), draw(random, 1, 40)};
    Dims other = shape;
    for (int32_t& dim : other) dim = random() % 4 == 0 ? 1 : dim;
    const Stored a = random_s16(shape, random), b = random_s16(other, random);
    const auto kind = pick<fb::BinaryKind>(
        random, {fb::BinaryKind::Add, fb::BinaryKind::Sub, fb::BinaryKind::Mul});
    const bool mul = kind == fb::BinaryKind::Mul;
    const double larger = std::max(scale_of(a), scale_of(b));
    const Kind out = s16(mul ? scale_of(a) * scale_of(b) * draw(random, 500, 30000)
                             : larger * draw(random, 2, 40) / 10);
    fb::BinaryT options;
    options.kind = kind;
    options.clamp = random_clamp(scale_of(out), random);
    const oracle::Range range = range_of(out, options.clamp.get());
    const oracle::Factor fa(scale_of(a) / (2 * larger)), fb(scale_of(b) / (2 * larger));
    const oracle::Factor sum(2 * larger / (32768 * scale_of(out)));
    const float ratio =
        a.quantization.scales[0] * b.quantization.scales[0] / out.quantization.scales[0];
    const oracle::Factor product(static_cast<double>(ratio));
    const auto f = [&](double x, double y) {
      const auto p = static_cast<int64_t>(x), q = static_cast<int64_t>(y);
      int64_t result;
      if (mul) {
        result = oracle::scale_element(p * q, product);
      } else {
        const int64_t left = oracle::scale_element(p * 32768, fa);
        const int64_t right = oracle::scale_element(q * 32768, fb);
        result =
            oracle::scale_element(kind == fb::BinaryKind::Sub ? left - right : left + right, sum);
      }
      return oracle::clamp16(result, range.min, range.max);
    };
    expect_node(std::move(options), {a, b},
                {DType::S16, oracle::broadcast(a.steps(), b.steps(), f), out.quantization, {}});
  });
}

TEST(OracleS16, OtherBinaryOperators) {
  for (auto kind : {fb::BinaryKind::Div, fb::BinaryKind::Min, fb::BinaryKind::Max,
                    fb::BinaryKind::SquaredDifference}) {
    repeat(8, 6, [&](std::mt19937& random) {
      const Stored a = random_s16({3, 50}, random), b = random_s16({1, 50}, random);
      const Kind out = s16(random_scale(random));
      const auto f = [&](double x, double y) {
        double real =
            oracle::binary(fb::EnumNameBinaryKind(kind), x * scale_of(a), y * scale_of(b));
        real /= scale_of(out);
        return std::clamp(std::nearbyint(std::isnan(real) ? 0 : real), -32768.0, 32767.0);
      };
      fb::BinaryT options;
      options.kind = kind;
      expect_node(std::move(options), {a, b},
                  {DType::S16, oracle::broadcast(a.steps(), b.steps(), f), out.quantization, {}});
    });
  }
}

TEST(OracleS16, Comparisons) {
  for (auto kind : {fb::BinaryKind::Equal, fb::BinaryKind::Less, fb::BinaryKind::GreaterEqual}) {
    std::mt19937 random(7);
    const Stored a = random_stored(s16(0.01), {70}, -3, 3, random);
    const Stored b = random_stored(s16(0.01), {70}, -3, 3, random);
    fb::BinaryT options;
    options.kind = kind;
    const auto f = [&](double x, double y) {
      return oracle::binary(fb::EnumNameBinaryKind(kind), x, y);
    };
    expect_node(std::move(options), {a, b},
                {DType::Bool, oracle::broadcast(a.steps(), b.steps(), f), {}, {}});
  }
}

Stored all_values(double scale) {
  Stored in = {DType::S16, {65536}, one_scale(scale), {}, Stored::Input};
  for (int q = -32768; q < 32768; ++q) in.values.push_back(q);
  return in;
}

void expect_unary(fb::UnaryKind kind, float alpha, const Stored& in, const Kind& out,
                  const std::function<double(int64_t)>& f) {
  fb::UnaryT options;
  options.kind = kind;
  options.alpha = alpha;
  Expected expected{DType::S16, in.numbers(), out.quantization, {}};
  for (double& q : expected.tensor.values) q = f(static_cast<int64_t>(q));
  expect_node(std::move(options), {in}, expected);
}

TEST(OracleS16, LeakyReluAndClip) {
  repeat(12, 8, [](std::mt19937& random) {
    const Stored in = all_values(random_scale(random));
    const Kind out = s16(scale_of(in) * draw(random, 5, 25) / 10);
    const float alpha = pick<float>(random, {0, 0.25f, 0.3f, 1.7f, -0.4f});
    const float s = in.quantization.scales[0], t = out.quantization.scales[0];
    const oracle::Factor above(static_cast<double>(s / t));
    const float slope = s * alpha / t;
    const oracle::Factor below(static_cast<double>(std::fabs(slope)));
    expect_unary(fb::UnaryKind::LeakyRelu, alpha, in, out, [&](int64_t q) {
      const int64_t negative = oracle::scale_element(q, below);
      return oracle::clamp16(q >= 0      ? oracle::scale_element(q, above)
                             : slope < 0 ? -negative
                                         : negative);
    });
    fb::UnaryT clip;
    clip.clamp = random_clamp(scale_of(out), random);
    const oracle::Range range = range_of(out, clip.clamp.get());
    Expected clipped{DType::S16, in.numbers(), out.quantization, {}};
    for (double& q : clipped.tensor.values) {
      q = oracle::clamp16(oracle::scale_element(static_cast<int64_t>(q), above), range.min,
                          range.max);
    }
    expect_node(std::move(clip), {in}, clipped);
  });
}

// Entries that TensorFlow Lite publishes: the sigmoid of 0, 1/24, 2/24.. by 65536.
int64_t sigmoid_entry(int64_t i) {
  if (i == 255) return 65535;
  const auto sigmoid = [](double x) { return 65536 / (1 + std::exp(-x / 24)); };
  const auto x = static_cast<double>(i);
  return static_cast<int64_t>(
      std::round(sigmoid(x) - (sigmoid(x + 1) - 2 * sigmoid(x) + sigmoid(x - 1)) / 16));
}

TEST(OracleS16, SigmoidEntriesAreThoseOfTensorFlowLite) {
  const std::vector<std::pair<int64_t, int64_t>> published = {
      {0, 32768},   {1, 33451},   {4, 35493},   {8, 38180},   {15, 42688},  {28, 49975},
      {44, 56503},  {87, 63835},  {100, 64536}, {116, 65019}, {135, 65301}, {160, 65453},
      {200, 65520}, {227, 65531}, {254, 65534}, {255, 65535}};
  for (const auto& [index, entry] : published) EXPECT_EQ(sigmoid_entry(index), entry) << index;
}

// Scales of each kind: any, and those near 2^-12 and 2^-11, which count as these.
const std::vector<double> kSigmoidScales = {1.0 / 4096, 1.0 / 2048, 0.00024415, 0.000244,
                                            0.0003,     0.00003,    0.011,      1.5};

TEST(OracleS16, LogisticAndTanh) {
  for (const double scale : kSigmoidScales) {
    const Stored in = all_values(scale);
    const double log2 = std::log2(scale_of(in)), power = std::round(log2);
    double by = scale_of(in) * 4096 * 3;
    int bits = 0;
    double allowed = 3;
    if (std::fabs(log2 - power) < 1e-3 && (power == -11 || power == -12)) {
      by = power == -12 ? 3 : 6;
      allowed = 3 + 10000 * std::fabs(log2 - power);
    } else {
      for (; by <= 32767 / 2.0; by *= 2) ++bits;
    }
    const auto position = [&](int64_t q) {
      const int64_t product = q * static_cast<int64_t>(by);
      return bits == 0 ? product : oracle::half_up(product, bits);
    };
    const auto at = [&](int64_t size, int fraction) {
      const int64_t index = size >> fraction, rest = size - (index << fraction);
      return (sigmoid_entry(index) << fraction) +
             rest * (sigmoid_entry(index + 1) - sigmoid_entry(index));
    };
    expect_unary(fb::UnaryKind::Logistic, 0, in, s16(1.0 / 32768), [&](int64_t q) {
      const int64_t x = position(q), size = std::abs(x);
      const int64_t y = size >= 255 << 9 ? 0x7FFF << 10 : at(size, 9);
      const int64_t result = (x >= 0 ? y + 512 : (1 << 25) - y + 511) >> 10;
      EXPECT_NEAR(static_cast<double>(result),
                  std::min(32768 / (1 + std::exp(-scale_of(in) * static_cast<double>(q))), 32767.0),
                  allowed)
          << "the oracle itself, " << scale;
      return static_cast<double>(result);
    });
    expect_unary(fb::UnaryKind::Tanh, 0, in, s16(1.0 / 32768), [&](int64_t q) {
      const int64_t x = position(q), size = std::abs(x);
      const int64_t y = (size >= 255 << 8 ? 0xFFFF << 8 : at(size, 8)) - (1 << 23);
      const int64_t result = (x >= 0 ? y + 128 : -y + 127) >> 8;
      EXPECT_NEAR(static_cast<double>(result),
                  std::min(32768 * std::tanh(scale_of(in) * static_cast<double>(q)), 32767.0),
                  allowed)
          << "the oracle itself, " << scale;
      return static_cast<double>(result);
    });
  }
}

TEST(OracleS16, InterpolatedFunctions) {
  struct Case {
    fb::UnaryKind kind;
    double in, out;
  };
  const Case cases[] = {{fb::UnaryKind::Exp, 0.0001, 0.001},
                        {fb::UnaryKind::Gelu, 0.0003, 0.0004},
                        {fb::UnaryKind::Silu, 0.0003, 0.0003},
                        {fb::UnaryKind::Elu, 0.0001, 0.0001},
                        {fb::UnaryKind::Logistic, 0.0002, 0.00004}};
  for (const Case& c : cases) {
    const Stored in = all_values(c.in);
    const Kind out = s16(c.out);
    const auto f = [&](float x) {
      return static_cast<float>(
          oracle::unary(fb::EnumNameUnaryKind(c.kind), static_cast<double>(x), 1, 0));
    };
    const auto table =
        oracle::table16<float>(in.quantization.scales[0], 0, out.quantization.scales[0], f);
    expect_unary(c.kind, 1, in, out, [&](int64_t q) {
      const auto result = static_cast<double>(oracle::look_up16(table, q));
      const double real =
          oracle::unary(fb::EnumNameUnaryKind(c.kind), static_cast<double>(q) * scale_of(in), 1, 0);
      EXPECT_NEAR(result, std::clamp(real / scale_of(out), -32768.0, 32767.0), 4)
          << "the oracle itself, " << fb::EnumNameUnaryKind(c.kind) << " of " << q;
      return result;
    });
  }
}

TEST(OracleS16, FunctionsOfEachElement) {
  for (auto kind : {fb::UnaryKind::Abs, fb::UnaryKind::Neg, fb::UnaryKind::Sqrt, fb::UnaryKind::Sin,
                    fb::UnaryKind::Square}) {
    const Stored in = all_values(0.0007);
    const Kind out = s16(0.0005);
    expect_unary(kind, 0, in, out, [&](int64_t q) {
      const double steps =
          oracle::unary(fb::EnumNameUnaryKind(kind), static_cast<double>(q) * scale_of(in), 0, 0) /
          scale_of(out);
      return std::clamp(std::nearbyint(std::isnan(steps) ? 0 : steps), -32768.0, 32767.0);
    });
  }
}

// ---- Rows and windows

TEST(OracleS16, Pool2D) {
  repeat(60, 9, [](std::mt19937& random) {
    const bool max = random() % 2 == 0, all = random() % 3 == 0;
    oracle::Window window = random_window(draw(random, 1, 3), draw(random, 1, 3), random);
    window.y.dilation = window.x.dilation = 1;
    const Stored in = random_s16(
        {2, draw(random, 1, 6), draw(random, 1, 6), pick<int32_t>(random, {1, 5, 64, 67})}, random);
    const Kind out = {DType::S16, in.quantization};
    fb::Pool2DT options;
    options.kind = max ? fb::PoolKind::Max : fb::PoolKind::Average;
    options.window = std::make_unique<fb::Window2DT>(window_of(window));
    options.kernel_h = window.y.kernel;
    options.kernel_w = window.x.kernel;
    options.count_include_pad = all && !max;
    options.clamp = random_clamp(scale_of(in), random);
    const oracle::Range range = range_of(out, options.clamp.get());
    const auto taps = static_cast<double>(window.y.kernel * window.x.kernel);
    const auto f = [&](const std::vector<double>& inside) {
      double sum = 0;
      for (double q : inside) sum += q;
      const double q = max ? *std::max_element(inside.begin(), inside.end())
                           : std::round(sum / (all ? taps : static_cast<double>(inside.size())));
      return std::clamp(q, range.min, range.max);
    };
    expect_node(std::move(options), {in},
                {DType::S16, oracle::pool2d(in.numbers(), window, f), out.quantization, {}});
  });
}

TEST(OracleS16, MeanAndSum) {
  repeat(60, 10, [](std::mt19937& random) {
    const Stored in =
        random_s16({draw(random, 1, 5), draw(random, 1, 9), draw(random, 1, 30)}, random);
    const bool mean = random() % 2 == 0;
    fb::ReduceT options;
    options.kind = mean ? fb::ReduceKind::Mean : fb::ReduceKind::Sum;
    options.axes = pick<std::vector<int32_t>>(random, {{0}, {1}, {2}, {0, 2}, {0, 1, 2}});
    options.keep_dims = random() % 2 == 0;
    const Kind out = s16(scale_of(in) * draw(random, 3, 80) / 10);
    const auto f = [&](const std::vector<double>& values) {
      double sum = 0;
      for (double q : values) sum += q;
      oracle::Factor factor(scale_of(in) / scale_of(out));
      if (mean) {
        int bits = 0;
        while (size_t{2} << bits <= values.size()) ++bits;
        bits = std::min(bits, 62 - factor.bits);
        factor.mantissa = (factor.mantissa << bits) / static_cast<int64_t>(values.size());
        factor.bits += bits;
      }
      return oracle::clamp16(oracle::scale_element(static_cast<int64_t>(sum), factor));
    };
    const Tensor want = oracle::reduce(in.steps(), options.axes, options.keep_dims, f);
    expect_node(std::move(options), {in}, {DType::S16, want, out.quantization, {}});
  });
}

TEST(OracleS16, Softmax) {
  const auto exponentials = oracle::table16<double>(10.0 / 65535, 32767, 2.0 / 65535,
                                                    [](double x) { return std::exp(x); });
  const auto reciprocals = oracle::table16<double>(1.0 / 65535, -32768, 2.0 / 65535,
                                                   [](double x) { return 1 / (1 + x); });
  repeat(40, 11, [&](std::mt19937& random) {
    const int32_t rows = draw(random, 1, 3), n = pick<int32_t>(random, {1, 2, 10, 300, 4000});
    Stored in = random_s16({rows, n}, random);
    fb::SoftmaxT options;
    options.beta = pick<float>(random, {1, 0.5f, 1.7f});
    const float step = in.quantization.scales[0] * options.beta;
    const oracle::Factor factor(static_cast<double>(step) / (10.0 / 65535));
    Expected expected{DType::S16, in.numbers(), one_scale(1.0 / 32768), {}};
    for (int32_t r = 0; r < rows; ++r) {
      double* row = &expected.tensor.values[static_cast<size_t>(r) * static_cast<size_t>(n)];
      const std::vector<double> given(row, row + n);
      const double largest = *std::max_element(row, row + n);
      int64_t sum = 0;
      std::vector<int64_t> e;
      for (int32_t i = 0; i < n; ++i) {
        const int64_t steps = oracle::scale_element(static_cast<int64_t>(row[i] - largest), factor);
        e.push_back(oracle::look_up16(exponentials, std::max<int64_t>(steps + 32767, -32768)));
        sum += e.back();
      }
      int bits = 0;  // sum is in [2^bits, 2^(bits + 1))
      while (int64_t{2} << bits <= sum) ++bits;
      // 1 + x, x in steps of 2^-16.
      const int64_t x = (bits > 16 ? oracle::half_up(sum, bits - 16) : sum << (16 - bits)) - 65536;
      const int64_t by = oracle::look_up16(reciprocals, std::min<int64_t>(x, 65535) - 32768);
      double real_sum = 0;
      const double scale = scale_of(in) * static_cast<double>(options.beta);
      for (double q : given) real_sum += std::exp((q - largest) * scale);
      for (int32_t i = 0; i < n; ++i) {
        row[i] = std::clamp<double>(
            static_cast<double>(oracle::half_up(e[static_cast<size_t>(i)] * by, bits)), 0, 32767);
        const double real =
            std::exp((given[static_cast<size_t>(i)] - largest) * scale) / real_sum * 32768;
        // Exponentials below e^-10 count as it, each.
        EXPECT_NEAR(row[i], real, 3 + 0.0002 * real + n * 2) << "the oracle itself";
      }
    }
    expect_node(std::move(options), {in}, expected);
  });
}

TEST(OracleS16, SoftmaxOfBytes) {
  repeat(20, 12, [](std::mt19937& random) {
    const Kind kind = {DType::S8, one_scale(pick<double>(random, {0.02, 0.1, 0.5}), 7)};
    const Stored in = random_stored(kind, {2, draw(random, 1, 200)}, random);
    const Tensor want = map(oracle::softmax(in.real(), 1, false),
                            [](double p) { return std::min(std::nearbyint(p * 32768), 32767.0); });
    // Exponentials are rounded to 2^-23.
    Expected expected{DType::S16, want, one_scale(1.0 / 32768), {}};
    expected.tolerance.assign(want.values.size(), 1);
    expect_node(fb::SoftmaxT(), {in}, expected);
  });
}

}  // namespace
}  // namespace qrt::test
