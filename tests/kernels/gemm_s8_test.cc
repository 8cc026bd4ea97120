// Every row of gemm_s8 against sums computed here in 64 bits.
#include "kernels/gemm_s8.h"

#include <cmath>

#include "src/base/memory.h"
#include "tests/support/guarded.h"
#include "tests/support/kernel_rows.h"

namespace qrt::test {
namespace {

using kernels::GemmS8Kernel;

struct Problem {
  size_t m, n, taps, k;
  int32_t a_zero = 3, out_zero = -5;
  bool w_zeros = false, bias = true;
  int8_t a_fill = 0, w_fill = 0;  // 0: random
  bool indirection = true;
  std::vector<int8_t> w = {};  // repeated as often as needed; empty: as w_fill says
  size_t buffer_bytes = 0;
  bool single_row = false;
  int32_t out_min = -128, out_max = 127;
  int32_t first_bias = -900;
  float scale = 1;  // times a multiplier that spreads the outputs over their range
};

struct Data {
  std::vector<int8_t> a, w;
  std::vector<int32_t> bias, w_zeros;
  std::vector<float> multipliers;

  explicit Data(const Problem& p)
      : a(p.a_fill != 0 ? std::vector<int8_t>(p.m * p.taps * p.k, p.a_fill)
                        : random_s8(p.m * p.taps * p.k, 1)),
        w(p.w_fill != 0 ? std::vector<int8_t>(p.n * p.taps * p.k, p.w_fill)
                        : random_s8(p.n * p.taps * p.k, 2)) {
    for (size_t i = 0; !p.w.empty() && i < w.size(); ++i) w[i] = p.w[i % p.w.size()];
    for (size_t n = 0; n < p.n; ++n) {
      bias.push_back(p.bias ? static_cast<int32_t>(n * 77) + p.first_bias : 0);
      w_zeros.push_back(p.w_zeros ? static_cast<int32_t>(n * 37 % 256) - 128 : 0);
      multipliers.push_back(p.scale * 0.7f /
                            static_cast<float>(64.0 * std::sqrt(p.taps * p.k) + n));
    }
  }
};

int64_t exact_sum(const Problem& p, const Data& d, size_t m, size_t n) {
  int64_t sum = d.bias[n];
  for (size_t i = 0; i < p.taps * p.k; ++i) {
    sum +=
        int64_t{d.a[m * p.taps * p.k + i] - p.a_zero} * (d.w[n * p.taps * p.k + i] - d.w_zeros[n]);
  }
  return sum;
}

// round_half_even(float(acc) * multiplier) + zero point, clamped, by the C library.
int8_t expected(const Problem& p, int64_t sum, float multiplier) {
  const float steps = static_cast<float>(static_cast<int32_t>(sum)) * multiplier;
  const double q = std::nearbyint(static_cast<double>(steps)) + p.out_zero;
  return static_cast<int8_t>(std::min<double>(std::max<double>(q, p.out_min), p.out_max));
}

void check(const GemmS8Kernel& kernel, const Problem& p, Guard guard) {
  SCOPED_TRACE(testing::Message() << "m " << p.m << " n " << p.n << " taps " << p.taps << " k "
                                  << p.k << " zero " << p.a_zero << " indirection "
                                  << p.indirection);
  const Data d(p);
  rt::AlignedBuffer packed = rt::allocate_aligned(kernel.packed_bytes(p.n, p.taps, p.k));
  kernel.pack({p.n, p.taps, p.k, d.w.data(), p.bias ? d.bias.data() : nullptr, p.a_zero,
               p.w_zeros ? d.w_zeros.data() : nullptr, d.multipliers.data(), p.single_row},
              packed.get());
  const Guarded<int8_t> a(d.a, guard);
  std::vector<const int8_t*> indirection;
  for (size_t i = 0; i < p.m * p.taps; ++i) indirection.push_back(a.data() + i * p.k);
  rt::AlignedBuffer buffer = rt::allocate_aligned(p.buffer_bytes);
  const bool use_indirection = p.indirection || p.taps > 1;
  const kernels::GemmS8Args args = {packed.get(),
                                    p.n,
                                    p.taps,
                                    p.k,
                                    use_indirection ? indirection.data() : nullptr,
                                    a.data(),
                                    p.k,
                                    p.n,
                                    {p.out_zero, p.out_min, p.out_max},
                                    p.buffer_bytes > 0 ? buffer.get() : nullptr,
                                    p.buffer_bytes};
  const Guarded<int8_t> out(p.m * p.n, guard);
  const Guarded<int32_t> sums(p.m * p.n, guard);
  // In two column ranges, as threads would.
  const size_t split = p.n > kernel.nr ? kernel.nr : 0;
  kernel.run(args, 0, p.m, 0, split, out.data());
  kernel.run(args, 0, p.m, split, p.n, out.data());
  kernel.run_s32(args, 0, p.m, 0, p.n, sums.data());
  for (size_t m = 0; m < p.m; ++m) {
    for (size_t n = 0; n < p.n; ++n) {
      const int64_t sum = exact_sum(p, d, m, n);
      ASSERT_EQ(sums[m * p.n + n], static_cast<int32_t>(sum)) << "row " << m << " column " << n;
      ASSERT_EQ(out[m * p.n + n], expected(p, sum, d.multipliers[n]))
          << "row " << m << " column " << n;
    }
  }
}

class GemmS8 : public testing::TestWithParam<const GemmS8Kernel*> {};

TEST_P(GemmS8, EveryRemainderOfTheTile) {
  const GemmS8Kernel& kernel = *GetParam();
  for (size_t m = 1; m <= 2 * kernel.mr + 1; ++m) {
    for (size_t n = 1; n <= 2 * kernel.nr + 1; ++n) {
      check(kernel, {m, n, 1, 19}, m % 2 == 0 ? Guard::Behind : Guard::Before);
    }
  }
  for (size_t k = 1; k <= 70; ++k) {
    check(kernel, {kernel.mr + 1, kernel.nr + 1, 1, k}, Guard::Behind);
    check(kernel, {2, 3, 3, k}, Guard::Before);
  }
}

TEST_P(GemmS8, EveryNumberOfRows) {
  for (size_t m = 1; m <= 40; ++m) {
    for (size_t n : {8, 16, 33, 64, 80}) check(*GetParam(), {m, n, 1, 21}, Guard::Behind);
  }
}

// With weights packed for one row, of as many rows as are asked for all the same.
TEST_P(GemmS8, WeightsForASingleRow) {
  for (size_t n = 1; n <= 40; ++n) {
    for (size_t k : {1, 2, 15, 64, 300}) {
      for (bool zeros : {false, true}) {
        for (size_t m : {1, 6}) {
          Problem p = {m, n, 1, k};
          p.single_row = true;
          p.w_zeros = zeros;
          check(*GetParam(), p, Guard::Behind);
        }
      }
    }
  }
  // Large enough that reading weights takes longest.
  for (size_t k : {1025, 40000}) {
    for (size_t m : {1, 3}) {
      Problem p = {m, 600000 / k, 1, k};
      p.single_row = true;
      check(*GetParam(), p, Guard::Behind);
    }
  }
}

// So large that rows may keep them in fewer bits, which differences from zero points do not fit.
TEST_P(GemmS8, LargeWeightsForASingleRow) {
  for (bool zeros : {false, true}) {
    Problem p = {1, 264, 1, 1024};
    p.single_row = true;
    p.w_zeros = zeros;
    check(*GetParam(), p, Guard::Behind);
  }
}

TEST_P(GemmS8, MoreRowsThanABlock) {
  Problem p = {150, 35, 3, 301};
  check(*GetParam(), p, Guard::Behind);
  p.w_zeros = true;
  for (size_t bytes : {4096, 100000, 1000000}) {
    p.buffer_bytes = bytes;
    check(*GetParam(), p, Guard::Behind);
  }
}

TEST_P(GemmS8, RowsLongerThanAnyBuffer) {
  for (size_t k : {9000, 30003, 65536}) {
    for (bool zeros : {false, true}) {
      Problem p = {3, 18, 1, k};
      p.w_zeros = zeros;
      check(*GetParam(), p, Guard::Behind);
      check(*GetParam(), {2, 9, 9, k / 9, 3, -5, zeros}, Guard::Before);
    }
  }
}

// Sums of neighbouring weights just below, at and above what sums of 16 bits hold for the largest
// inputs, few and many in a panel: kernels that prove at packing that they cannot saturate.
TEST_P(GemmS8, WeightsAtTheEdgeOfSaturation) {
  for (int8_t a : {int8_t{-128}, int8_t{127}}) {
    for (int8_t sign : {int8_t{1}, int8_t{-1}}) {
      for (int first : {31, 32, 33, 63, 64, 65, 126, 127}) {
        for (int second : {0, 1, 31, 32, 33, 64, 65, 127}) {
          for (size_t every : {1, 8, 64, 501}) {
            Problem p = {5, 40, 1, 200};
            p.a_fill = a;
            p.w.assign(every * 4, sign);
            p.w[0] = static_cast<int8_t>(first * sign);
            p.w[1] = static_cast<int8_t>(second * sign);
            p.w[3] = static_cast<int8_t>(second * -sign);
            check(*GetParam(), p, Guard::Behind);
          }
        }
      }
    }
  }
}

TEST_P(GemmS8, SmallWeightsWithAFewLargeOnes) {
  for (int large : {-128, -100, 100, 127}) {
    for (size_t every : {3, 50, 333}) {
      for (bool zeros : {false, true}) {
        Problem p = {9, 50, 1, 600};
        p.w = random_s8(every, 9, -8, 8);
        p.w[0] = static_cast<int8_t>(large);
        p.w_zeros = zeros;
        check(*GetParam(), p, Guard::Behind);
      }
    }
  }
}

// Large weights side by side, after many small ones: more than one sum of 16 bits can take, and
// than two.
TEST_P(GemmS8, LargeWeightsSideBySide) {
  for (int large : {-128, 127}) {
    for (size_t at : {64, 66, 68}) {
      for (bool zeros : {false, true}) {
        Problem p = {5, 33, 1, 256};
        p.w = random_s8(256, 9, -8, 8);
        for (size_t i = 0; i < 6; ++i) p.w[at + i] = static_cast<int8_t>(large);
        p.w_zeros = zeros;
        check(*GetParam(), p, Guard::Behind);
      }
    }
  }
}

TEST_P(GemmS8, RowsByStrideAreRowsByIndirection) {
  Problem p = {7, 33, 1, 40};
  p.indirection = false;
  check(*GetParam(), p, Guard::Behind);
  check(*GetParam(), p, Guard::Before);
}

TEST_P(GemmS8, ExtremesDoNotSaturate) {
  for (int a : {-128, 127}) {
    for (int w : {-128, 127}) {
      for (size_t k : {1, 2, 3, 64, 257, 8192}) {
        Problem p = {3, 17, 1, k};
        p.a_fill = static_cast<int8_t>(a), p.w_fill = static_cast<int8_t>(w);
        for (int zero : {-128, 0, 127}) {
          p.a_zero = zero;
          check(*GetParam(), p, Guard::Behind);
        }
      }
    }
  }
}

TEST_P(GemmS8, WeightZeroPoints) {
  for (size_t k : {1, 5, 32, 100}) {
    Problem p = {5, 35, 2, k};
    p.w_zeros = true;
    p.a_zero = -128;
    check(*GetParam(), p, Guard::Behind);
  }
}

TEST_P(GemmS8, ZeroPointsAtBothEnds) {
  for (int zero : {-128, 127}) {
    Problem p = {5, 18, 9, 16};
    p.a_zero = p.out_zero = zero;
    check(*GetParam(), p, Guard::Behind);
  }
}

TEST_P(GemmS8, LimitsOfTheOutput) {
  for (int zero : {-128, -20, 0, 127}) {
    for (int min : {-128, -100, 3}) {
      for (int max : {3, 90, 127}) {
        Problem p = {7, 37, 1, 24};
        p.out_zero = zero, p.out_min = min, p.out_max = max;
        check(*GetParam(), p, Guard::Behind);
      }
    }
  }
}

// Sums that wrap around, and steps that no integer holds.
TEST_P(GemmS8, OutOfRange) {
  for (size_t m : {1, 7}) {
    for (size_t n : {5, 16, 70}) {
      for (bool zeros : {false, true}) {
        Problem p = {m, n, 1, 24};
        p.w_zeros = zeros;
        p.out_min = -120, p.out_max = 100;
        for (float scale : {1e5f, 1e7f, 1e30f, 1e-30f}) {
          p.scale = scale;
          check(*GetParam(), p, Guard::Behind);
        }
        for (int32_t bias : {INT32_MIN, INT32_MIN + 50000, INT32_MAX - 50000, INT32_MAX - 6000}) {
          for (float scale : {1.0f, 1e-7f}) {
            p.first_bias = bias, p.scale = scale;
            check(*GetParam(), p, Guard::Behind);
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, GemmS8, testing::ValuesIn(runnable_rows(kernels::gemm_s8_kernels)),
                         row_name<GemmS8Kernel>);

}  // namespace
}  // namespace qrt::test
