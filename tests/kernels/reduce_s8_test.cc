// Every row of reduce_s8 against sums and extremes computed here.
#include <algorithm>
#include <cmath>

#include "kernels/reduce_s8.h"
#include "tests/support/guarded.h"
#include "tests/support/kernel_rows.h"

namespace qrt::test {
namespace {

class ReduceS8 : public testing::TestWithParam<const kernels::ReduceS8Kernel*> {};

// A matrix and the results so far, which kernels go on with.
struct Case {
  size_t rows, columns;
  std::vector<int8_t> in;
};
std::vector<Case> cases() {
  std::vector<Case> all;
  for (size_t columns = 1; columns <= 150; ++columns) {
    const size_t rows = 1 + columns * 7 % 11;
    all.push_back({rows, columns, random_s8(rows * columns, static_cast<unsigned>(columns))});
  }
  for (const size_t rows : {255, 256, 257, 512, 700}) {
    for (const int8_t extreme : {int8_t(-128), int8_t(127)}) {
      all.push_back({rows, 83, std::vector<int8_t>(rows * 83, extreme)});
      all.push_back({83, rows, std::vector<int8_t>(rows * 83, extreme)});
    }
  }
  return all;
}

TEST_P(ReduceS8, SumsOfColumnsAndRows) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(std::to_string(c.rows) + "x" + std::to_string(c.columns));
    for (const Guard guard : {Guard::Behind, Guard::Before}) {
      const Guarded<int8_t> in(c.in, guard);
      std::vector<int32_t> columns(c.columns, -7), rows(c.rows, 1000);
      const Guarded<int32_t> column_sums(columns, guard), row_sums(rows, guard);
      for (size_t i = 0; i < c.in.size(); ++i) {
        columns[i % c.columns] += c.in[i], rows[i / c.columns] += c.in[i];
      }
      GetParam()->add_columns(in.data(), c.rows, c.columns, column_sums.data());
      GetParam()->add_rows(in.data(), c.rows, c.columns, row_sums.data());
      ASSERT_TRUE(std::equal(columns.begin(), columns.end(), column_sums.begin()));
      ASSERT_TRUE(std::equal(rows.begin(), rows.end(), row_sums.begin()));
    }
  }
}

TEST_P(ReduceS8, ExtremesOfColumnsAndRows) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(std::to_string(c.rows) + "x" + std::to_string(c.columns));
    for (const int8_t flip : {int8_t(0), int8_t(-1)}) {
      for (const Guard guard : {Guard::Behind, Guard::Before}) {
        const Guarded<int8_t> in(c.in, guard);
        auto columns = random_s8(c.columns, 1), rows = random_s8(c.rows, 2);
        const Guarded<int8_t> column_best(columns, guard), row_best(rows, guard);
        const auto best = [flip](int8_t a, int8_t b) {
          return flip == 0 ? std::max(a, b) : std::min(a, b);
        };
        for (size_t i = 0; i < c.in.size(); ++i) {
          int8_t &column = columns[i % c.columns], &row = rows[i / c.columns];
          column = best(column, c.in[i]), row = best(row, c.in[i]);
        }
        GetParam()->max_columns(in.data(), c.rows, c.columns, flip, column_best.data());
        GetParam()->max_rows(in.data(), c.rows, c.columns, flip, row_best.data());
        ASSERT_TRUE(std::equal(columns.begin(), columns.end(), column_best.begin()));
        ASSERT_TRUE(std::equal(rows.begin(), rows.end(), row_best.begin()));
      }
    }
  }
}

TEST_P(ReduceS8, RequantizesEveryLength) {
  for (size_t n = 1; n <= 70; ++n) {
    std::vector<int32_t> sums(n);
    for (size_t i = 0; i < n; ++i) sums[i] = static_cast<int32_t>(i * 2654435761u) >> (i % 25);
    for (const kernels::Output range : {kernels::Output{-5, -128, 127}, {127, -128, 127}}) {
      const Guarded<int32_t> in(sums, Guard::Behind);
      const Guarded<int8_t> out(n, Guard::Behind);
      GetParam()->requantize(in.data(), n, 1234, 0.001f, range, out.data());
      for (size_t i = 0; i < n; ++i) {
        const auto less =
            static_cast<int32_t>(static_cast<uint32_t>(sums[i]) - static_cast<uint32_t>(1234));
        const double q = std::nearbyint(static_cast<double>(static_cast<float>(less) * 0.001f)) +
                         range.zero_point;
        ASSERT_EQ(out[i], std::clamp(q, -128.0, 127.0)) << sums[i];
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, ReduceS8,
                         testing::ValuesIn(runnable_rows(kernels::reduce_s8_kernels)),
                         row_name<kernels::ReduceS8Kernel>);

}  // namespace
}  // namespace qrt::test
