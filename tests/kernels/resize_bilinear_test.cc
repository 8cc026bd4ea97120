// Every row of resize against its formula, computed here in 64 bits and in float.
#include <algorithm>
#include <cmath>

#include "kernels/resize_bilinear.h"
#include "tests/support/guarded.h"
#include "tests/support/kernel_rows.h"

namespace qrt::test {
namespace {

class Resize : public testing::TestWithParam<const kernels::ResizeBilinearKernel*> {};

// Output pixels that share their neighbours in runs of 1, 2, …, then some in any order.
std::vector<kernels::ResizeTap> make_taps(int32_t in, size_t out) {
  std::vector<kernels::ResizeTap> taps(out);
  for (size_t p = 0; p < out; ++p) {
    const auto i = static_cast<int32_t>(p);
    const int32_t first = p % 7 == 6 ? i * 5 % in : i / (1 + i % 4) % in;
    const int32_t fixed = i * 397 % 2049;
    taps[p] = {first, std::min(first + 1, in - 1), static_cast<float>(fixed) / 2048.0f, fixed};
  }
  for (size_t p = 1; p < out / 2; ++p)
    taps[p].first = taps[0].first, taps[p].second = taps[0].second;
  return taps;
}

TEST_P(Resize, BytesOfEveryNumberOfChannels) {
  for (size_t channels = 1; channels <= 70; ++channels) {
    const int32_t in = 1 + static_cast<int32_t>(channels % 5);
    const size_t pixels = 1 + channels * 3 % 17, row = static_cast<size_t>(in) * channels;
    const auto taps = make_taps(in, pixels);
    auto top = random_s8(row, 3), bottom = random_s8(row, 4);
    if (channels % 8 == 0) {  // the largest differences
      std::fill(top.begin(), top.end(), int8_t(-128));
      for (size_t i = 0; i < row; ++i) bottom[i] = i / channels % 2 == 0 ? 127 : -128;
    }
    for (const int32_t y : {0, 1, 700, 1024, 2047, 2048}) {
      for (const Guard guard : {Guard::Behind, Guard::Before}) {
        const Guarded<int8_t> above(top, guard), below(bottom, guard),
            out(pixels * channels, guard);
        GetParam()->bilinear_s8({taps.data(), pixels, channels}, above.data(), below.data(), y,
                                out.data());
        for (size_t i = 0; i < pixels * channels; ++i) {
          const kernels::ResizeTap& tap = taps[i / channels];
          const size_t left = static_cast<size_t>(tap.first) * channels + i % channels;
          const size_t right = static_cast<size_t>(tap.second) * channels + i % channels;
          const int64_t x = tap.fixed_weight;
          const int64_t sum = top[left] * (2048 - y) * (2048 - x) + top[right] * (2048 - y) * x +
                              bottom[left] * y * (2048 - x) + bottom[right] * y * x;
          const double value = static_cast<double>(sum) / (1 << 22);
          ASSERT_EQ(out[i], std::floor(value + 0.5)) << channels << " channels, at " << i;
        }
      }
    }
  }
}

TEST_P(Resize, FloatsOfEveryNumberOfChannels) {
  for (size_t channels = 1; channels <= 40; ++channels) {
    const int32_t in = 1 + static_cast<int32_t>(channels % 5);
    const size_t pixels = 1 + channels * 3 % 17, row = static_cast<size_t>(in) * channels;
    const auto taps = make_taps(in, pixels);
    std::vector<float> top(row), bottom(row);
    for (size_t i = 0; i < row; ++i) {
      top[i] = static_cast<float>(i * 37 % 101) * 0.37f - 9.0f;
      bottom[i] = static_cast<float>(i * 53 % 97) * 0.41f - 7.0f;
    }
    const float y = 0.3f;
    for (const Guard guard : {Guard::Behind, Guard::Before}) {
      const Guarded<float> above(top, guard), below(bottom, guard), out(pixels * channels, guard);
      GetParam()->bilinear_f32({taps.data(), pixels, channels}, above.data(), below.data(), y,
                               out.data());
      for (size_t i = 0; i < pixels * channels; ++i) {
        const kernels::ResizeTap& tap = taps[i / channels];
        const size_t left = static_cast<size_t>(tap.first) * channels + i % channels;
        const size_t right = static_cast<size_t>(tap.second) * channels + i % channels;
        const float high = top[left] + (top[right] - top[left]) * tap.weight;
        const float low = bottom[left] + (bottom[right] - bottom[left]) * tap.weight;
        ASSERT_EQ(out[i], high + (low - high) * y) << channels << " channels, at " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, Resize,
                         testing::ValuesIn(runnable_rows(kernels::resize_bilinear_kernels)),
                         row_name<kernels::ResizeBilinearKernel>);

}  // namespace
}  // namespace qrt::test
