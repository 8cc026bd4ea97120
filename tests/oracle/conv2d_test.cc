// Conv2D against plain loops: integer in every scheme, float, and float with integer weights.
#include "tests/oracle/weighted.h"
#include "tests/oracle/window.h"

namespace qrt::test {
namespace {

struct Case {
  Dims in, weights;
  oracle::Window window;
  int32_t groups = 1;
};

fb::Conv2DT options_of(const Case& c, const fb::ClampT* clamp, bool symmetric = false) {
  fb::Conv2DT options;
  options.window = std::make_unique<fb::Window2DT>();
  fb::Window2DT& w = *options.window;
  w.stride_h = c.window.y.stride;
  w.stride_w = c.window.x.stride;
  w.dilation_h = c.window.y.dilation;
  w.dilation_w = c.window.x.dilation;
  w.padding = static_cast<fb::Padding>(c.window.padding);
  w.pad_top = c.window.y.before;
  w.pad_bottom = c.window.y.after;
  w.pad_left = c.window.x.before;
  w.pad_right = c.window.x.after;
  options.groups = c.groups;
  if (clamp != nullptr) options.clamp = std::make_unique<fb::ClampT>(*clamp);
  options.symmetric_input = symmetric;
  return options;
}

std::string text(const Case& c) {
  const auto side = [](const oracle::Side& s) {
    return testing::PrintToString(
        std::vector<int32_t>{s.kernel, s.stride, s.dilation, s.before, s.after});
  };
  return testing::PrintToString(c.in) + " by " + testing::PrintToString(c.weights) + ", y " +
         side(c.window.y) + ", x " + side(c.window.x) + ", padding " +
         std::to_string(static_cast<int>(c.window.padding)) + ", groups " +
         std::to_string(c.groups);
}

Case square(Dims in, Dims weights, int32_t groups = 1, int32_t stride = 1, int32_t dilation = 1,
            oracle::Padding padding = oracle::Padding::Same) {
  Case c{std::move(in), std::move(weights), {}, groups};
  c.window.y = {c.weights[1], stride, dilation, 0, 0};
  c.window.x = {c.weights[2], stride, dilation, 0, 0};
  c.window.padding = padding;
  return c;
}

Case random_case(std::mt19937& random, bool depthwise) {
  const std::vector<int32_t> channels = {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33};
  Case c;
  const int32_t ky = draw(random, 1, 5), kx = draw(random, 1, 5);
  c.groups = depthwise ? pick<int32_t>(random, {2, 3, 8, 15, 16, 17, 33, 64, 70})
                       : pick<int32_t>(random, {1, 1, 1, 2, 3});
  const int32_t depth = depthwise ? 1 : pick(random, channels);
  const int32_t outputs = depthwise ? pick<int32_t>(random, {1, 1, 2, 3}) : pick(random, channels);
  c.in = {draw(random, 1, 2), draw(random, 1, 12), draw(random, 1, 12), depth * c.groups};
  c.weights = {outputs * c.groups, ky, kx, depth};
  c.window.padding = static_cast<oracle::Padding>(draw(random, 0, 2));
  const auto side = [&](int32_t kernel, int32_t in) {
    oracle::Side s{kernel, pick<int32_t>(random, {1, 1, 2, 3}),
                   pick<int32_t>(random, {1, 1, 1, 2, 3}), 0, 0};
    if (c.window.padding == oracle::Padding::Explicit) {
      s.before = draw(random, 0, 2);
      s.after = draw(random, 0, 2);
      while (in + s.before + s.after < s.extent()) ++s.before;
    }
    return s;
  };
  c.window.y = side(ky, c.in[1]);
  c.window.x = side(kx, c.in[2]);
  return c;
}

LayerSums sums_of(const Case& c) {
  return [&c](const Tensor& in, const Tensor& weights, const std::vector<double>& bias) {
    return oracle::conv2d(in, weights, bias, c.window, c.groups);
  };
}

void check_s8(const Case& c, Scheme scheme, int32_t reach, std::mt19937& random) {
  SCOPED_TRACE(text(c) + ", scheme " + std::to_string(static_cast<int>(scheme)));
  const auto options = [&](const fb::ClampT* clamp) { return options_of(c, clamp); };
  check_quantized_layer(c.in, c.weights, scheme, reach, sums_of(c), options, random);
}

void check_f32(const Case& c, std::mt19937& random) {
  SCOPED_TRACE(text(c));
  const auto options = [&](const fb::ClampT* clamp) { return options_of(c, clamp); };
  check_float_layer(c.in, c.weights, sums_of(c), options, random);
}

void check_dynamic(const Case& c, Scheme scheme, std::mt19937& random) {
  SCOPED_TRACE(text(c) + ", scheme " + std::to_string(static_cast<int>(scheme)));
  const bool symmetric = random() % 2 == 0;
  Layer layer;
  // Ranges on either side of zero, too.
  const double low = pick<double>(random, {-2, 0.5, -7});
  layer.in = random_stored(plain(DType::F32), c.in, low, low + 3, random);
  layer.weights = random_weights(scheme, c.weights, 128, random);
  if (random() % 2 != 0) {
    layer.bias = {random_stored(plain(DType::F32), {c.weights[0]}, random).as_constant()};
  }
  layer.clamp = random_clamp(0.2, random);
  const auto quantized =
      quantize_parts(layer.in.numbers(), static_cast<size_t>(c.in[0]), symmetric);
  const Tensor sums =
      oracle::conv2d(quantized.steps, layer.weights.steps(), {}, c.window, c.groups);
  const Tensor real = oracle::conv2d(layer.in.numbers(), layer.weights.real(), layer.bias_values(),
                                     c.window, c.groups);
  const Tensor reach = oracle::conv2d(
      Tensor(c.in, 1.0), map(layer.weights.real(), [](double x) { return std::fabs(x); }), {},
      c.window, c.groups);
  expect_node(options_of(c, layer.clamp.get(), symmetric), layer.operands(),
              dynamic_result(sums, quantized, layer, real, reach));
}

TEST(OracleConv2D, S8) {
  std::mt19937 random(1);
  for (int i = 0; i < 60; ++i) {
    check_s8(random_case(random, false), kSchemes[static_cast<size_t>(i) % 4], 128, random);
  }
}

TEST(OracleConv2D, S8Depthwise) {
  std::mt19937 random(2);
  for (int i = 0; i < 60; ++i) {
    check_s8(random_case(random, true), kSchemes[static_cast<size_t>(i) % 4], 128, random);
  }
}

// Kernels have ways of their own for these.
TEST(OracleConv2D, S8CommonWindows) {
  std::mt19937 random(3);
  for (Scheme scheme : kSchemes) {
    for (int32_t stride : {1, 2}) {
      check_s8(square({1, 19, 18, 40}, {40, 3, 3, 1}, 40, stride), scheme, 128, random);
      check_s8(square({1, 13, 15, 72}, {72, 5, 5, 1}, 72, stride), scheme, 128, random);
    }
    check_s8(square({1, 17, 9, 33}, {65, 1, 1, 33}), scheme, 128, random);
    check_s8(square({2, 16, 16, 3}, {16, 3, 3, 3}, 1, 2), scheme, 128, random);
    // Small weights, of which sums of bytes stay within 16 bits.
    check_s8(square({1, 9, 11, 64}, {48, 1, 1, 64}), scheme, 31, random);
    check_s8(square({1, 1, 1, 130}, {129, 1, 1, 130}), scheme, 128, random);
  }
}

// Large enough for minimal filtering in tiles of both sizes.
TEST(OracleConv2D, S8WindowsOf3x3) {
  std::mt19937 random(4);
  for (Scheme scheme : {Scheme::PerTensor, Scheme::AsymmetricPerOutput}) {
    for (const auto& [in, outputs] : std::vector<std::pair<Dims, int32_t>>{{{1, 8, 8, 64}, 64},
                                                                           {{2, 9, 13, 32}, 48},
                                                                           {{1, 7, 7, 96}, 33},
                                                                           {{1, 14, 15, 17}, 40}}) {
      for (oracle::Padding padding : {oracle::Padding::Same, oracle::Padding::Explicit}) {
        check_s8(square(in, {outputs, 3, 3, in[3]}, 1, 1, 1, padding), scheme, 128, random);
      }
    }
    check_s8(square({1, 6, 6, 260}, {32, 3, 3, 260}), scheme, 128, random);
    check_s8(square({1, 6, 6, 260}, {32, 3, 3, 260}), scheme, 20, random);
  }
}

// Sums wrap around in 32 bits, and are turned into floats after that.
TEST(OracleConv2D, S8BiasOf32Bits) {
  std::mt19937 random(5);
  for (const Case& c :
       {square({1, 5, 6, 16}, {20, 1, 1, 16}), square({1, 6, 6, 24}, {24, 3, 3, 1}, 24),
        square({1, 8, 8, 32}, {32, 3, 3, 32})}) {
    SCOPED_TRACE(text(c));
    Layer layer;
    layer.in = random_stored(s8(0.02, 9), c.in, random);
    layer.weights = random_weights(Scheme::PerTensor, c.weights, 128, random);
    layer.bias = {random_stored(plain(DType::S32), {c.weights[0]}, random).as_constant()};
    const Tensor sums = oracle::conv2d(layer.in.steps(), layer.weights.steps(), layer.bias_values(),
                                       c.window, c.groups);
    layer.out = s8(fitting_scale(sums, layer), -4);
    expect_node(options_of(c, nullptr), layer.operands(), quantized_result(sums, layer));
  }
}

TEST(OracleConv2D, F32) {
  std::mt19937 random(6);
  for (int i = 0; i < 60; ++i) check_f32(random_case(random, i % 3 == 0), random);
}

TEST(OracleConv2D, Dynamic) {
  std::mt19937 random(7);
  for (int i = 0; i < 60; ++i) {
    check_dynamic(random_case(random, i % 3 == 0), kSchemes[static_cast<size_t>(i) % 4], random);
  }
}

}  // namespace
}  // namespace qrt::test
