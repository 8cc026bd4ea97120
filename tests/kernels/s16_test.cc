// Every row of the s16 families against exact integers computed here. What operators make of them
// is in tests/oracle/s16_test.cc.
#include <algorithm>
#include <cmath>

#include "kernels/elementwise_s16.h"
#include "kernels/gemm_s16.h"
#include "kernels/pool_s16.h"
#include "tests/oracle/numerics_s16.h"
#include "tests/support/guarded.h"
#include "tests/support/kernel_rows.h"

namespace qrt::test {
namespace {

using kernels::FixedPoint;

std::vector<int16_t> random_s16(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<int16_t> numbers(count);
  for (int16_t& x : numbers) {
    x = random() % 5 == 0 ? static_cast<int16_t>(random() % 2 == 0 ? -32768 : 32767)
                          : static_cast<int16_t>(random());
  }
  return numbers;
}

// floor(x * mantissa / 2^shift + 1/2) digit by digit, in base 2^16.
int64_t scaled_by_hand(int64_t x, FixedPoint f) {
  const bool negative = x < 0;
  const uint64_t size = negative ? uint64_t(-x) : uint64_t(x);
  uint64_t digits[6] = {};
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 2; ++j) {
      const uint64_t product =
          (size >> 16 * i & 0xFFFF) * (uint64_t(f.mantissa) >> 16 * j & 0xFFFF);
      digits[i + j] += product;
    }
  }
  for (int i = 0; i < 5; ++i) {
    digits[i + 1] += digits[i] >> 16;
    digits[i] &= 0xFFFF;
  }
  const auto bit = [&](int b) { return digits[b / 16] >> (b % 16) & 1; };
  uint64_t whole = 0;
  for (int b = f.shift; b < 80; ++b) whole |= bit(b) << (b - f.shift);
  bool more = false;
  for (int b = 0; b < f.shift - 1; ++b) more = more || bit(b) != 0;
  const bool half = bit(f.shift - 1) != 0;
  // Halves up: of negative numbers towards zero.
  if (half && (!negative || more)) ++whole;
  return negative ? -int64_t(whole) : int64_t(whole);
}

TEST(FixedPoint, SumsAreScaledExactly) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const FixedPoint f = {int32_t((1u << 30) | (random() & 0x3FFFFFFF)),
                          int32_t(16 + random() % 47)};
    const int bits = int(random() % 47);
    int64_t x = int64_t(random() >> (63 - bits));
    if (random() % 2 == 0) x = -x;
    ASSERT_EQ(kernels::scale_fixed(x, f), scaled_by_hand(x, f))
        << x << " * " << f.mantissa << " >> " << f.shift;
  }
  // Halves, and the largest numbers.
  const int64_t most = (int64_t{1} << 47) - 1;
  for (const int64_t x : {int64_t{1}, int64_t{3}, int64_t{-1}, int64_t{-3}, most, -most - 1}) {
    for (const int32_t shift : {16, 31, 32, 62}) {
      for (const int32_t mantissa : {1 << 30, INT32_MAX}) {
        EXPECT_EQ(kernels::scale_fixed(x, {mantissa, shift}), scaled_by_hand(x, {mantissa, shift}))
            << x << " * " << mantissa << " >> " << shift;
      }
    }
  }
}

TEST(FixedPoint, ElementsAreRoundedTwice) {
  // x / 4 in halves of a half: 1.5 -> 2 -> 1 away from zero, -1.5 -> -1 -> -1 away from zero.
  const FixedPoint quarter = {1 << 30, 32};
  const std::pair<int32_t, int64_t> quarters[] = {{0, 0},  {1, 1},   {2, 1},   {3, 1},   {5, 2},
                                                  {-1, 0}, {-2, -1}, {-3, -1}, {-5, -1}, {-6, -2}};
  for (const auto& [x, want] : quarters) EXPECT_EQ(kernels::scale_fixed32(x, quarter), want) << x;
  std::mt19937 random(2);
  for (int i = 0; i < 20000; ++i) {
    const FixedPoint f = {int32_t((1u << 30) | (random() & 0x3FFFFFFF)),
                          int32_t(16 + random() % 47)};
    const auto x = int32_t(random()) >> random() % 31;
    oracle::Factor factor(1);
    factor.mantissa = f.mantissa;
    factor.bits = f.shift;
    ASSERT_EQ(kernels::scale_fixed32(x, f), oracle::scale_element(x, factor))
        << x << " * " << f.mantissa << " >> " << f.shift;
  }
}

class GemmS16 : public testing::TestWithParam<const kernels::GemmS16Kernel*> {};

TEST_P(GemmS16, RowsOfEveryLength) {
  for (size_t k = 1; k <= 70; ++k) {
    for (const size_t n : {1, 3, 4, 9}) {
      for (const Guard guard : {Guard::Behind, Guard::Before}) {
        const size_t stride = k + k % 3;
        const Guarded<int16_t> a(random_s16(k, unsigned(k)), guard);
        const Guarded<int8_t> w(random_s8((n - 1) * stride + k, unsigned(n)), guard);
        const Guarded<int16_t> wide(random_s16((n - 1) * stride + k, unsigned(n)), guard);
        std::vector<int64_t> sums(n, 1000), wide_sums(n, -7);
        GetParam()->add_rows(a.data(), k, w.data(), stride, n, sums.data());
        GetParam()->add_rows_s16(a.data(), k, wide.data(), stride, n, wide_sums.data());
        for (size_t j = 0; j < n; ++j) {
          int64_t want = 1000, wide_want = -7;
          for (size_t i = 0; i < k; ++i) {
            want += int64_t{a[i]} * w[j * stride + i];
            wide_want += int64_t{a[i]} * wide[j * stride + i];
          }
          ASSERT_EQ(sums[j], want) << k << ", row " << j << " of " << n;
          ASSERT_EQ(wide_sums[j], wide_want) << k << ", row " << j << " of " << n;
        }
      }
    }
  }
}

// Products of the largest size and one sign, over the borders of blocks.
TEST_P(GemmS16, LongRowsLeave32Bits) {
  for (const size_t k : {510, 511, 512, 1023, 4064, 4079, 4080, 4081, 4096, 9000, 65536}) {
    const std::vector<int16_t> a(k, -32768);
    std::vector<int8_t> w(5 * k, -128);
    std::fill_n(w.begin(), k, int8_t{127});
    std::vector<int64_t> sums(5, 0), wide(1, 0);
    GetParam()->add_rows(a.data(), k, w.data(), k, 5, sums.data());
    const auto count = int64_t(k);
    EXPECT_EQ(sums[0], -32768 * 127 * count);
    for (size_t j = 1; j < 5; ++j) EXPECT_EQ(sums[j], 32768 * 128 * count) << k;
    GetParam()->add_rows_s16(a.data(), k, a.data(), k, 1, wide.data());
    EXPECT_EQ(wide[0], (int64_t{1} << 30) * count) << k;
  }
}

TEST_P(GemmS16, ChannelsByTaps) {
  for (size_t n = 1; n <= kernels::kS16Channels; ++n) {
    const size_t taps = 1 + n % 11, first = n % 4, stride = n + 2;
    const auto in = random_s16(taps * (first + n), 3);
    const Guarded<int16_t> guarded(in, Guard::Behind);
    const Guarded<int8_t> w(random_s8((taps - 1) * stride + n, 4), Guard::Behind);
    std::vector<const int16_t*> pixels;
    for (size_t t = 0; t < taps; ++t) {
      pixels.push_back((t + n) % 4 == 0 ? nullptr : guarded.data() + t * (first + n));
    }
    std::vector<int64_t> sums(n, 5);
    GetParam()->add_channels(pixels.data(), taps, first, w.data(), stride, n, sums.data());
    for (size_t c = 0; c < n; ++c) {
      int64_t want = 5;
      for (size_t t = 0; t < taps; ++t) {
        if (pixels[t] != nullptr) want += int64_t{pixels[t][first + c]} * w[t * stride + c];
      }
      ASSERT_EQ(sums[c], want) << "channel " << c << " of " << n;
    }
  }
  const std::vector<int16_t> low(1, -32768);
  for (const size_t taps : {511, 512, 1023, 3000}) {
    const std::vector<const int16_t*> pixels(taps, low.data());
    const std::vector<int8_t> w(taps, -128);
    int64_t sum = 0;
    GetParam()->add_channels(pixels.data(), taps, 0, w.data(), 1, 1, &sum);
    EXPECT_EQ(sum, 32768 * 128 * int64_t(taps));
  }
}

TEST_P(GemmS16, SumsBecomeS16) {
  std::vector<int64_t> sums;
  for (int64_t x = -70; x <= 70; ++x) sums.push_back(x);
  for (const int64_t x : {int64_t{1} << 46, -(int64_t{1} << 46), int64_t{65535}, int64_t{-65537}}) {
    sums.push_back(x);
  }
  const FixedPoint half = {1 << 30, 31};
  const std::vector<FixedPoint> halves(sums.size(), half);
  const std::vector<double> real(sums.size(), 0.5);
  std::vector<int16_t> fixed(sums.size()), rounded(sums.size()), twice(sums.size());
  const kernels::RangeS16 range = {-32768, 32766};
  GetParam()->requantize(sums.data(), halves.data(), sums.size(), range, fixed.data());
  GetParam()->requantize_real(sums.data(), real.data(), sums.size(), range, rounded.data());
  const std::vector<FixedPoint> quarters(sums.size(), FixedPoint{1 << 30, 32});
  GetParam()->requantize_twice(sums.data(), quarters.data(), sums.size(), range, twice.data());
  for (size_t i = 0; i < sums.size(); ++i) {
    const double first = std::floor(double(sums[i]) / 2 + 0.5);
    EXPECT_EQ(twice[i], std::clamp(std::round(first / 2), -32768.0, 32766.0)) << sums[i];
    const double exact = double(sums[i]) / 2;
    EXPECT_EQ(fixed[i], std::clamp(std::floor(exact + 0.5), -32768.0, 32766.0)) << sums[i];
    EXPECT_EQ(rounded[i], std::clamp(std::round(exact), -32768.0, 32766.0)) << sums[i];
  }
  // One below a half in the last place of a double is no half.
  const int64_t one = 1;
  const double almost = 0.49999999999999994;
  GetParam()->requantize_real(&one, &almost, 1, range, rounded.data());
  EXPECT_EQ(rounded[0], 0);
}

INSTANTIATE_TEST_SUITE_P(Rows, GemmS16, testing::ValuesIn(runnable_rows(kernels::gemm_s16_kernels)),
                         row_name<kernels::GemmS16Kernel>);

class ElementwiseS16 : public testing::TestWithParam<const kernels::ElementwiseS16Kernel*> {};

TEST_P(ElementwiseS16, OperandsOfOneElementAndInPlace) {
  const kernels::MulS16Args mul = {{1 << 30, 45}, {-30000, 30000}};
  const kernels::AddS16Args add = {{1 << 30, 31}, {1 << 30, 32}, {1 << 30, 45}, true, {-99, 32767}};
  oracle::Factor fa(1), fb(1), out(1), product(1);
  fa.bits = 31, fb.bits = 32, out.bits = product.bits = 45;
  fa.mantissa = fb.mantissa = out.mantissa = product.mantissa = 1 << 30;
  for (size_t n = 1; n < 40; ++n) {
    for (const size_t a_step : {0, 1}) {
      for (const size_t b_step : {0, 1}) {
        if (a_step + b_step == 0) continue;
        const auto a = random_s16(a_step == 0 ? 1 : n, 5), b = random_s16(b_step == 0 ? 1 : n, 6);
        std::vector<int16_t> sum = a_step == 1 ? a : b, by = b_step == 1 ? b : a;
        const int16_t* left = a_step == 1 ? sum.data() : a.data();
        GetParam()->add(add, left, a_step, a_step == 1 ? b.data() : sum.data(), b_step, n,
                        sum.data());
        GetParam()->mul(mul, b_step == 1 ? a.data() : by.data(), a_step,
                        b_step == 1 ? by.data() : b.data(), b_step, n, by.data());
        for (size_t i = 0; i < n; ++i) {
          const int64_t x = a[i * a_step], y = b[i * b_step];
          const int64_t difference =
              oracle::scale_element(x * 32768, fa) - oracle::scale_element(y * 32768, fb);
          ASSERT_EQ(sum[i], oracle::clamp16(oracle::scale_element(difference, out), -99, 32767));
          ASSERT_EQ(by[i], oracle::clamp16(oracle::scale_element(x * y, product), -30000, 30000));
        }
      }
    }
  }
}

TEST_P(ElementwiseS16, TablesAreInterpolatedHalvesUp) {
  std::vector<int16_t> table(kernels::kS16TableEntries), in, out(65536);
  std::vector<int64_t> entries;
  for (size_t i = 0; i < table.size(); ++i) {
    table[i] = int16_t(int(i * 127 % 60000) - 30000);
    // Slopes of more than 15 bits wrap around: they are none of a function's.
    if (i > 0)
      table[i] = int16_t(std::clamp<int>(table[i], table[i - 1] - 32768, table[i - 1] + 32767));
    entries.push_back(table[i]);
  }
  for (int q = -32768; q < 32768; ++q) in.push_back(int16_t(q));
  GetParam()->interpolate(table.data(), {-29000, 29500}, in.data(), in.size(), out.data());
  for (size_t i = 0; i < in.size(); ++i) {
    ASSERT_EQ(out[i], oracle::clamp16(oracle::look_up16(entries, in[i]), -29000, 29500)) << in[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, ElementwiseS16,
                         testing::ValuesIn(runnable_rows(kernels::elementwise_s16_kernels)),
                         row_name<kernels::ElementwiseS16Kernel>);

class PoolS16 : public testing::TestWithParam<const kernels::PoolS16Kernel*> {};

TEST_P(PoolS16, EveryNumberOfChannelsAndMissingTaps) {
  for (size_t channels = 1; channels <= 140; ++channels) {
    const size_t taps = 1 + channels % 9, pixels = 3;
    const auto in = random_s16(channels * (taps + pixels), 8);
    const Guarded<int16_t> guarded(in, Guard::Behind);
    std::vector<const int16_t*> indirection;
    for (size_t p = 0; p < pixels; ++p) {
      for (size_t t = 0; t < taps; ++t) {
        // The last pixel's window may be all padding.
        const bool missing = (p + t + channels) % 3 == 0 || (p == 2 && channels % 2 == 0);
        indirection.push_back(missing ? nullptr : guarded.data() + (p + t) * channels);
      }
    }
    for (const bool all : {false, true}) {
      const kernels::PoolS16Args args = {channels, taps, indirection.data(), all, {-31000, 30000}};
      const Guarded<int16_t> mean(pixels * channels, Guard::Behind),
          largest(pixels * channels, Guard::Behind);
      GetParam()->average(args, pixels, mean.data());
      GetParam()->max(args, pixels, largest.data());
      for (size_t i = 0; i < pixels * channels; ++i) {
        double sum = 0, count = 0, most = -32768;
        for (size_t t = 0; t < taps; ++t) {
          const int16_t* pixel = indirection[i / channels * taps + t];
          if (pixel == nullptr) continue;
          sum += pixel[i % channels];
          most = std::max<double>(most, pixel[i % channels]);
          ++count;
        }
        if (all) count = double(taps);
        const double want = count == 0 ? 0 : std::round(sum / count);
        ASSERT_EQ(mean[i], std::clamp(want, -31000.0, 30000.0)) << i << " of " << channels;
        ASSERT_EQ(largest[i], std::clamp(most, -31000.0, 30000.0)) << i << " of " << channels;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, PoolS16, testing::ValuesIn(runnable_rows(kernels::pool_s16_kernels)),
                         row_name<kernels::PoolS16Kernel>);

}  // namespace
}  // namespace qrt::test
