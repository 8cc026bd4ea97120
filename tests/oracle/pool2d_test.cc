// Pool2D against plain loops.
#include "tests/oracle/check.h"
#include "tests/oracle/window.h"

namespace qrt::test {
namespace {

struct Case {
  Dims in;
  oracle::Window window;
  bool count_padding = false;
};

fb::Pool2DT options_of(const Case& c, fb::PoolKind kind, std::unique_ptr<fb::ClampT> clamp) {
  fb::Pool2DT options;
  options.kind = kind;
  options.kernel_h = c.window.y.kernel;
  options.kernel_w = c.window.x.kernel;
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
  options.count_include_pad = c.count_padding;
  options.clamp = std::move(clamp);
  return options;
}

// Every window has an element inside the input: what it gives otherwise nobody defines.
Case random_case(std::mt19937& random) {
  Case c;
  c.in = {draw(random, 1, 2), draw(random, 1, 12), draw(random, 1, 12),
          pick<int32_t>(random, {1, 3, 8, 15, 16, 17, 31, 32, 33, 40, 64, 65, 100})};
  c.window.padding = static_cast<oracle::Padding>(draw(random, 0, 2));
  const auto side = [&](int32_t in) {
    oracle::Side s{draw(random, 1, 5), draw(random, 1, 3), 1, 0, 0};
    if (c.window.padding == oracle::Padding::Explicit) {
      s.before = draw(random, 0, s.kernel - 1);
      s.after = draw(random, 0, s.kernel - 1);
      while (in + s.before + s.after < s.kernel) --s.kernel;
      s.before = std::min(s.before, s.kernel - 1);
      s.after = std::min(s.after, s.kernel - 1);
      while (in + s.before + s.after < s.kernel) ++s.before;
    } else if (random() % 4 == 0 && in > 6) {
      s.dilation = 2;
    }
    return s;
  };
  c.window.y = side(c.in[1]);
  c.window.x = side(c.in[2]);
  c.count_padding = random() % 2 == 0;
  return c;
}

std::string text(const Case& c) {
  const auto side = [](const oracle::Side& s) {
    return testing::PrintToString(
        std::vector<int32_t>{s.kernel, s.stride, s.dilation, s.before, s.after});
  };
  return testing::PrintToString(c.in) + ", y " + side(c.window.y) + ", x " + side(c.window.x) +
         ", padding " + std::to_string(static_cast<int>(c.window.padding)) +
         (c.count_padding ? ", which counts" : "");
}

std::unique_ptr<fb::ClampT> some_clamp(double scale, std::mt19937& random) {
  if (random() % 3 != 0) return nullptr;
  return graph::make_clamp(static_cast<float>(-draw(random, 0, 60) * scale),
                           static_cast<float>(draw(random, 0, 60) * scale));
}

double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum;
}

void check_max_s8(const Case& c, std::mt19937& random) {
  const Stored in = random_stored(s8(0.05, draw(random, -128, 127)), c.in, random);
  auto clamp = some_clamp(0.05, random);
  const oracle::Range range = range_of({in.type, in.quantization}, clamp.get());
  const Tensor out = oracle::pool2d(in.numbers(), c.window, [&](const std::vector<double>& inside) {
    return std::clamp(*std::max_element(inside.begin(), inside.end()), range.min, range.max);
  });
  expect_node(options_of(c, fb::PoolKind::Max, std::move(clamp)), {in},
              {in.type, out, in.quantization, {}});
}

// Of one quantization: sum / count, halves away from zero. Otherwise requantized.
void check_average_s8(const Case& c, bool same, std::mt19937& random) {
  const Stored in = random_stored(s8(0.05, draw(random, -128, 127)), c.in, random);
  const Kind out = same ? Kind{in.type, in.quantization} : s8(0.03, draw(random, -128, 127));
  auto clamp = some_clamp(0.05, random);
  const oracle::Range range = range_of(out, clamp.get());
  const double zero_point = in.quantization.zero_points[0];
  const double ratio = static_cast<double>(in.quantization.scales[0]) /
                       static_cast<double>(out.quantization.scales[0]);
  const double taps = c.window.y.kernel * c.window.x.kernel;
  const auto result = [&](const std::vector<double>& inside) {
    const double sum = sum_of(inside), own = static_cast<double>(inside.size());
    const double count = c.count_padding ? taps : own;
    const double ideal = std::clamp((sum - own * zero_point) / count * ratio + range.zero_point,
                                    range.min, range.max);
    const double q =
        same && !c.count_padding
            ? std::clamp(std::round(sum / own), range.min, range.max)
            : oracle::requantize(sum - own * zero_point, static_cast<float>(ratio / count), range);
    EXPECT_NEAR(q, ideal, 0.501) << "the oracle itself";
    return q;
  };
  expect_node(options_of(c, fb::PoolKind::Average, std::move(clamp)), {in},
              {out.type, oracle::pool2d(in.numbers(), c.window, result), out.quantization, {}});
}

void check_f32(const Case& c, std::mt19937& random) {
  const Stored in = random_stored(plain(DType::F32), c.in, random);
  for (fb::PoolKind kind : fb::EnumValuesPoolKind()) {
    auto clamp = some_clamp(0.02, random);
    const double low = clamp != nullptr ? static_cast<double>(clamp->min) : -INFINITY;
    const double high = clamp != nullptr ? static_cast<double>(clamp->max) : INFINITY;
    const double taps = c.window.y.kernel * c.window.x.kernel;
    const auto result = [&](const std::vector<double>& inside) {
      const double count = c.count_padding ? taps : static_cast<double>(inside.size());
      const double value = kind == fb::PoolKind::Max
                               ? *std::max_element(inside.begin(), inside.end())
                               : sum_of(inside) / count;
      return std::clamp(value, low, high);
    };
    Expected expected{DType::F32, oracle::pool2d(in.numbers(), c.window, result), {}, {}};
    const double lost = kind == fb::PoolKind::Max ? 0 : 2e-6;
    expected.tolerance.assign(expected.tensor.values.size(), lost);
    expect_node(options_of(c, kind, std::move(clamp)), {in}, expected);
  }
}

TEST(OraclePool2D, Random) {
  std::mt19937 random(1);
  for (int i = 0; i < 80; ++i) {
    const Case c = random_case(random);
    SCOPED_TRACE(text(c));
    check_max_s8(c, random);
    check_average_s8(c, true, random);
    check_average_s8(c, false, random);
    check_f32(c, random);
  }
}

// Kernels take other ways with few elements, with 256 and with more.
TEST(OraclePool2D, LargeWindows) {
  std::mt19937 random(2);
  for (int32_t size : {2, 3, 7, 15, 16, 17, 25}) {
    for (int32_t channels : {5, 33}) {
      Case c{{1, size, size, channels}, {}, false};
      c.window.y = c.window.x = {size, 1, 1, 0, 0};
      SCOPED_TRACE(text(c));
      check_max_s8(c, random);
      check_average_s8(c, true, random);
      check_average_s8(c, false, random);
    }
  }
}

// The largest sums, of equal elements.
TEST(OraclePool2D, Extremes) {
  std::mt19937 random(3);
  for (int32_t value : {-128, 127}) {
    for (int32_t size : {4, 16, 20}) {
      Case c{{1, size, size, 33}, {}, false};
      c.window.y = c.window.x = {size, 1, 1, 0, 0};
      const Stored in = random_stored(s8(0.05, 0), c.in, value, value, random);
      Tensor out({1, 1, 1, 33}, value);
      for (fb::PoolKind kind : fb::EnumValuesPoolKind()) {
        expect_node(options_of(c, kind, nullptr), {in}, {in.type, out, in.quantization, {}});
      }
    }
  }
}

}  // namespace
}  // namespace qrt::test
