// Every row of gemm_s4 against the formula of its contract.
#include "kernels/gemm_s4.h"

#include <random>

#include "src/base/memory.h"
#include "src/base/small_float.h"
#include "tests/support/guarded.h"
#include "tests/support/kernel_rows.h"

namespace qrt::test {
namespace {

using kernels::GemmS4Kernel;
using kernels::GemmS4Shape;

struct Data {
  std::vector<int8_t> w, zero_points, a;
  std::vector<uint8_t> packed_pairs;
  std::vector<float> scales;
  std::vector<uint16_t> halves;

  // Weights, zero points and activations are random, or all `fill`, their extremes.
  Data(const GemmS4Shape& s, size_t m, bool extremes) {
    std::mt19937 random(static_cast<unsigned>(s.n * 1000 + s.k + s.block));
    const size_t count = s.n * kernels::blocks_of(s);
    w = random_s8(s.n * s.k, 1, -8, extremes ? -8 : 7);
    zero_points = random_s8(count, 2, extremes ? 7 : -8, 7);
    a.resize(m * kernels::depth_of(s), 0);
    const std::vector<int8_t> numbers = random_s8(m * s.k, 3, -128, extremes ? -128 : 127);
    for (size_t i = 0; i < numbers.size(); ++i) {
      a[i / s.k * kernels::depth_of(s) + i % s.k] = numbers[i];
    }
    packed_pairs.resize((w.size() + 1) / 2);
    for (size_t i = 0; i < w.size(); ++i) {
      packed_pairs[i / 2] |= static_cast<uint8_t>((w[i] & 15) << (i % 2 * 4));
    }
    for (size_t i = 0; i < count; ++i) {
      // All exponents of positive normal numbers.
      halves.push_back(static_cast<uint16_t>(0x0400 + random() % (0x7C00 - 0x0400)));
      scales.push_back(static_cast<float>(random() % 100000 + 1) * 1.7e-5f);
    }
  }
};

float expected(const GemmS4Shape& s, const Data& d, size_t m, size_t n) {
  const size_t blocks = kernels::blocks_of(s);
  const size_t block = blocks == 1 ? s.k : s.block;
  float total = 0;
  for (size_t b = 0; b < blocks; ++b) {
    const size_t i = n * blocks + b;
    int64_t sum = 0;
    for (size_t k = b * block; k < std::min((b + 1) * block, s.k); ++k) {
      const int zero_point = s.zero_points ? d.zero_points[i] : 0;
      sum += d.a[m * kernels::depth_of(s) + k] * (d.w[n * s.k + k] - zero_point);
    }
    const float scale =
        s.half_scales ? static_cast<float>(rt::Half::of_bits(d.halves[i])) : d.scales[i];
    const float part = static_cast<float>(sum) * scale;
    total = total + part;
  }
  return total;
}

void check(const GemmS4Kernel& kernel, const GemmS4Shape& s, size_t m, Guard guard,
           bool extremes = false) {
  SCOPED_TRACE(testing::Message() << "m " << m << " n " << s.n << " k " << s.k << " block "
                                  << s.block << " halves " << s.half_scales << " zero points "
                                  << s.zero_points);
  const Data d(s, m, extremes);
  const Guarded<uint8_t> pairs(d.packed_pairs, guard);
  const auto bytes = static_cast<size_t>(kernel.packed_bytes(s));
  const rt::AlignedBuffer packed = rt::allocate_aligned(bytes);
  kernel.pack(
      {s, pairs.data(), s.half_scales ? nullptr : d.scales.data(),
       s.half_scales ? d.halves.data() : nullptr, s.zero_points ? d.zero_points.data() : nullptr},
      packed.get());
  const Guarded<uint8_t> weights(std::vector<uint8_t>(packed.get(), packed.get() + bytes), guard);
  const size_t blocks = kernels::blocks_of(s), depth = kernels::depth_of(s);
  const Guarded<int8_t> a(d.a, guard);
  const Guarded<int32_t> corrections(m * blocks, guard);
  for (size_t r = 0; r < m; ++r) {
    kernel.correct(s, a.data() + r * depth, corrections.data() + r * blocks);
  }
  const Guarded<float> out(m * s.n, guard);
  const kernels::GemmS4Args args = {s, weights.data(), a.data(), corrections.data(), s.n};
  // In two ranges of columns and of rows, as threads would.
  const size_t column = s.n > kernel.nr ? kernel.nr : 0, row = m > kernel.mr ? kernel.mr : 0;
  for (const auto& [m0, m1] : {std::pair(size_t{0}, row), std::pair(row, m)}) {
    kernel.run(args, m0, m1, 0, column, out.data());
    kernel.run(args, m0, m1, column, s.n, out.data());
  }
  for (size_t r = 0; r < m; ++r) {
    for (size_t n = 0; n < s.n; ++n) {
      ASSERT_EQ(out[r * s.n + n], expected(s, d, r, n)) << "row " << r << " column " << n;
    }
  }
}

class GemmS4 : public testing::TestWithParam<const GemmS4Kernel*> {};

TEST_P(GemmS4, EveryDepth) {
  for (size_t k = 1; k <= 100; ++k) {
    for (const size_t block : {size_t{16}, size_t{32}, k}) {
      check(*GetParam(), {5, k, block, k % 2 == 0, k % 3 == 0}, 1, Guard::Behind);
    }
  }
}

TEST_P(GemmS4, EveryRemainderOfTheTile) {
  for (size_t m = 1; m <= 2 * GetParam()->mr + 1; ++m) {
    for (const size_t n : {1, 15, 16, 17, 33}) {
      check(*GetParam(), {n, 40, 32, true, true}, m, m % 2 == 0 ? Guard::Behind : Guard::Before);
    }
  }
}

TEST_P(GemmS4, EveryKindOfBlock) {
  for (const size_t k : {31, 96, 256, 300}) {
    for (const size_t block : {16, 32, 48, 64, 128, 512}) {
      for (const bool halves : {false, true}) {
        for (const bool zeros : {false, true}) {
          for (const size_t m : {1, 3}) {
            check(*GetParam(), {20, k, block, halves, zeros}, m, Guard::Behind);
          }
        }
      }
    }
  }
}

TEST_P(GemmS4, TheLargestSumsAreExact) {
  for (const bool zeros : {false, true}) {
    for (const size_t m : {1, 2}) {
      check(*GetParam(), {2, 256, 32, true, zeros}, m, Guard::Behind, true);
      check(*GetParam(), {2, 65536, 65536, false, zeros}, m, Guard::Behind, true);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, GemmS4, testing::ValuesIn(runnable_rows(kernels::gemm_s4_kernels)),
                         row_name<GemmS4Kernel>);

}  // namespace
}  // namespace qrt::test
