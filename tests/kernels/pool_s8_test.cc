// Every row of pool_s8 against means and maxima computed here.
#include <algorithm>
#include <cmath>

#include "kernels/pool_s8.h"
#include "tests/support/guarded.h"
#include "tests/support/kernel_rows.h"

namespace qrt::test {
namespace {

class PoolS8 : public testing::TestWithParam<const kernels::PoolS8Kernel*> {};

int8_t clamped(double q, const kernels::Output& out) {
  return static_cast<int8_t>(
      std::min(std::max(q, static_cast<double>(out.min)), static_cast<double>(out.max)));
}

TEST_P(PoolS8, EveryNumberOfChannelsAndMissingTaps) {
  for (size_t channels = 1; channels <= 150; ++channels) {
    const size_t taps = 1 + channels % 9, pixels = 3, stride = channels + channels % 3;
    const auto in = random_s8(channels * (taps + pixels), 7);
    for (const Guard guard : {Guard::Behind, Guard::Before}) {
      const Guarded<int8_t> guarded(in, guard);
      std::vector<const int8_t*> indirection;
      for (size_t p = 0; p < pixels; ++p) {
        for (size_t t = 0; t < taps; ++t) {
          const bool missing = t > 0 && (p + t + channels) % 3 == 0;
          indirection.push_back(missing ? nullptr : guarded.data() + (p + t) * channels);
        }
      }
      std::vector<float> multipliers(taps + 1);
      for (size_t i = 1; i <= taps; ++i) multipliers[i] = 0.8f / static_cast<float>(i);
      kernels::PoolS8Args args = {channels,           taps,           indirection.data(), stride, 3,
                                  multipliers.data(), {-2, -110, 115}};
      const size_t bytes = (pixels - 1) * stride + channels;
      const Guarded<int8_t> mean(bytes, guard), exact(bytes, guard), max(bytes, guard);
      for (const auto* out : {&mean, &exact, &max}) std::fill(out->begin(), out->end(), int8_t(77));
      GetParam()->average(args, pixels, mean.data());
      args.multipliers = nullptr;
      GetParam()->average(args, pixels, exact.data());
      GetParam()->max(args, pixels, max.data());
      for (size_t i = 0; i < bytes; ++i) {
        if (i % stride >= channels) {  // between pixels nothing is written
          ASSERT_TRUE(mean[i] == 77 && exact[i] == 77 && max[i] == 77);
          continue;
        }
        int sum = 0, count = 0, best = -128;
        for (size_t t = 0; t < taps; ++t) {
          const int8_t* tap = indirection[i / stride * taps + t];
          if (tap == nullptr) continue;
          const int x = tap[i % stride];
          sum += x, best = std::max(best, x), ++count;
        }
        const float steps = static_cast<float>(sum - 3 * count) * multipliers[size_t(count)];
        ASSERT_EQ(mean[i], clamped(std::nearbyint(static_cast<double>(steps)) - 2, args.out));
        ASSERT_EQ(exact[i], clamped(std::round(static_cast<double>(sum) / count), args.out));
        ASSERT_EQ(max[i], clamped(best, args.out));
      }
    }
  }
}

// Windows of `count` taps, one a channel, whose sums are k * count + delta for every k and for
// deltas around zero and around the halves where rounding turns.
TEST_P(PoolS8, ExactMeansOfEveryCount) {
  std::vector<int> counts = {499, 500, 1023, 1024, 4095, 4096, 16383, 16384, 16385, 20001,
                             // whose reciprocals as floats are too small
                             328, 376, 488, 656, 2624};
  for (int count = 1; count <= 270; ++count) counts.push_back(count);
  for (const int count : counts) {
    const int k_step = count > 1000 ? 23 : 1;
    std::vector<int> sums;
    for (int k = -128; k <= 127; k += k_step) {
      for (const int delta : {0, 1, (count - 1) / 2, count / 2, count / 2 + 1, count - 1}) {
        sums.push_back(std::clamp(k * count + delta, -128 * count, 127 * count));
      }
    }
    const size_t channels = sums.size();
    std::vector<int8_t> in(static_cast<size_t>(count) * channels);
    std::vector<const int8_t*> indirection;
    for (int t = 0; t < count; ++t) {
      int8_t* row = in.data() + static_cast<size_t>(t) * channels;
      indirection.push_back(row);
      for (size_t c = 0; c < channels; ++c) {
        const int k = (sums[c] + 128 * count) / count - 128;
        row[c] = static_cast<int8_t>(k + (t < sums[c] - k * count ? 1 : 0));
      }
    }
    std::vector<int8_t> out(channels);
    GetParam()->average(
        {channels, indirection.size(), indirection.data(), channels, 0, nullptr, {9, -128, 127}}, 1,
        out.data());
    for (size_t c = 0; c < channels; ++c) {
      ASSERT_EQ(out[c], std::round(static_cast<double>(sums[c]) / count))
          << sums[c] << "/" << count;
    }
  }
}

TEST_P(PoolS8, NothingButPadding) {
  const int8_t* indirection[2] = {nullptr, nullptr};
  int8_t out[40];
  GetParam()->average({40, 2, indirection, 40, 5, nullptr, {5, -128, 127}}, 1, out);
  for (const int8_t q : out) ASSERT_EQ(q, 0);
  GetParam()->max({40, 2, indirection, 40, 5, nullptr, {5, -100, 127}}, 1, out);
  for (const int8_t q : out) ASSERT_EQ(q, -100);
}

INSTANTIATE_TEST_SUITE_P(Rows, PoolS8, testing::ValuesIn(runnable_rows(kernels::pool_s8_kernels)),
                         row_name<kernels::PoolS8Kernel>);

}  // namespace
}  // namespace qrt::test
