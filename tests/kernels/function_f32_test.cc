// Float functions against the C library's in double, and every row against the scalar one.
#include "kernels/function_f32.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "tests/support/guarded.h"
#include "tests/support/kernel_rows.h"

namespace qrt::test {
namespace {

using kernels::FunctionF32;
using kernels::FunctionF32Args;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Case {
  FunctionF32 function;
  // Errors are at most `units` of the last place of the result, plus `absolute`.
  double units, absolute;
  float alpha = 0, beta = 0, gamma = 0;
};
const Case kCases[] = {
    {FunctionF32::Exp, 1.5, 1e-45},
    {FunctionF32::Logistic, 2.5, 1e-45},
    {FunctionF32::Tanh, 2.5, 1e-45},
    {FunctionF32::Erf, 2.5, 1e-45},
    {FunctionF32::Silu, 3, 1e-43},
    // Where x is far below zero a rounded x * x moves the result by more: by less than 2e-8.
    {FunctionF32::Gelu, 3.5, 2e-8},
    {FunctionF32::GeluTanh, 3.5, 2e-7},
    {FunctionF32::Mish, 4, 1e-43},
    {FunctionF32::Elu, 3, 1e-44, 1, 1, 1},
    {FunctionF32::Elu, 3, 1e-44, 1.7580993f, 1.05070099f, 1},
    {FunctionF32::Elu, 3, 1e-44, 2.5f, 1, 0.4f},
    {FunctionF32::HardSigmoid, 1, 6e-8, 0.2f, 0.5f},
    {FunctionF32::HardSwish, 2, 1e-45},
    {FunctionF32::LeakyRelu, 0.5, 1e-45, 0.01f},
};

double expected(const Case& c, double x) {
  const double alpha = double{c.alpha}, beta = double{c.beta}, gamma = double{c.gamma};
  switch (c.function) {
    case FunctionF32::Exp:
      return std::exp(x);
    case FunctionF32::Logistic:
      return 1 / (1 + std::exp(-x));
    case FunctionF32::Tanh:
      return std::tanh(x);
    case FunctionF32::Erf:
      return std::erf(x);
    case FunctionF32::Silu:
      return x / (1 + std::exp(-x));
    case FunctionF32::Gelu:
      return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case FunctionF32::GeluTanh:
      return x / (1 + std::exp(-1.59576912160573071176 * (x + 0.044715 * x * x * x)));
    case FunctionF32::Mish: {
      const double e = std::exp(std::min(x, 300.0)), n = e * (e + 2);
      return x * (n / (n + 2));
    }
    case FunctionF32::Elu:
      return x < 0 ? alpha * std::expm1(gamma * x) : beta * x;
    case FunctionF32::HardSigmoid:
      return std::clamp(alpha * x + beta, 0.0, 1.0);
    case FunctionF32::HardSwish:
      return x * std::clamp(x + 3, 0.0, 6.0) / 6;
    case FunctionF32::LeakyRelu:
      return x < 0 ? alpha * x : x;
  }
  return x;
}

FunctionF32Args args_of(const Case& c) {
  return {c.function, c.alpha, c.beta, c.gamma, -kInfinity, kInfinity};
}

// All exponents, both signs, and densely where functions bend.
std::vector<float> arguments() {
  std::vector<float> x = {0.0f, -0.0f, 1.0f, -1.0f};
  for (uint32_t bits = 1; bits < 0x7f800000u; bits += 24593) {
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    x.push_back(value);
    x.push_back(-value);
  }
  for (int i = -200000; i <= 200000; ++i) x.push_back(static_cast<float>(i) * 0.00055f);
  return x;
}

double unit_of(double y) {
  const auto rounded = static_cast<float>(std::fabs(y));
  if (rounded == kInfinity) return std::ldexp(1.0, 104);
  return static_cast<double>(std::nextafter(rounded, kInfinity)) - static_cast<double>(rounded);
}

class FunctionF32Rows : public testing::TestWithParam<const kernels::FunctionF32Kernel*> {
 protected:
  std::vector<float> run(const FunctionF32Args& args, const std::vector<float>& in) const {
    std::vector<float> out(in.size());
    GetParam()->run(args, in.data(), in.size(), out.data());
    return out;
  }
};

TEST_P(FunctionF32Rows, AreNearTheRealFunctions) {
  const std::vector<float> x = arguments();
  for (const Case& c : kCases) {
    SCOPED_TRACE(static_cast<int>(c.function));
    const std::vector<float> y = run(args_of(c), x);
    for (size_t i = 0; i < x.size(); ++i) {
      const double right = expected(c, double{x[i]});
      if (std::fabs(right) > double{std::numeric_limits<float>::max()}) {
        ASSERT_GE(std::fabs(y[i]), 3.4e38f) << x[i];
        continue;
      }
      const double error = std::fabs(double{y[i]} - right);
      ASSERT_LE(error, c.units * unit_of(right) + c.absolute)
          << x[i] << " -> " << y[i] << ", not " << right << ", " << error / unit_of(right)
          << " units";
    }
  }
}

TEST_P(FunctionF32Rows, EndsOfTheRange) {
  const std::vector<float> x = {kInfinity, -kInfinity, kNan};
  const auto of = [&](FunctionF32 f) { return run({f, 1, 1, 1, -kInfinity, kInfinity}, x); };
  const auto expect = [&](FunctionF32 f, float most, float least) {
    const std::vector<float> y = of(f);
    EXPECT_EQ(y[0], most) << static_cast<int>(f);
    EXPECT_EQ(y[1], least) << static_cast<int>(f);
  };
  expect(FunctionF32::Exp, kInfinity, 0);
  expect(FunctionF32::Logistic, 1, 0);
  expect(FunctionF32::Tanh, 1, -1);
  expect(FunctionF32::Erf, 1, -1);
  expect(FunctionF32::Elu, kInfinity, -1);
  EXPECT_EQ(of(FunctionF32::Silu)[0], kInfinity);
  EXPECT_EQ(of(FunctionF32::Gelu)[0], kInfinity);
  EXPECT_EQ(of(FunctionF32::GeluTanh)[0], kInfinity);
  EXPECT_EQ(of(FunctionF32::Mish)[0], kInfinity);
  for (const Case& c : kCases) {
    EXPECT_TRUE(std::isnan(run(args_of(c), x)[2])) << static_cast<int>(c.function);
  }
}

TEST_P(FunctionF32Rows, StayBetweenTheirLimits) {
  const std::vector<float> x = {-3, -0.5f, 0, 0.5f, 3, 1e9f, kNan};
  for (const Case& c : kCases) {
    FunctionF32Args args = args_of(c);
    const std::vector<float> free = run(args, x);
    args.min = -0.25f;
    args.max = 0.75f;
    const std::vector<float> bounded = run(args, x);
    for (size_t i = 0; i + 1 < x.size(); ++i) {
      EXPECT_EQ(bounded[i], std::clamp(free[i], -0.25f, 0.75f));
    }
    EXPECT_TRUE(std::isnan(bounded.back()));
  }
}

// Of any number of elements, in place or not, each is what the scalar row makes of it alone.
TEST_P(FunctionF32Rows, GiveTheScalarRowsBits) {
  const kernels::FunctionF32Kernel& scalar = **runnable_rows(kernels::function_f32_kernels).begin();
  const std::vector<float> all = arguments();
  for (const Case& c : kCases) {
    const std::vector<float> y = run(args_of(c), all);
    std::vector<float> alone(all.size());
    scalar.run(args_of(c), all.data(), all.size(), alone.data());
    ASSERT_EQ(std::memcmp(y.data(), alone.data(), y.size() * sizeof(float)), 0)
        << static_cast<int>(c.function);
    for (size_t n = 0; n <= 40; ++n) {
      const Guarded<float> in(n, Guard::Behind), out(n, Guard::Behind);
      std::copy_n(all.begin() + 400000, n, in.data());
      GetParam()->run(args_of(c), in.data(), n, out.data());
      EXPECT_TRUE(std::equal(out.data(), out.data() + n, alone.begin() + 400000));
      GetParam()->run(args_of(c), in.data(), n, in.data());
      EXPECT_TRUE(std::equal(in.data(), in.data() + n, alone.begin() + 400000));
    }
  }
}

std::vector<float> row_of(size_t n, unsigned seed, float spread) {
  std::mt19937 random(seed);
  std::vector<float> x(n);
  for (float& v : x) v = (static_cast<float>(random() >> 8) / 8388608.0f - 1) * spread;
  return x;
}

TEST_P(FunctionF32Rows, SoftmaxOfRows) {
  const kernels::FunctionF32Kernel& scalar = **runnable_rows(kernels::function_f32_kernels).begin();
  for (size_t n : {1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 47, 64, 100, 1000, 4099}) {
    for (float spread : {0.01f, 1.0f, 30.0f, 300.0f}) {
      for (float beta : {1.0f, 0.125f, -2.0f, 0.0f}) {
        constexpr size_t kRows = 3;
        const std::vector<float> x = row_of(kRows * n, static_cast<unsigned>(n), spread);
        for (bool log : {false, true}) {
          const Guarded<float> y(kRows * n, Guard::Behind);
          std::vector<float> plain(kRows * n), in_place = x;
          GetParam()->softmax(x.data(), kRows, n, beta, log, y.data());
          scalar.softmax(x.data(), kRows, n, beta, log, plain.data());
          GetParam()->softmax(in_place.data(), kRows, n, beta, log, in_place.data());
          ASSERT_EQ(std::memcmp(y.data(), plain.data(), plain.size() * sizeof(float)), 0) << n;
          ASSERT_EQ(std::memcmp(in_place.data(), plain.data(), plain.size() * sizeof(float)), 0);
          for (size_t r = 0; r < kRows; ++r) {
            const float* row = x.data() + r * n;
            const double max = double{*std::max_element(row, row + n)};
            double sum = 0;
            for (size_t i = 0; i < n; ++i) sum += std::exp(double{beta} * (double{row[i]} - max));
            if (sum > 3e38) continue;  // a negative beta
            for (size_t i = 0; i < n; ++i) {
              const double z = double{beta} * (double{row[i]} - max);
              const double right = log ? z - std::log(sum) : std::exp(z) / sum;
              const double bar = log ? 1e-6 + 2e-7 * (std::fabs(z) + std::fabs(right))
                                     : (2e-6 + 2e-7 * std::fabs(z)) * right + 1e-44;
              ASSERT_NEAR(double{y[r * n + i]}, right, bar) << n << " " << spread << " " << beta;
            }
          }
        }
      }
    }
  }
}

TEST_P(FunctionF32Rows, SoftmaxOfWhatIsMasked) {
  for (size_t n : {5, 16, 21, 40}) {
    std::vector<float> x(n, -kInfinity), y(n);
    x[n / 2] = 3;
    GetParam()->softmax(x.data(), 1, n, 1, false, y.data());
    for (size_t i = 0; i < n; ++i) EXPECT_EQ(y[i], i == n / 2 ? 1.0f : 0.0f);
    x[n - 1] = kNan;
    GetParam()->softmax(x.data(), 1, n, 1, false, y.data());
    for (float v : y) EXPECT_TRUE(std::isnan(v));
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, FunctionF32Rows,
                         testing::ValuesIn(runnable_rows(kernels::function_f32_kernels)),
                         row_name<kernels::FunctionF32Kernel>);

}  // namespace
}  // namespace qrt::test
