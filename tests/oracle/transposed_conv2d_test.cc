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

LayerSums sums_of(const Case& c) {
  return [&c](const Tensor& in, const Tensor& weights, const std::vector<double>& bias) {
    return transposed_conv2d(in, weights, bias, c);
  };
}

TEST(OracleTransposedConv2D, S8) {
  std::mt19937 random(1);
  for (int i = 0; i < 60; ++i) {
    const Case c = random_case(random);
    const Scheme scheme = kSchemes[static_cast<size_t>(i) % 4];
    SCOPED_TRACE(text(c) + ", scheme " + std::to_string(static_cast<int>(scheme)));
    const auto options = [&](const fb::ClampT* clamp) { return options_of(c, clamp); };
    check_quantized_layer(c.in, c.weights, scheme, 128, sums_of(c), options, random);
  }
}

TEST(OracleTransposedConv2D, F32) {
  std::mt19937 random(2);
  for (int i = 0; i < 60; ++i) {
    const Case c = random_case(random);
    SCOPED_TRACE(text(c));
    const auto options = [&](const fb::ClampT* clamp) { return options_of(c, clamp); };
    check_float_layer(c.in, c.weights, sums_of(c), options, random);
  }
}

}  // namespace
}  // namespace qrt::test
