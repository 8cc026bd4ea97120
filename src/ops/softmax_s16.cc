#include "src/ops/softmax_s16.h"

#include <algorithm>
#include <cmath>

#include "src/ops/fixed_multiplier.h"
#include "src/ops/table_s16.h"

namespace qrt::rt {
namespace {

// e^x for x in [-10, 0], and 1 / (1 + x) for x in [0, 1], both in steps of 2^-15 over all s16
// values. Values of other numbers than inputs: made once a process.
const TableS16& exponentials() {
  static const TableS16 table = make_table_s16<double>(10.0 / 65535.0, 32767, 2.0 / 65535.0,
                                                       [](double x) { return std::exp(x); });
  return table;
}
const TableS16& reciprocals() {
  static const TableS16 table = make_table_s16<double>(1.0 / 65535.0, -32768, 2.0 / 65535.0,
                                                       [](double x) { return 1.0 / (1.0 + x); });
  return table;
}

int32_t saturated(int64_t x) { return static_cast<int32_t>(std::clamp<int64_t>(x, -32768, 32767)); }

int leading_zeros(uint32_t x) {
  int zeros = 0;
  for (; x < uint32_t{1} << 31; x <<= 1) ++zeros;
  return zeros;
}

class SoftmaxS16 final : public OpKernel {
 public:
  explicit SoftmaxS16(kernels::FixedPoint factor)
      : factor_(factor), exponentials_(exponentials()), reciprocals_(reciprocals()) {}

  const char* name() const override { return "s16_softmax__scalar"; }
  bool may_overwrite(const Node&, const Shapes&, size_t) const override { return true; }

  void run(const RunContext& context) const override {
    const Shape& shape = context.shape_in(0);
    const auto n = static_cast<size_t>(shape.last());
    const auto rows = static_cast<size_t>(shape.elements(0, shape.rank() - 1));
    context.pool.parallel_for(rows, n * 16, [&](size_t begin, size_t end, size_t) {
      for (size_t r = begin; r < end; ++r) {
        run_row(context.in<int16_t>(0) + r * n, n, context.out<int16_t>() + r * n);
      }
    });
  }

 private:
  void run_row(const int16_t* in, size_t n, int16_t* out) const {
    const int32_t largest = *std::max_element(in, in + n);
    // Exponentials take the results' places until their sum is known.
    int32_t sum = 0;
    for (size_t i = 0; i < n; ++i) {
      // 65535 steps of the table's input are 10.
      const int64_t steps = kernels::scale_fixed32(in[i] - largest, factor_);
      out[i] = static_cast<int16_t>(
          kernels::interpolate_s16(saturated(steps + 32767), exponentials_.data()));
      sum += out[i];
    }
    // sum = (1 + x) * 2^(31 - zeros) with x in [0, 1): x in 2^-16 indexes the table, and the result
    // is divided by the power of two.
    const int zeros = leading_zeros(static_cast<uint32_t>(sum));
    const int64_t mantissa = ((int64_t{sum} << (zeros - 1)) + (1 << 13)) >> 14;
    const int64_t reciprocal =
        kernels::interpolate_s16(saturated(mantissa - (1 << 15) - (1 << 16)), reciprocals_.data());
    const int shift = 31 - zeros;
    for (size_t i = 0; i < n; ++i) {
      const int64_t y = (out[i] * reciprocal + (int64_t{1} << (shift - 1))) >> shift;
      out[i] = static_cast<int16_t>(std::clamp<int64_t>(y, 0, 32767));
    }
  }

  const kernels::FixedPoint factor_;
  const TableS16 &exponentials_, &reciprocals_;
};

}  // namespace

Choice choose_softmax_s16(const Node& node) {
  const float step = node.input(0).quantization.scale() * node.options<fb::Softmax>().beta();
  kernels::FixedPoint factor;
  QRT_RETURN_IF_ERROR(make_fixed(node, static_cast<double>(step) / (10.0 / 65535.0), &factor));
  return make_kernel<SoftmaxS16>(factor);
}

}  // namespace qrt::rt
