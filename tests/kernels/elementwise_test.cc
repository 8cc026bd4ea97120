// Every row of the elementwise families against formulas computed here with the C library.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/binary_s8.h"
#include "kernels/convert.h"
#include "kernels/lut.h"
#include "kernels/pool_s8.h"
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

TEST_P(BinaryS8, AllPairsOfValues) {
  const kernels::BinaryS8Args args = {3, -7, 0.37f, 1.21f, {5, -128, 127}};
  std::vector<int8_t> a, b;
  for (int i = -128; i < 128; ++i) {
    for (int j = -128; j < 128; ++j) a.push_back(int8_t(i)), b.push_back(int8_t(j));
  }
  const Guarded<int8_t> out(a.size(), Guard::Behind);
  GetParam()->add(args, a.data(), 1, b.data(), 1, a.size(), out.data());
  for (size_t i = 0; i < a.size(); ++i) {
    const float x = static_cast<float>(a[i] - 3) * 0.37f, y = static_cast<float>(b[i] + 7) * 1.21f;
    ASSERT_EQ(out[i], to_q(x + y, args.out)) << int(a[i]) << " + " << int(b[i]);
  }
  GetParam()->mul(args, a.data(), 1, b.data(), 1, a.size(), out.data());
  for (size_t i = 0; i < a.size(); ++i) {
    const float product = static_cast<float>((a[i] - 3) * (b[i] + 7)) * 0.37f;
    ASSERT_EQ(out[i], to_q(product, args.out)) << int(a[i]) << " * " << int(b[i]);
  }
}

TEST_P(BinaryS8, EveryLengthAndStepInPlace) {
  const kernels::BinaryS8Args args = {-1, 2, 0.5f, 0.25f, {0, -100, 100}};
  for (size_t n = 1; n <= 70; ++n) {
    const auto a = random_s8(n, 5), b = random_s8(n, 6);
    for (int steps = 1; steps <= 3; ++steps) {
      const size_t a_step = steps & 1, b_step = steps >> 1 & 1;
      const Guarded<int8_t> in(a, Guard::Behind), other(b, Guard::Before), out(n, Guard::Behind);
      GetParam()->add(args, in.data(), a_step, other.data(), b_step, n, out.data());
      for (size_t i = 0; i < n; ++i) {
        const float x = static_cast<float>(a[i * a_step] + 1) * 0.5f;
        const float y = static_cast<float>(b[i * b_step] - 2) * 0.25f;
        ASSERT_EQ(out[i], to_q(x + y, args.out)) << "n " << n << " i " << i;
      }
      if (a_step == 1) {
        GetParam()->add(args, in.data(), 1, other.data(), b_step, n, in.data());
        ASSERT_TRUE(std::equal(in.begin(), in.end(), out.begin())) << "in place, n " << n;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, BinaryS8,
                         testing::ValuesIn(runnable_rows(kernels::binary_s8_kernels)),
                         row_name<kernels::BinaryS8Kernel>);

class Convert : public testing::TestWithParam<const kernels::ConvertKernel*> {};

TEST_P(Convert, FloatsOfEveryKind) {
  const kernels::Output range = {-3, -128, 127};
  for (size_t n = 1; n <= 70; ++n) {
    std::vector<float> in(n);
    for (size_t i = 0; i < n; ++i) in[i] = (static_cast<float>(i) - 20.0f) * 0.75f;
    in[n / 2] = std::numeric_limits<float>::quiet_NaN();
    in[n / 3] = std::numeric_limits<float>::infinity();
    in[n / 4] = -1e38f;
    const Guarded<float> guarded(in, Guard::Behind);
    const Guarded<int8_t> out(n, Guard::Behind);
    GetParam()->f32_to_s8(guarded.data(), n, 2.0f, range, out.data());
    for (size_t i = 0; i < n; ++i) {
      const float steps = std::isnan(in[i]) ? 0.0f : in[i] * 2.0f;
      ASSERT_EQ(out[i], to_q(steps, range)) << in[i];
    }
    const Guarded<float> back(n, Guard::Behind);
    GetParam()->s8_to_f32(out.data(), n, 0.1f, -3, back.data());
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(back[i], static_cast<float>(out[i] + 3) * 0.1f);
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, Convert, testing::ValuesIn(runnable_rows(kernels::convert_kernels)),
                         row_name<kernels::ConvertKernel>);

class Lut : public testing::TestWithParam<const kernels::LutKernel*> {};

TEST_P(Lut, EveryValueAndLength) {
  uint8_t table[256];
  for (int i = 0; i < 256; ++i) table[i] = static_cast<uint8_t>(i * 167 + 13);
  for (size_t n = 1; n <= 300; ++n) {
    const Guarded<uint8_t> in(n, Guard::Behind), out(n, Guard::Behind);
    for (size_t i = 0; i < n; ++i) in[i] = static_cast<uint8_t>(i * 91 + n);
    GetParam()->run(table, in.data(), n, out.data());
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], table[in[i]]);
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, Lut, testing::ValuesIn(runnable_rows(kernels::lut_kernels)),
                         row_name<kernels::LutKernel>);

class PoolS8 : public testing::TestWithParam<const kernels::PoolS8Kernel*> {};

TEST_P(PoolS8, EveryNumberOfChannelsAndMissingPieces) {
  for (size_t channels = 1; channels <= 70; ++channels) {
    const size_t taps = 1 + channels % 9, pixels = 3;
    const auto in = random_s8(channels * (taps + pixels), 7);
    const Guarded<int8_t> guarded(in, Guard::Behind);
    std::vector<const int8_t*> pieces;
    for (size_t p = 0; p < pixels; ++p) {
      for (size_t t = 0; t < taps; ++t) {
        const bool missing = t > 0 && (p + t + channels) % 3 == 0;
        pieces.push_back(missing ? nullptr : guarded.data() + (p + t) * channels);
      }
    }
    std::vector<float> multipliers(taps + 1);
    for (size_t i = 1; i <= taps; ++i) multipliers[i] = 0.8f / static_cast<float>(i);
    kernels::PoolS8Args args = {channels,           taps,           pieces.data(), channels, 3,
                                multipliers.data(), {-2, -128, 127}};
    const Guarded<int8_t> mean(pixels * channels, Guard::Behind),
        exact(pixels * channels, Guard::Behind), max(pixels * channels, Guard::Behind);
    GetParam()->average(args, pixels, mean.data());
    args.multipliers = nullptr;
    GetParam()->average(args, pixels, exact.data());
    GetParam()->max(args, pixels, max.data());
    for (size_t i = 0; i < pixels * channels; ++i) {
      int sum = 0, count = 0, best = -128;
      for (size_t t = 0; t < taps; ++t) {
        const int8_t* piece = pieces[i / channels * taps + t];
        if (piece == nullptr) continue;
        sum += piece[i % channels], best = std::max<int>(best, piece[i % channels]), ++count;
      }
      const float steps = static_cast<float>(sum - 3 * count) * multipliers[size_t(count)];
      ASSERT_EQ(mean[i], to_q(steps, args.out));
      ASSERT_EQ(exact[i], std::round(static_cast<double>(sum) / count));
      ASSERT_EQ(max[i], best);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, PoolS8, testing::ValuesIn(runnable_rows(kernels::pool_s8_kernels)),
                         row_name<kernels::PoolS8Kernel>);

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

INSTANTIATE_TEST_SUITE_P(Rows, SoftmaxS8,
                         testing::ValuesIn(runnable_rows(kernels::softmax_s8_kernels)),
                         row_name<kernels::SoftmaxS8Kernel>);

}  // namespace
}  // namespace qrt::test
