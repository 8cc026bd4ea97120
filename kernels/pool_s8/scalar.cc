// The specification of pool_s8.
#include "kernels/pool_s8.h"

namespace qrt::kernels {
namespace {

// sum / count, halves away from zero; 0 if nothing counts.
int32_t rounded_mean(int32_t sum, int32_t count) {
  if (count == 0) return 0;
  return (sum >= 0 ? sum + count / 2 : sum - count / 2) / count;
}

int32_t clamp(int32_t x, int32_t min, int32_t max) { return x < min ? min : x > max ? max : x; }

void average(const PoolS8Args& args, size_t pixels, int8_t* out) {
  for (size_t p = 0; p < pixels; ++p) {
    const int8_t* const* indirection = args.indirection + p * args.taps;
    for (size_t c = 0; c < args.channels; ++c) {
      int32_t sum = 0, count = 0;
      for (size_t t = 0; t < args.taps; ++t) {
        if (indirection[t] == nullptr) continue;
        sum += indirection[t][c];
        ++count;
      }
      const int32_t q =
          args.multipliers != nullptr
              ? requantize(sum - count * args.in_zero_point, args.multipliers[count], args.out)
              : clamp(rounded_mean(sum, count), args.out.min, args.out.max);
      out[p * args.out_stride + c] = static_cast<int8_t>(q);
    }
  }
}

void max(const PoolS8Args& args, size_t pixels, int8_t* out) {
  for (size_t p = 0; p < pixels; ++p) {
    const int8_t* const* indirection = args.indirection + p * args.taps;
    for (size_t c = 0; c < args.channels; ++c) {
      int32_t best = args.out.min;
      for (size_t t = 0; t < args.taps; ++t) {
        if (indirection[t] != nullptr && indirection[t][c] > best) best = indirection[t][c];
      }
      out[p * args.out_stride + c] = static_cast<int8_t>(best < args.out.max ? best : args.out.max);
    }
  }
}

constexpr PoolS8Kernel make_row() {
  PoolS8Kernel row{};
  row.name = "qs8_pool__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.average = average;
  row.max = max;
  return row;
}

}  // namespace

extern const PoolS8Kernel kPoolS8Scalar;
const PoolS8Kernel kPoolS8Scalar = make_row();

}  // namespace qrt::kernels
