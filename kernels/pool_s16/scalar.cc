// The specification of pool_s16.
#include "kernels/pool_s16.h"

namespace qrt::kernels {
namespace {

// Channels whose sums are kept at once.
constexpr size_t kBlock = 64;

void average(const PoolS16Args& args, size_t pixels, int16_t* out) {
  for (size_t p = 0; p < pixels; ++p) {
    const int16_t* const* taps = args.indirection + p * args.taps;
    int32_t count = 0;
    for (size_t t = 0; t < args.taps; ++t) count += taps[t] != nullptr || args.count_padding;
    for (size_t first = 0; first < args.channels; first += kBlock) {
      const size_t left = args.channels - first, n = left < kBlock ? left : kBlock;
      int32_t sums[kBlock] = {};
      for (size_t t = 0; t < args.taps; ++t) {
        if (taps[t] == nullptr) continue;
        for (size_t c = 0; c < n; ++c) sums[c] += taps[t][first + c];
      }
      for (size_t c = 0; c < n; ++c) {
        const int32_t half = sums[c] > 0 ? count / 2 : -(count / 2);
        const int64_t mean = count == 0 ? 0 : (int64_t{sums[c]} + half) / count;
        out[p * args.channels + first + c] = clamp_s16(mean, args.range);
      }
    }
  }
}

void max(const PoolS16Args& args, size_t pixels, int16_t* out) {
  for (size_t p = 0; p < pixels; ++p, out += args.channels) {
    const int16_t* const* taps = args.indirection + p * args.taps;
    for (size_t c = 0; c < args.channels; ++c) out[c] = -32768;
    for (size_t t = 0; t < args.taps; ++t) {
      if (taps[t] == nullptr) continue;
      for (size_t c = 0; c < args.channels; ++c) out[c] = taps[t][c] > out[c] ? taps[t][c] : out[c];
    }
    for (size_t c = 0; c < args.channels; ++c) out[c] = clamp_s16(out[c], args.range);
  }
}

constexpr PoolS16Kernel make_row() {
  PoolS16Kernel row{};
  row.name = "s16_pool__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.average = average;
  row.max = max;
  return row;
}

}  // namespace

extern const PoolS16Kernel kPoolS16Scalar;
const PoolS16Kernel kPoolS16Scalar = make_row();

}  // namespace qrt::kernels
