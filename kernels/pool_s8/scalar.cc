// The specification of pool_s8.
#include "kernels/pool_s8.h"

namespace qrt::kernels {
namespace {

void average(const PoolS8Args& args, size_t pixels, int8_t* out) {
  for (size_t p = 0; p < pixels; ++p) {
    const int8_t* const* pieces = args.pieces + p * args.taps;
    for (size_t c = 0; c < args.channels; ++c) {
      int32_t sum = 0;
      size_t count = 0;
      for (size_t t = 0; t < args.taps; ++t) {
        if (pieces[t] == nullptr) continue;
        sum += pieces[t][c] - args.in_zero_point;
        ++count;
      }
      out[p * args.out_stride + c] =
          static_cast<int8_t>(requantize(sum, args.multipliers[count], args.out));
    }
  }
}

void max(const PoolS8Args& args, size_t pixels, int8_t* out) {
  for (size_t p = 0; p < pixels; ++p) {
    const int8_t* const* pieces = args.pieces + p * args.taps;
    for (size_t c = 0; c < args.channels; ++c) {
      int32_t best = args.out.min;
      for (size_t t = 0; t < args.taps; ++t) {
        if (pieces[t] != nullptr && pieces[t][c] > best) best = pieces[t][c];
      }
      out[p * args.out_stride + c] = static_cast<int8_t>(best < args.out.max ? best : args.out.max);
    }
  }
}

}  // namespace

extern const PoolS8Kernel kPoolS8Scalar;
const PoolS8Kernel kPoolS8Scalar = {"qs8_pool__scalar", QRT_ISA_SCALAR, average, max};

}  // namespace qrt::kernels
