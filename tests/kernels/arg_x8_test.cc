// Every row of arg_x8 against a search written here.
#include <algorithm>

#include "kernels/arg_x8.h"
#include "tests/support/guarded.h"
#include "tests/support/kernel_rows.h"

namespace qrt::test {
namespace {

class ArgX8 : public testing::TestWithParam<const kernels::ArgX8Kernel*> {};

// How a byte orders, larger being better.
int order(uint8_t x, uint8_t flip) {
  switch (flip) {
    case kernels::kLargestS8:
      return static_cast<int8_t>(x);
    case kernels::kSmallestS8:
      return -static_cast<int8_t>(x);
    case kernels::kLargestU8:
      return x;
    default:
      return -x;
  }
}

TEST_P(ArgX8, FindsTheFirstOfEveryLength) {
  for (size_t n = 1; n <= 200; ++n) {
    for (const unsigned values : {1u, 3u, 256u}) {  // few values: many ties
      const size_t rows = 1 + n % 6;
      std::vector<uint8_t> in(rows * n);
      std::mt19937 random(static_cast<unsigned>(n));
      for (uint8_t& x : in) x = static_cast<uint8_t>(126 + random() % values);
      for (const uint8_t flip :
           {kernels::kLargestS8, kernels::kSmallestS8, kernels::kLargestU8, kernels::kSmallestU8}) {
        for (const Guard guard : {Guard::Behind, Guard::Before}) {
          const Guarded<uint8_t> from(in, guard);
          const Guarded<int32_t> out(rows, guard);
          GetParam()->run(from.data(), rows, n, flip, out.data());
          for (size_t r = 0; r < rows; ++r) {
            const uint8_t* row = in.data() + r * n;
            const auto worse = [flip](uint8_t a, uint8_t b) {
              return order(a, flip) < order(b, flip);
            };
            ASSERT_EQ(out[r], std::max_element(row, row + n, worse) - row)
                << n << " bytes, flip " << int(flip);
          }
        }
      }
    }
  }
}

TEST_P(ArgX8, FindsTheExtremeAtEveryPlace) {
  for (const size_t n : {15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 1001}) {
    for (size_t where = 0; where < n; ++where) {
      std::vector<uint8_t> in(n, 0x80);  // the smallest s8
      in[where] = 0x7F;
      int32_t found = -1;
      GetParam()->run(in.data(), 1, n, kernels::kLargestS8, &found);
      ASSERT_EQ(found, static_cast<int32_t>(where)) << n;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, ArgX8, testing::ValuesIn(runnable_rows(kernels::arg_x8_kernels)),
                         row_name<kernels::ArgX8Kernel>);

}  // namespace
}  // namespace qrt::test
