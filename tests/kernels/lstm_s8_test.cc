// Every row of lstm_s8 against its formula, computed here in double where that is exact.
#include <algorithm>
#include <cmath>

#include "kernels/lstm_s8.h"
#include "tests/support/guarded.h"
#include "tests/support/kernel_rows.h"

namespace qrt::test {
namespace {

class LstmS8 : public testing::TestWithParam<const kernels::LstmS8Kernel*> {};

int to_q(float steps, const kernels::Output& out) {
  const double q = std::nearbyint(static_cast<double>(steps)) + out.zero_point;
  return static_cast<int>(
      std::clamp(q, static_cast<double>(out.min), static_cast<double>(out.max)));
}

int between_points(const std::vector<int32_t>& points, int x) {
  const int place = x + 32768, i = place / 64, rest = place % 64;
  const double rise = static_cast<double>(points[size_t(i) + 1] - points[size_t(i)]) * rest;
  return points[size_t(i)] + static_cast<int>(std::floor((rise + 32) / 64));
}

std::vector<int32_t> table(double (*f)(double), double step) {
  std::vector<int32_t> points;
  for (int i = 0; i < kernels::kLstmPoints; ++i) {
    const double y = std::nearbyint(f((i * 64 - 32768) * step) * 32768);
    points.push_back(static_cast<int32_t>(std::min(y, 32767.0)));
  }
  return points;
}

TEST_P(LstmS8, EveryNumberOfUnits) {
  const auto sigmoid = table([](double x) { return 1 / (1 + std::exp(-x)); }, 1.0 / 4096);
  const auto tanh = table([](double x) { return std::tanh(x); }, 1.0 / 4096);
  const auto cell_tanh = table([](double x) { return std::tanh(x); }, 1.0 / 2048);
  const kernels::Output gate = {0, -32768, 32767};
  std::mt19937 random(1);
  for (size_t units = 1; units <= 40; ++units) {
    for (const Guard guard : {Guard::Behind, Guard::Before}) {
      const Guarded<int32_t> x(4 * units, guard), y(4 * units, guard);
      const Guarded<float> mx(4 * units, guard), my(4 * units, guard);
      const Guarded<int16_t> c(units, guard);
      const Guarded<int8_t> h(units, guard);
      for (size_t i = 0; i < 4 * units; ++i) {  // some gates reach both ends
        x[i] = static_cast<int32_t>(random() >> (1 + i % 12)) - (1 << 18);
        y[i] = static_cast<int32_t>(random()) >> (8 + i % 12);
        mx[i] = 0.013f, my[i] = 0.0021f + static_cast<float>(i) * 0.001f;
      }
      for (size_t u = 0; u < units; ++u) {
        c[u] = static_cast<int16_t>(u % 5 == 0 ? -32768 : u % 5 == 1 ? 32767 : int(random() >> 16));
      }
      const std::vector<int16_t> before(c.begin(), c.end());
      const kernels::LstmS8Args args = {
          units,   mx.data(), my.data(),          sigmoid.data(),  tanh.data(), cell_tanh.data(),
          1.9e-6f, 1.3e-7f,   {0, -20000, 20000}, {-11, -128, 127}};
      GetParam()->step(args, x.data(), y.data(), c.data(), h.data());
      for (size_t u = 0; u < units; ++u) {
        int gates[4];
        for (size_t k = 0; k < 4; ++k) {
          const size_t row = k * units + u;
          gates[k] = std::clamp(to_q(static_cast<float>(x[row]) * mx[row], gate) +
                                    to_q(static_cast<float>(y[row]) * my[row], gate),
                                -32768, 32767);
        }
        const int i = between_points(sigmoid, gates[0]), f = between_points(sigmoid, gates[1]);
        const int g = between_points(tanh, gates[2]), o = between_points(sigmoid, gates[3]);
        const float kept = static_cast<float>(f * before[u]) / 32768.0f;
        const int cell = to_q(kept + static_cast<float>(i * g) * args.cell_multiplier, args.cell);
        ASSERT_EQ(c[u], cell) << units << " units, at " << u;
        const float product = static_cast<float>(o * between_points(cell_tanh, cell));
        ASSERT_EQ(h[u], to_q(product * args.hidden_multiplier, args.hidden)) << units << ", " << u;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, LstmS8, testing::ValuesIn(runnable_rows(kernels::lstm_s8_kernels)),
                         row_name<kernels::LstmS8Kernel>);

}  // namespace
}  // namespace qrt::test
