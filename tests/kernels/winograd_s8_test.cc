// Every row of winograd_s8 against sums computed here in 64 bits.
#include "kernels/winograd_s8.h"

#include <cmath>

#include "src/base/memory.h"
#include "tests/support/guarded.h"
#include "tests/support/kernel_rows.h"

namespace qrt::test {
namespace {

using kernels::WinogradS8Kernel;

struct Problem {
  size_t channels, n, in_h, in_w;
  size_t pad_top = 1, pad_left = 1, pad_bottom = 1, pad_right = 1;
  int a_zero = 5;
  bool w_zeros = false;
  int fill = 0;  // of the input, with weights of -128; 0: random
  Guard guard = Guard::Behind;
  bool large = false;  // sums: larger tiles may refuse them
  float scale = 1;     // times a multiplier that spreads the outputs over their range
};

std::vector<int32_t> zero_points(const Problem& p) {
  std::vector<int32_t> zeros;
  for (size_t n = 0; p.w_zeros && n < p.n; ++n) {
    zeros.push_back(static_cast<int32_t>(n * 29 % 256) - 128);
  }
  return zeros;
}

void check_tile(const WinogradS8Kernel& kernel, size_t tile, const Problem& p) {
  SCOPED_TRACE(testing::Message() << "tile " << tile << ", " << p.channels << " channels to " << p.n
                                  << ", input " << p.in_h << "x" << p.in_w << ", zero " << p.a_zero
                                  << ", fill " << p.fill);
  const size_t out_h = p.in_h + p.pad_top + p.pad_bottom - 2;
  const size_t out_w = p.in_w + p.pad_left + p.pad_right - 2;
  const size_t in_bytes = p.in_h * p.in_w * p.channels, w_bytes = p.n * 9 * p.channels;
  const auto in =
      p.fill != 0 ? std::vector<int8_t>(in_bytes, int8_t(p.fill)) : random_s8(in_bytes, 3);
  const auto w = p.fill != 0 ? std::vector<int8_t>(w_bytes, -128) : random_s8(w_bytes, 4);
  const auto zeros = zero_points(p);
  std::vector<int32_t> bias;
  std::vector<float> multipliers;
  for (size_t n = 0; n < p.n; ++n) {
    bias.push_back(static_cast<int32_t>(n * 190) - 3000);
    multipliers.push_back(p.scale / static_cast<float>(150.0 * std::sqrt(9 * p.channels) + n));
  }
  const kernels::WinogradS8Weights weights = {p.n,
                                              p.channels,
                                              w.data(),
                                              bias.data(),
                                              p.a_zero,
                                              p.w_zeros ? zeros.data() : nullptr,
                                              multipliers.data()};
  if (!kernel.accepts(tile, weights)) {
    ASSERT_TRUE(p.channels < 16 || p.channels % 2 != 0 || (tile == 4 && (p.w_zeros || p.large)))
        << "not accepted";
    return;
  }
  rt::AlignedBuffer packed = rt::allocate_aligned(kernel.packed_bytes(tile, p.n, p.channels));
  kernel.pack(tile, weights, packed.get());
  const size_t tiles = (out_h + tile - 1) / tile * ((out_w + tile - 1) / tile);
  const size_t block = std::min(kernel.block(tile, p.channels), tiles);
  rt::AlignedBuffer scratch = rt::allocate_aligned(kernel.scratch_bytes(tile, p.channels, block));
  const Guarded<int8_t> guarded_in(in, p.guard);
  const Guarded<int8_t> out(out_h * out_w * p.n, p.guard);
  const kernels::WinogradS8Args args = {
      packed.get(), tile,  p.n,   p.channels, guarded_in.data(), p.in_h,       p.in_w, p.pad_top,
      p.pad_left,   out_h, out_w, p.a_zero,   {4, -120, 125},    scratch.get()};
  // In blocks of tiles and of channels, as threads would.
  const size_t split = p.n > kernel.nr ? kernel.nr : 0;
  for (size_t t = 0; t < tiles; t += block) {
    kernel.run(args, t, std::min(t + block, tiles), split, p.n, out.data());
  }
  if (split > 0) kernel.run(args, 0, tiles, 0, split, out.data());
  for (size_t oy = 0; oy < out_h; ++oy) {
    for (size_t ox = 0; ox < out_w; ++ox) {
      for (size_t n = 0; n < p.n; ++n) {
        int64_t sum = bias[n];
        for (size_t t = 0; t < 9; ++t) {
          const size_t y = oy + t / 3 - p.pad_top, x = ox + t % 3 - p.pad_left;
          // Padding counts as the zero point: its difference from it is 0.
          if (y >= p.in_h || x >= p.in_w) continue;
          for (size_t c = 0; c < p.channels; ++c) {
            const int64_t a = in[(y * p.in_w + x) * p.channels + c] - p.a_zero;
            sum += a * (w[(n * 9 + t) * p.channels + c] - (p.w_zeros ? zeros[n] : 0));
          }
        }
        const float steps = static_cast<float>(sum) * multipliers[n];
        const double q = std::nearbyint(static_cast<double>(steps)) + 4;
        ASSERT_EQ(out[(oy * out_w + ox) * p.n + n],
                  static_cast<int8_t>(std::min(std::max(q, -120.0), 125.0)))
            << "row " << oy << " column " << ox << " channel " << n;
      }
    }
  }
}

void check(const WinogradS8Kernel& kernel, const Problem& p) {
  for (size_t tile : {2, 4}) check_tile(kernel, tile, p);
}

class WinogradS8 : public testing::TestWithParam<const WinogradS8Kernel*> {};

TEST_P(WinogradS8, EveryNumberOfChannels) {
  for (size_t channels = 1; channels <= 70; ++channels) {
    const Guard guard = channels % 4 == 0 ? Guard::Behind : Guard::Before;
    check(*GetParam(), {channels, 18, 4, 5, 1, 1, 1, 1, 5, false, 0, guard});
  }
}

TEST_P(WinogradS8, EveryNumberOfOutputs) {
  for (size_t n = 1; n <= 50; ++n) {
    const Guard guard = n % 2 == 0 ? Guard::Behind : Guard::Before;
    check(*GetParam(), {16, n, 3, 4, 1, 1, 1, 1, -7, n % 3 == 0, 0, guard});
  }
}

TEST_P(WinogradS8, EverySize) {
  for (size_t h = 1; h <= 9; ++h) {
    for (size_t w = 1; w <= 40; w += h > 3 ? 5 : 1) {
      check(*GetParam(), {18, 16, h, w});
      if (h > 2 && w > 2) check(*GetParam(), {16, 17, h, w, 0, 0, 0, 0});
    }
  }
}

// Tiles that lie wholly in the padding, at every side.
TEST_P(WinogradS8, Padding) {
  check(*GetParam(), {20, 16, 3, 2, 0, 2, 1, 0, -128});
  check(*GetParam(), {20, 16, 1, 1, 5, 4, 7, 6, 127});
  check(*GetParam(), {20, 16, 5, 6, 2, 0, 0, 2, 3, true});
}

// More channels than the block of tiles leaves room for, and rows that a block begins and ends in.
TEST_P(WinogradS8, ManyChannelsAndTiles) {
  check(*GetParam(), {1024, 16, 4, 5, 1, 1, 1, 1, 5, false, 0, Guard::Behind, true});
  check(*GetParam(), {400, 16, 9, 10});
  check(*GetParam(), {300, 33, 14, 13});
  check(*GetParam(), {32, 16, 20, 31, 1, 1, 1, 1, 0, true});
}

// The largest sums of products, of either sign, with as many channels as are accepted.
TEST_P(WinogradS8, Extremes) {
  for (int zero : {-128, 0, 127}) {
    for (int fill : {-128, 127}) {
      check(*GetParam(), {80, 16, 4, 4, 1, 1, 1, 1, zero, false, fill});
      check(*GetParam(), {226, 16, 6, 6, 1, 1, 1, 1, zero, false, fill});
      check(*GetParam(), {1824, 16, 3, 3, 1, 1, 1, 1, zero, true, fill, Guard::Behind, true});
      check(*GetParam(), {3640, 8, 3, 3, 1, 1, 1, 1, zero, false, fill, Guard::Behind, true});
    }
  }
  for (float scale : {1e4f, 1e30f, 1e-30f}) {
    check(*GetParam(), {16, 16, 4, 4, 1, 1, 1, 1, 0, false, 0, Guard::Behind, false, scale});
  }
}

// What a result times the scale of the transforms leaves of 32 bits: 30 of them, or 26. And weights
// that do not fit 16 bits when they are transformed.
TEST(WinogradS8Accepts, OnlyWhatIsExact) {
  for (const WinogradS8Kernel* kernel : runnable_rows(kernels::winograd_s8_kernels)) {
    if (kernel->needs == 0) continue;
    const float multiplier = 1;
    const std::vector<int8_t> w(size_t{9} * 4000, -128);
    for (size_t tile : {2, 4}) {
      const size_t most = tile == 2 ? 3640 : 226;
      for (size_t channels : {most, most + 2}) {
        EXPECT_EQ(kernel->accepts(tile, {1, channels, w.data(), nullptr, 0, nullptr, &multiplier}),
                  channels == most)
            << kernel->name << " " << tile;
      }
    }
    for (int32_t zero : {99, 100}) {
      EXPECT_EQ(kernel->accepts(4, {1, 16, w.data(), nullptr, 0, &zero, &multiplier}), zero == 99);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, WinogradS8,
                         testing::ValuesIn(runnable_rows(kernels::winograd_s8_kernels)),
                         row_name<WinogradS8Kernel>);

}  // namespace
}  // namespace qrt::test
