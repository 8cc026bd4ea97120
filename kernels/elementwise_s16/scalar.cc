// The specification of elementwise_s16.
#include "kernels/elementwise_s16.h"

namespace qrt::kernels {
namespace {

void add(const AddS16Args& args, const int16_t* a, size_t a_step, const int16_t* b, size_t b_step,
         size_t n, int16_t* out) {
  for (size_t i = 0; i < n; ++i) {
    // Factors of a and b are 1/2 at most, so that the sum stays within 32 bits.
    const int64_t x = scale_fixed32(a[i * a_step] * 32768, args.a);
    const int64_t y = scale_fixed32(b[i * b_step] * 32768, args.b);
    const auto sum = static_cast<int32_t>(args.subtract ? x - y : x + y);
    out[i] = clamp_s16(scale_fixed32(sum, args.out), args.range);
  }
}

void mul(const MulS16Args& args, const int16_t* a, size_t a_step, const int16_t* b, size_t b_step,
         size_t n, int16_t* out) {
  for (size_t i = 0; i < n; ++i) {
    const int32_t product = a[i * a_step] * b[i * b_step];
    out[i] = clamp_s16(scale_fixed32(product, args.factor), args.range);
  }
}

void scale(const ScaleS16Args& args, const int16_t* in, size_t n, int16_t* out) {
  const int64_t sign = args.negate_below ? -1 : 1;
  for (size_t i = 0; i < n; ++i) {
    const int64_t steps =
        in[i] < 0 ? sign * scale_fixed32(in[i], args.below) : scale_fixed32(in[i], args.above);
    out[i] = clamp_s16(steps, args.range);
  }
}

void interpolate(const int16_t* table, RangeS16 range, const int16_t* in, size_t n, int16_t* out) {
  for (size_t i = 0; i < n; ++i) out[i] = clamp_s16(interpolate_s16(in[i], table), range);
}

// The position of an input in the table, in 2^-bits of its steps, and the entry there in 2^-bits of
// its own.
int64_t position(const SigmoidS16Args& args, int16_t x) {
  const int64_t half = args.shift > 0 ? int64_t{1} << (args.shift - 1) : 0;
  return (int64_t{x} * args.multiplier + half) >> args.shift;
}
int64_t entry(const SigmoidS16Args& args, int64_t at, int bits) {
  const int64_t index = at >> bits;
  const int64_t low = args.table[index], high = args.table[index + 1];
  return (low << bits) + (at & ((1 << bits) - 1)) * (high - low);
}

void logistic(const SigmoidS16Args& args, const int16_t* in, size_t n, int16_t* out) {
  constexpr int64_t kLast = 255, kOne = 1 << 25;
  for (size_t i = 0; i < n; ++i) {
    const int64_t x = position(args, in[i]);
    const int64_t size = x < 0 ? -x : x;
    const int64_t y = size >> 9 >= kLast ? 0x7FFF << 10 : entry(args, size, 9);
    const int64_t steps = x >= 0 ? y + (1 << 9) : kOne - y + (1 << 9) - 1;
    out[i] = clamp_s16(steps >> 10, args.range);
  }
}

void tanh(const SigmoidS16Args& args, const int16_t* in, size_t n, int16_t* out) {
  constexpr int64_t kLast = 255, kHalf = 1 << 23;  // the sigmoid at 0
  for (size_t i = 0; i < n; ++i) {
    const int64_t x = position(args, in[i]);
    const int64_t size = x < 0 ? -x : x;
    const int64_t y = (size >> 8 >= kLast ? 0xFFFF << 8 : entry(args, size, 8)) - kHalf;
    const int64_t steps = x >= 0 ? y + (1 << 7) : -y + (1 << 7) - 1;
    out[i] = clamp_s16(steps >> 8, args.range);
  }
}

constexpr ElementwiseS16Kernel make_row() {
  ElementwiseS16Kernel row{};
  row.name = "s16_elementwise__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.add = add;
  row.mul = mul;
  row.scale = scale;
  row.interpolate = interpolate;
  row.logistic = logistic;
  row.tanh = tanh;
  return row;
}

}  // namespace

extern const ElementwiseS16Kernel kElementwiseS16Scalar;
const ElementwiseS16Kernel kElementwiseS16Scalar = make_row();

}  // namespace qrt::kernels
