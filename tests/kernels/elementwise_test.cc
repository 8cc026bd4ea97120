// Every row of the elementwise families against formulas computed here with the C library.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "kernels/binary_s8.h"
#include "kernels/convert_s8.h"
#include "kernels/lut.h"
#include "kernels/softmax_s8.h"
#include "tests/support/guarded.h"
#include "tests/support/kernel_rows.h"

namespace qrt::test {
namespace {

int8_t to_q(float steps, const kernels::Output& out) {
  const double q = std::nearbyint(static_cast<double>(steps)) + out.zero_point;
  return static_cast<int8_t>(
      std::min(std::max(q, static_cast<double>(out.min)), static_cast<double>(out.max)));
}

TEST(Requantize, RoundsHalfToEven) {
  const kernels::Output out = {0, -128, 127};
  for (int i = -300; i <= 300; ++i) {
    const float steps = static_cast<float>(i) * 0.5f;
    EXPECT_EQ(kernels::quantize_steps(steps, out), to_q(steps, out)) << steps;
  }
  EXPECT_EQ(kernels::quantize_steps(2.5f, out), 2);
  EXPECT_EQ(kernels::quantize_steps(-3.5f, out), -4);
  EXPECT_EQ(kernels::quantize_steps(std::numeric_limits<float>::infinity(), out), 127);
  EXPECT_EQ(kernels::quantize_steps(-1e30f, out), -128);
}

class BinaryS8 : public testing::TestWithParam<const kernels::BinaryS8Kernel*> {};

int8_t added(const kernels::BinaryS8Args& args, int8_t a, int8_t b) {
  const float x = static_cast<float>(a - args.a_zero_point) * args.a_multiplier;
  const float y = static_cast<float>(b - args.b_zero_point) * args.b_multiplier;
  return to_q(x + y, args.out);
}
int8_t multiplied(const kernels::BinaryS8Args& args, int8_t a, int8_t b) {
  const int product = (a - args.a_zero_point) * (b - args.b_zero_point);
  return to_q(static_cast<float>(product) * args.a_multiplier, args.out);
}

TEST_P(BinaryS8, AllPairsOfValues) {
  // Zero points at both ends; results on halves; results beyond every integer; narrow limits.
  const kernels::BinaryS8Args cases[] = {
      {3, -7, 0.37f, 1.21f, {5, -128, 127}},       {-128, 127, 0.5f, -0.25f, {-128, -128, 127}},
      {127, -128, 0.125f, 0.5f, {127, -128, 127}}, {0, 1, 1e30f, -1e29f, {-3, -128, 127}},
      {-128, -128, 3e7f, 3e7f, {0, -128, 127}},    {5, 9, -2.5f, 0.75f, {100, 100, 120}},
      {0, 0, 1e-30f, 1e-38f, {-1, -128, -1}}};
  std::vector<int8_t> a, b;
  for (int i = -128; i < 128; ++i) {
    for (int j = -128; j < 128; ++j) a.push_back(int8_t(i)), b.push_back(int8_t(j));
  }
  const Guarded<int8_t> out(a.size(), Guard::Behind);
  for (const kernels::BinaryS8Args& args : cases) {
    GetParam()->add(args, a.data(), 1, b.data(), 1, a.size(), out.data());
    for (size_t i = 0; i < a.size(); ++i) {
      ASSERT_EQ(out[i], added(args, a[i], b[i])) << int(a[i]) << " + " << int(b[i]);
    }
    GetParam()->mul(args, a.data(), 1, b.data(), 1, a.size(), out.data());
    for (size_t i = 0; i < a.size(); ++i) {
      ASSERT_EQ(out[i], multiplied(args, a[i], b[i])) << int(a[i]) << " * " << int(b[i]);
    }
  }
}

// Products of which a multiplier makes a half, or the next float to one: an operand that is scaled
// before it is multiplied rounds otherwise.
TEST_P(BinaryS8, ProductsAreExactBeforeTheyAreScaled) {
  for (int b = 3; b <= 127; b += 2) {
    for (int at : {77, 101, 127}) {
      const float multiplier = 60.5f / static_cast<float>(at * b);
      const kernels::BinaryS8Args args = {0, 0, multiplier, 0, {0, -128, 127}};
      std::vector<int8_t> in(64), out(64);
      for (int i = 0; i < 64; ++i) in[static_cast<size_t>(i)] = static_cast<int8_t>(i * 2 + 1);
      const auto other = static_cast<int8_t>(b);
      GetParam()->mul(args, in.data(), 1, &other, 0, in.size(), out.data());
      for (size_t i = 0; i < in.size(); ++i) {
        ASSERT_EQ(out[i], multiplied(args, in[i], other)) << int(in[i]) << " * " << b;
      }
    }
  }
}

TEST_P(BinaryS8, EveryLengthAndStepInPlace) {
  const kernels::BinaryS8Args args = {-1, 2, 0.5f, 0.25f, {0, -100, 100}};
  for (const bool product : {false, true}) {
    const auto run = product ? GetParam()->mul : GetParam()->add;
    const auto expected = product ? multiplied : added;
    for (size_t n = 1; n <= 130; ++n) {
      for (int steps = 1; steps <= 3; ++steps) {
        const size_t a_step = steps & 1, b_step = steps >> 1 & 1;
        const auto a = random_s8(a_step == 1 ? n : 1, 5), b = random_s8(b_step == 1 ? n : 1, 6);
        for (const Guard guard : {Guard::Behind, Guard::Before}) {
          const Guarded<int8_t> x(a, guard), y(b, guard), out(n, guard);
          run(args, x.data(), a_step, y.data(), b_step, n, out.data());
          for (size_t i = 0; i < n; ++i) {
            ASSERT_EQ(out[i], expected(args, a[i * a_step], b[i * b_step])) << n << " at " << i;
          }
          const Guarded<int8_t>& overwritten = a_step == 1 ? x : y;
          run(args, x.data(), a_step, y.data(), b_step, n, overwritten.data());
          ASSERT_TRUE(std::equal(out.begin(), out.end(), overwritten.begin())) << "in place, " << n;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, BinaryS8,
                         testing::ValuesIn(runnable_rows(kernels::binary_s8_kernels)),
                         row_name<kernels::BinaryS8Kernel>);

class Convert : public testing::TestWithParam<const kernels::ConvertS8Kernel*> {};

TEST_P(Convert, FloatsOfEveryKindAndLength) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float special[] = {std::numeric_limits<float>::quiet_NaN(),
                           kInfinity,
                           -kInfinity,
                           -1e38f,
                           3e9f,
                           -3e9f,
                           1e-40f,
                           -0.0f,
                           0.25f,
                           0.75f,
                           -1.25f};
  const kernels::Output ranges[] = {
      {-3, -128, 127}, {-128, -128, 127}, {127, -128, 127}, {7, -20, 30}};
  for (const kernels::Output& range : ranges) {
    for (size_t n = 1; n <= 100; ++n) {
      std::vector<float> in(n);
      for (size_t i = 0; i < n; ++i) in[i] = (static_cast<float>(i) - 50.0f) * 0.75f;
      for (size_t i = 0; i < n; i += 3) in[i] = special[(i / 3 + n) % std::size(special)];
      for (const Guard guard : {Guard::Behind, Guard::Before}) {
        const Guarded<float> from(in, guard);
        const Guarded<int8_t> out(n, guard);
        GetParam()->f32_to_s8(from.data(), n, 2.0f, range, out.data());
        for (size_t i = 0; i < n; ++i) {
          const float steps = std::isnan(in[i]) ? 0.0f : in[i] * 2.0f;
          ASSERT_EQ(out[i], to_q(steps, range)) << in[i] << " at " << i << " of " << n;
        }
      }
    }
  }
}

TEST_P(Convert, EveryByteAndLengthToFloat) {
  for (const int32_t zero_point : {-128, -3, 0, 127}) {
    for (size_t n = 1; n <= 300; ++n) {
      std::vector<int8_t> in(n);
      for (size_t i = 0; i < n; ++i) in[i] = static_cast<int8_t>(i + n);
      for (const Guard guard : {Guard::Behind, Guard::Before}) {
        const Guarded<int8_t> from(in, guard);
        const Guarded<float> out(n, guard);
        GetParam()->s8_to_f32(from.data(), n, 0.1f, zero_point, out.data());
        for (size_t i = 0; i < n; ++i) {
          ASSERT_EQ(out[i], static_cast<float>(in[i] - zero_point) * 0.1f);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, Convert,
                         testing::ValuesIn(runnable_rows(kernels::convert_s8_kernels)),
                         row_name<kernels::ConvertS8Kernel>);

class Lut : public testing::TestWithParam<const kernels::LutKernel*> {};

TEST_P(Lut, EveryValueAndLengthInPlace) {
  uint8_t table[256];
  for (int i = 0; i < 256; ++i) table[i] = static_cast<uint8_t>(i * 167 + 13);
  for (size_t n = 1; n <= 400; ++n) {
    for (const Guard guard : {Guard::Behind, Guard::Before}) {
      const Guarded<uint8_t> in(n, guard), out(n, guard);
      for (size_t i = 0; i < n; ++i) in[i] = static_cast<uint8_t>(i * 91 + n);
      const auto addend = static_cast<uint8_t>(n * 77);
      GetParam()->add(addend, in.data(), n, out.data());
      for (size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], static_cast<uint8_t>(in[i] + addend));
      GetParam()->run(table, in.data(), n, out.data());
      for (size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], table[in[i]]);
      GetParam()->run(table, in.data(), n, in.data());
      ASSERT_TRUE(std::equal(in.begin(), in.end(), out.begin())) << "in place, " << n;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, Lut, testing::ValuesIn(runnable_rows(kernels::lut_kernels)),
                         row_name<kernels::LutKernel>);

class SoftmaxS8 : public testing::TestWithParam<const kernels::SoftmaxS8Kernel*> {};

TEST_P(SoftmaxS8, IsWithinHalfAStepOfTheRealOne) {
  const double in_scale = 0.11;
  uint32_t exponentials[256];
  for (int d = 0; d < 256; ++d) {
    exponentials[d] = static_cast<uint32_t>(std::nearbyint(std::exp(-in_scale * d) * (1 << 23)));
  }
  for (size_t n : {1, 2, 3, 10, 17, 64, 1001}) {
    const auto in = random_s8(4 * n, static_cast<unsigned>(n));
    const Guarded<int8_t> guarded(in, Guard::Behind), out(4 * n, Guard::Behind);
    GetParam()->run({n, exponentials, 256.0, {-128, -128, 127}}, guarded.data(), 4, out.data());
    for (size_t r = 0; r < 4; ++r) {
      double sum = 0;
      for (size_t i = 0; i < n; ++i) sum += std::exp(in_scale * in[r * n + i]);
      for (size_t i = 0; i < n; ++i) {
        const double steps = std::exp(in_scale * in[r * n + i]) / sum * 256 - 128;
        ASSERT_NEAR(out[r * n + i], std::min(steps, 127.0), 0.501);
      }
    }
  }
}

TEST_P(SoftmaxS8, IsItsFormulaInPlace) {
  uint32_t exponentials[256];
  for (const double step : {0.0, 0.02, 0.3, 20.0}) {
    for (int d = 0; d < 256; ++d) {
      exponentials[d] = static_cast<uint32_t>(std::nearbyint(std::exp(-step * d) * (1 << 23)));
    }
    std::vector<size_t> lengths = {255, 256, 1001, 1023, 1024, 1025, 2048, 5000};
    for (size_t n = 1; n <= 70; ++n) lengths.push_back(n);
    for (const size_t n : lengths) {
      constexpr size_t kRows = 3;
      const auto in = random_s8(kRows * n, static_cast<unsigned>(n));
      const kernels::SoftmaxS8Args args = {n, exponentials, 256.0, {-100, -128, 127}};
      for (const Guard guard : {Guard::Behind, Guard::Before}) {
        const Guarded<int8_t> from(in, guard), out(kRows * n, guard);
        GetParam()->run(args, from.data(), kRows, out.data());
        for (size_t r = 0; r < kRows; ++r) {
          const int8_t* row = in.data() + r * n;
          const int max = *std::max_element(row, row + n);
          double sum = 0;
          for (size_t i = 0; i < n; ++i) sum += exponentials[max - row[i]];
          const float multiplier = static_cast<float>(256.0 / sum);
          for (size_t i = 0; i < n; ++i) {
            const float steps = static_cast<float>(exponentials[max - row[i]]) * multiplier;
            ASSERT_EQ(out[r * n + i], to_q(steps, args.out)) << n << " at " << i;
          }
        }
        GetParam()->run(args, from.data(), kRows, from.data());
        ASSERT_TRUE(std::equal(from.begin(), from.end(), out.begin())) << "in place, " << n;
      }
    }
  }
}

// The largest exponentials, so many that their sum takes more than 32 bits several times over.
TEST_P(SoftmaxS8, LongRowsOfTheLargestExponentials) {
  std::vector<uint32_t> exponentials(256, 1 << 23);
  for (const size_t n : {4097, 8192, 20000}) {
    const std::vector<int8_t> in(n, 7);
    std::vector<int8_t> out(n);
    const auto inverse_scale = static_cast<double>(n) * 50;
    GetParam()->run({n, exponentials.data(), inverse_scale, {-3, -128, 127}}, in.data(), 1,
                    out.data());
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], 47) << n << " at " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, SoftmaxS8,
                         testing::ValuesIn(runnable_rows(kernels::softmax_s8_kernels)),
                         row_name<kernels::SoftmaxS8Kernel>);

}  // namespace
}  // namespace qrt::test
