// Resize against the published coordinates (TensorFlow's three conventions), in double.
#include "tests/oracle/check.h"

namespace qrt::test {
namespace {

enum class Corners { Plain, Aligned, HalfPixel };

fb::ResizeT options_of(fb::ResizeMode mode, Corners corners, int32_t h, int32_t w) {
  fb::ResizeT options;
  options.mode = mode;
  options.out_h = h;
  options.out_w = w;
  options.align_corners = corners == Corners::Aligned;
  options.half_pixel_centers = corners == Corners::HalfPixel;
  return options;
}

double scale_of(int32_t in, int32_t out, Corners corners) {
  if (corners == Corners::Aligned && out > 1) return (in - 1.0) / (out - 1.0);
  return static_cast<double>(in) / out;
}

// Where an output stands between two inputs.
struct Between {
  int32_t first, second;
  double weight;
};
Between between(int32_t i, int32_t in, int32_t out, Corners corners) {
  const double scale = scale_of(in, out, corners);
  const double at = corners == Corners::HalfPixel ? (i + 0.5) * scale - 0.5 : i * scale;
  const double inside = std::clamp(at, 0.0, in - 1.0);
  const auto first = static_cast<int32_t>(inside);
  return {first, std::min(first + 1, in - 1), inside - first};
}

// The nearest input, and the one that a float's rounding error may give in its place.
struct Nearest {
  int32_t index, other;
};
Nearest nearest(int32_t i, int32_t in, int32_t out, Corners corners) {
  const double scale = scale_of(in, out, corners);
  const double at = (corners == Corners::HalfPixel ? i + 0.5 : i) * scale;
  const auto index = [&](double position) {
    const double whole = corners == Corners::Aligned ? std::round(position) : std::floor(position);
    return static_cast<int32_t>(std::clamp(whole, 0.0, in - 1.0));
  };
  // Exact in float as well.
  if (scale * 1024 == std::floor(scale * 1024)) return {index(at), index(at)};
  const int32_t low = index(at - 1e-5), high = index(at + 1e-5);
  return {index(at), index(at) == low ? high : low};
}

struct Sizes {
  int32_t in_h, in_w, out_h, out_w;
};
const std::vector<Sizes> kSizes = {{1, 1, 1, 1},  {1, 1, 5, 3},   {2, 2, 4, 4},   {4, 4, 2, 2},
                                   {3, 5, 6, 10}, {5, 7, 13, 9},  {8, 8, 16, 64}, {7, 6, 7, 6},
                                   {9, 10, 4, 3}, {2, 33, 5, 66}, {10, 3, 1, 1},  {6, 4, 17, 31}};
const std::vector<int32_t> kChannels = {1, 2, 3, 4, 7, 8, 15, 16, 17, 21, 32, 33, 64, 65};

template <class Body>
void for_each_case(const Body& body) {
  for (Corners corners : {Corners::Plain, Corners::Aligned, Corners::HalfPixel}) {
    for (const Sizes& s : kSizes) {
      for (int32_t channels : kChannels) {
        SCOPED_TRACE(testing::Message()
                     << s.in_h << "x" << s.in_w << " to " << s.out_h << "x" << s.out_w << "x"
                     << channels << ", corners " << static_cast<int>(corners));
        body(corners, s, Dims{channels % 2 + 1, s.in_h, s.in_w, channels});
      }
    }
  }
}

// What becomes of the four corners of each output, and how far that may be off.
template <class Corner>
void for_each_corner(const Sizes& s, Corners corners, const Tensor& in, Expected* expected,
                     const Corner& corner) {
  Tensor& out = expected->tensor;
  out = Tensor({in.dim(0), s.out_h, s.out_w, in.dim(3)});
  size_t at = 0;
  oracle::for_each_index(out.shape, [&](const Dims& o) {
    const Between y = between(o[1], s.in_h, s.out_h, corners);
    const Between x = between(o[2], s.in_w, s.out_w, corners);
    const double four[4] = {
        in.at(o[0], y.first, x.first, o[3]), in.at(o[0], y.first, x.second, o[3]),
        in.at(o[0], y.second, x.first, o[3]), in.at(o[0], y.second, x.second, o[3])};
    double tolerance = 0;
    out.values[at++] = corner(four, y.weight, x.weight, &tolerance);
    expected->tolerance.push_back(tolerance);
  });
}

double mixed(const double (&c)[4], double y, double x) {
  return (c[0] * (1 - x) + c[1] * x) * (1 - y) + (c[2] * (1 - x) + c[3] * x) * y;
}

// Weights are rounded to 2^-11; where a position's own rounding may change one, a step is allowed.
TEST(OracleResize, BilinearS8) {
  std::mt19937 random(1);
  for_each_case([&](Corners corners, const Sizes& s, const Dims& shape) {
    const Stored in = random_stored(s8(0.1, 7), shape, random);
    Expected expected{DType::S8, {}, in.quantization, {}};
    for_each_corner(s, corners, in.numbers(), &expected,
                    [](const double(&c)[4], double y, double x, double* tolerance) {
                      const auto result = [&](double nudge) {
                        const double wy = std::nearbyint(y * 2048 + nudge) / 2048;
                        const double wx = std::nearbyint(x * 2048 + nudge) / 2048;
                        return std::floor(mixed(c, wy, wx) + 0.5);  // halves up
                      };
                      *tolerance = result(0.02) == result(-0.02) ? 0 : 1;
                      EXPECT_NEAR(result(0), mixed(c, y, x), 0.63) << "the oracle itself";
                      return result(0);
                    });
    expect_node(options_of(fb::ResizeMode::Bilinear, corners, s.out_h, s.out_w), {in}, expected);
  });
}

TEST(OracleResize, BilinearF32) {
  std::mt19937 random(2);
  for_each_case([&](Corners corners, const Sizes& s, const Dims& shape) {
    const Stored in = random_stored(plain(DType::F32), shape, random);
    Expected expected{DType::F32, {}, {}, {}};
    for_each_corner(s, corners, in.numbers(), &expected,
                    [](const double(&c)[4], double y, double x, double* tolerance) {
                      *tolerance = 3e-5;  // positions up to 33, in float
                      return mixed(c, y, x);
                    });
    expect_node(options_of(fb::ResizeMode::Bilinear, corners, s.out_h, s.out_w), {in}, expected);
  });
}

TEST(OracleResize, Nearest) {
  std::mt19937 random(3);
  for_each_case([&](Corners corners, const Sizes& s, const Dims& shape) {
    for (DType type : {DType::S8, DType::F32, DType::U8, DType::S16, DType::S64}) {
      if (shape[3] > 4 && type != DType::S8) continue;
      const Stored in = random_stored(plain(type), shape, random);
      Expected expected{type, Tensor({shape[0], s.out_h, s.out_w, shape[3]}), {}, {}};
      size_t at = 0;
      const Tensor from = in.numbers();
      oracle::for_each_index(expected.tensor.shape, [&](const Dims& o) {
        const Nearest y = nearest(o[1], s.in_h, s.out_h, corners);
        const Nearest x = nearest(o[2], s.in_w, s.out_w, corners);
        const double value = from.at(o[0], y.index, x.index, o[3]);
        double tolerance = 0;
        for (int32_t iy : {y.index, y.other}) {
          for (int32_t ix : {x.index, x.other}) {
            tolerance = std::max(tolerance, std::fabs(value - from.at(o[0], iy, ix, o[3])));
          }
        }
        expected.tensor.values[at++] = value;
        expected.tolerance.push_back(tolerance);
      });
      expect_node(options_of(fb::ResizeMode::Nearest, corners, s.out_h, s.out_w), {in}, expected);
    }
  });
}

}  // namespace
}  // namespace qrt::test
