// Every row of dwconv_s8 against sums computed here in 64 bits.
#include "kernels/dwconv_s8.h"

#include <cmath>

#include "src/base/memory.h"
#include "tests/support/guarded.h"
#include "tests/support/kernel_rows.h"

namespace qrt::test {
namespace {

using kernels::DwconvS8Kernel;

void check(const DwconvS8Kernel& kernel, size_t channels, size_t multiplier, size_t taps,
           size_t pixels, int a_zero, bool w_zeros, int fill) {
  SCOPED_TRACE(testing::Message() << channels << " channels x " << multiplier << ", " << taps
                                  << " taps, " << pixels << " pixels, zero " << a_zero);
  const size_t outputs = channels * multiplier;
  const auto in = fill != 0 ? std::vector<int8_t>((pixels + taps) * channels, int8_t(fill))
                            : random_s8((pixels + taps) * channels, 3);
  const auto w =
      fill != 0 ? std::vector<int8_t>(outputs * taps, -128) : random_s8(outputs * taps, 4);
  std::vector<int32_t> bias, zeros;
  std::vector<float> multipliers;
  for (size_t c = 0; c < outputs; ++c) {
    bias.push_back(static_cast<int32_t>(c * 19) - 300);
    zeros.push_back(w_zeros ? static_cast<int32_t>(c * 29 % 256) - 128 : 0);
    multipliers.push_back(1.0f / static_cast<float>(150.0 * std::sqrt(taps) + c));
  }
  rt::AlignedBuffer packed = rt::allocate_aligned(kernel.packed_bytes(channels, multiplier, taps));
  kernel.pack({channels, multiplier, taps, w.data(), bias.data(), a_zero,
               w_zeros ? zeros.data() : nullptr, multipliers.data()},
              packed.get());
  const Guarded<int8_t> guarded_in(in, Guard::Behind);
  const Guarded<int8_t> out(pixels * outputs, Guard::Behind);
  std::vector<const int8_t*> pieces;
  for (size_t p = 0; p < pixels; ++p) {
    for (size_t t = 0; t < taps; ++t) pieces.push_back(guarded_in.data() + (p + t) * channels);
  }
  kernel.run({packed.get(), channels, multiplier, taps, pieces.data(), outputs, {4, -120, 125}},
             pixels, out.data());
  for (size_t p = 0; p < pixels; ++p) {
    for (size_t c = 0; c < outputs; ++c) {
      int64_t sum = bias[c];
      for (size_t t = 0; t < taps; ++t) {
        sum += int64_t{in[(p + t) * channels + c / multiplier] - a_zero} *
               (w[c * taps + t] - zeros[c]);
      }
      const float steps = static_cast<float>(static_cast<int32_t>(sum)) * multipliers[c];
      const double q = std::nearbyint(static_cast<double>(steps)) + 4;
      ASSERT_EQ(out[p * outputs + c], static_cast<int8_t>(std::min(std::max(q, -120.0), 125.0)))
          << "pixel " << p << " channel " << c;
    }
  }
}

class DwconvS8 : public testing::TestWithParam<const DwconvS8Kernel*> {};

TEST_P(DwconvS8, EveryNumberOfChannels) {
  for (size_t channels = 1; channels <= 70; ++channels)
    check(*GetParam(), channels, 1, 9, 3, 5, false, 0);
}

TEST_P(DwconvS8, EveryNumberOfTapsAndPixels) {
  for (size_t taps = 1; taps <= 26; ++taps) check(*GetParam(), 20, 1, taps, 2, -7, false, 0);
  for (size_t pixels = 1; pixels <= 9; ++pixels) check(*GetParam(), 33, 1, 9, pixels, 0, false, 0);
}

TEST_P(DwconvS8, SeveralOutputsAChannel) {
  for (size_t multiplier : {2, 3, 8}) check(*GetParam(), 5, multiplier, 9, 4, 1, false, 0);
}

TEST_P(DwconvS8, ExtremesAndZeroPoints) {
  for (int zero : {-128, 0, 127}) {
    for (int fill : {-128, 127}) {
      check(*GetParam(), 40, 1, 25, 2, zero, false, fill);
      check(*GetParam(), 40, 1, 25, 2, zero, true, fill);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, DwconvS8,
                         testing::ValuesIn(runnable_rows(kernels::dwconv_s8_kernels)),
                         row_name<DwconvS8Kernel>);

}  // namespace
}  // namespace qrt::test
