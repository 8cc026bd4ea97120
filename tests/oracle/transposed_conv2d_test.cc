// TransposedConv2D against plain loops: every input pixel adds its products to the output.
#include "tests/oracle/weighted.h"

namespace qrt::test {
namespace {

struct Side {
  int32_t kernel = 1, stride = 1, dilation = 1, before = 0, after = 0, more = 0;

  int32_t outputs(int32_t in) const {
    return (in - 1) * stride + (kernel - 1) * dilation + 1 - before - after + more;
  }
};

struct Case {
  Dims in, weights;
  Side y, x;
  int32_t groups = 1;
};

Tensor transposed_conv2d(const Tensor& in, const Tensor& weights, const std::vector<double>& bias,
                         const Case& c) {
  const int32_t outputs = weights.dim(0), depth = weights.dim(3), per_group = outputs / c.groups;
  Tensor out({in.dim(0), c.y.outputs(in.dim(1)), c.x.outputs(in.dim(2)), outputs});
  oracle::for_each_index(out.shape, [&](const Dims& o) {
    out.at(o) = bias.empty() ? 0 : bias[static_cast<size_t>(o[3])];
  });
  oracle::for_each_index(in.shape, [&](const Dims& i) {
    const int32_t group = i[3] / depth;
    for (int32_t ky = 0; ky < c.y.kernel; ++ky) {
      const int32_t oy = i[1] * c.y.stride + ky * c.y.dilation - c.y.before;
      for (int32_t kx = 0; kx < c.x.kernel; ++kx) {
        const int32_t ox = i[2] * c.x.stride + kx * c.x.dilation - c.x.before;
        if (oy < 0 || oy >= out.dim(1) || ox < 0 || ox >= out.dim(2)) continue;
        for (int32_t o = group * per_group; o < (group + 1) * per_group; ++o) {
          out.at({i[0], oy, ox, o}) +=
              in.at(i[0], i[1], i[2], i[3]) * weights.at(o, ky, kx, i[3] % depth);
        }
      }
    }
  });
  return out;
}

fb::TransposedConv2DT options_of(const Case& c, const fb::ClampT* clamp) {
  fb::TransposedConv2DT options;
  options.window = std::make_unique<fb::Window2DT>();
  fb::Window2DT& w = *options.window;
  w.stride_h = c.y.stride;
  w.stride_w = c.x.stride;
  w.dilation_h = c.y.dilation;
  w.dilation_w = c.x.dilation;
  w.pad_top = c.y.before;
  w.pad_bottom = c.y.after;
  w.pad_left = c.x.before;
  w.pad_right = c.x.after;
  options.output_padding_h = c.y.more;
  options.output_padding_w = c.x.more;
  options.groups = c.groups;
  if (clamp != nullptr) options.clamp = std::make_unique<fb::ClampT>(*clamp);
  return options;
}

std::string text(const Case& c) {
  const auto side = [](const Side& s) {
    return testing::PrintToString(Dims{s.kernel, s.stride, s.dilation, s.before, s.after, s.more});
  };
  return testing::PrintToString(c.in) + " by " + testing::PrintToString(c.weights) + ", y " +
         side(c.y) + ", x " + side(c.x) + ", groups " + std::to_string(c.groups);
}

Case random_case(std::mt19937& random) {
  const std::vector<int32_t> channels = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 32, 33};
  Case c;
  c.groups = pick<int32_t>(random, {1, 1, 1, 2, 3});
  const int32_t depth = pick(random, channels), outputs = pick(random, channels);
  const auto side = [&](int32_t in) {
    Side s{draw(random, 1, 5),
           pick<int32_t>(random, {1, 2, 2, 3, 5}),
           pick<int32_t>(random, {1, 1, 1, 2, 3}),
           0,
           0,
           0};
    s.before = draw(random, 0, 2);
    s.after = draw(random, 0, 2);
    s.more = pick<int32_t>(random, {0, 0, 1, 2, 6});
    while (s.outputs(in) < 1) ++s.more;
    return s;
  };
  c.in = {draw(random, 1, 2), draw(random, 1, 7), draw(random, 1, 40), depth * c.groups};
  c.y = side(c.in[1]);
  c.x = side(c.in[2]);
  c.weights = {outputs * c.groups, c.y.kernel, c.x.kernel, depth};
  return c;
}

TEST(OracleTransposedConv2D, S8) {
  std::mt19937 random(1);
  for (int i = 0; i < 60; ++i) {
    const Case c = random_case(random);
    const Scheme scheme = kSchemes[static_cast<size_t>(i) % 4];
    SCOPED_TRACE(text(c) + ", scheme " + std::to_string(static_cast<int>(scheme)));
    Layer layer;
    const int32_t zero_point = pick<int32_t>(random, {-128, 127, 0, draw(random, -100, 100)});
    layer.in = random_stored(s8(0.02, zero_point), c.in, random);
    layer.weights = random_weights(scheme, c.weights, 128, random);
    if (random() % 3 != 0) {
      layer.bias = {
          random_stored(plain(DType::S32), {c.weights[0]}, -20000, 20000, random).as_constant()};
    }
    const Tensor sums =
        transposed_conv2d(layer.in.steps(), layer.weights.steps(), layer.bias_values(), c);
    const double scale = fitting_scale(sums, layer);
    layer.out = s8(scale, pick<int32_t>(random, {0, -128, 127, draw(random, -60, 60)}));
    layer.clamp = random_clamp(scale, random);
    expect_node(options_of(c, layer.clamp.get()), layer.operands(), quantized_result(sums, layer));
  }
}

TEST(OracleTransposedConv2D, F32) {
  std::mt19937 random(2);
  const auto size = [](double x) { return std::fabs(x); };
  for (int i = 0; i < 60; ++i) {
    const Case c = random_case(random);
    SCOPED_TRACE(text(c));
    Layer layer;
    layer.in = random_stored(plain(DType::F32), c.in, random);
    layer.weights = random_stored(plain(DType::F32), c.weights, random).as_constant();
    if (random() % 2 != 0) {
      layer.bias = {random_stored(plain(DType::F32), {c.weights[0]}, random).as_constant()};
    }
    layer.clamp = random_clamp(0.05, random);
    const Tensor sums =
        transposed_conv2d(layer.in.numbers(), layer.weights.numbers(), layer.bias_values(), c);
    std::vector<double> bias = layer.bias_values();
    for (double& b : bias) b = size(b);
    const Tensor sizes =
        transposed_conv2d(map(layer.in.numbers(), size), map(layer.weights.real(), size), bias, c);
    expect_node(options_of(c, layer.clamp.get()), layer.operands(),
                float_result(sums, sizes, layer));
  }
}

}  // namespace
}  // namespace qrt::test
