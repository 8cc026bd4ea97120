// The specification of dwconv_s8. Packed: bias with the zero points folded in and multipliers, one
// of each an output channel, then w - w_zero_point in 16 bits, [taps][output channels].
#include "kernels/dwconv_s8.h"

namespace qrt::kernels {
namespace {

struct Packed {
  int32_t* bias;
  float* multipliers;
  int16_t* w;
};

Packed layout(void* packed, size_t outputs) {
  auto* words = static_cast<int32_t*>(packed);
  return {words, reinterpret_cast<float*>(words + outputs),
          reinterpret_cast<int16_t*>(words + 2 * outputs)};
}

size_t packed_bytes(size_t channels, size_t multiplier, size_t taps) {
  return channels * multiplier * (2 * 4 + taps * 2);
}

uint32_t u(int32_t x) { return static_cast<uint32_t>(x); }

void pack(const DwconvS8Weights& weights, void* memory) {
  const size_t outputs = weights.channels * weights.multiplier;
  const Packed packed = layout(memory, outputs);
  for (size_t c = 0; c < outputs; ++c) {
    const int32_t w_zero = weights.w_zero_points != nullptr ? weights.w_zero_points[c] : 0;
    uint32_t sum = 0;
    for (size_t t = 0; t < weights.taps; ++t) {
      const int32_t w = weights.w[c * weights.taps + t] - w_zero;
      packed.w[t * outputs + c] = static_cast<int16_t>(w);
      sum += u(w);
    }
    const uint32_t bias = weights.bias != nullptr ? u(weights.bias[c]) : 0;
    packed.bias[c] = static_cast<int32_t>(bias - u(weights.a_zero_point) * sum);
    packed.multipliers[c] = weights.multipliers[c];
  }
}

void run(const DwconvS8Args& args, size_t pixels, int8_t* out) {
  const size_t outputs = args.channels * args.multiplier;
  const Packed packed = layout(const_cast<void*>(args.packed), outputs);
  for (size_t p = 0; p < pixels; ++p) {
    const int8_t* const* pieces = args.pieces + p * args.taps;
    for (size_t c = 0; c < outputs; ++c) {
      uint32_t acc = u(packed.bias[c]);
      for (size_t t = 0; t < args.taps; ++t) {
        acc += u(pieces[t][c / args.multiplier] * packed.w[t * outputs + c]);
      }
      out[p * args.out_stride + c] = static_cast<int8_t>(
          requantize(static_cast<int32_t>(acc), packed.multipliers[c], args.out));
    }
  }
}

}  // namespace

extern const DwconvS8Kernel kDwconvS8Scalar;
const DwconvS8Kernel kDwconvS8Scalar = {"qs8_dwconv__scalar", QRT_ISA_SCALAR, packed_bytes, pack,
                                        run};

}  // namespace qrt::kernels
