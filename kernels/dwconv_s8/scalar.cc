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

uint64_t packed_bytes(const DwconvS8Weights& weights) {
  return uint64_t{weights.shape.outputs()} * (2 * 4 + weights.shape.taps() * 2);
}

uint64_t scratch_bytes(const DwconvS8Shape&, size_t) { return 0; }

uint32_t u(int32_t x) { return static_cast<uint32_t>(x); }

void pack(const DwconvS8Weights& weights, void* memory) {
  const size_t outputs = weights.shape.outputs(), taps = weights.shape.taps();
  const Packed packed = layout(memory, outputs);
  for (size_t c = 0; c < outputs; ++c) {
    const int32_t w_zero = weights.w_zero_points != nullptr ? weights.w_zero_points[c] : 0;
    uint32_t sum = 0;
    for (size_t t = 0; t < taps; ++t) {
      const int32_t w = weights.w[c * taps + t] - w_zero;
      packed.w[t * outputs + c] = static_cast<int16_t>(w);
      sum += u(w);
    }
    const uint32_t bias = weights.bias != nullptr ? u(weights.bias[c]) : 0;
    packed.bias[c] = static_cast<int32_t>(bias - u(weights.a_zero_point) * sum);
    packed.multipliers[c] = weights.multipliers[c];
  }
}

void run(const DwconvS8Args& args, size_t y0, size_t y1, size_t c0, size_t c1, int8_t* out) {
  const DwconvS8Shape& s = args.shape;
  const size_t outputs = s.outputs();
  const Packed packed = layout(const_cast<void*>(args.packed), outputs);
  for (size_t oy = y0; oy < y1; ++oy) {
    for (size_t ox = 0; ox < args.out_w; ++ox) {
      for (size_t c = c0; c < c1; ++c) {
        uint32_t acc = u(packed.bias[c]);
        for (size_t t = 0; t < s.taps(); ++t) {
          // Unsigned: what lies before the feature map wraps around to far behind it.
          const size_t y = oy * s.stride_h + t / s.kernel_w * s.dilation_h - args.pad_top;
          const size_t x = ox * s.stride_w + t % s.kernel_w * s.dilation_w - args.pad_left;
          const bool inside = y < args.in_h && x < args.in_w;
          const int32_t a = inside ? args.in[(y * args.in_w + x) * s.channels + c / s.multiplier]
                                   : args.a_zero_point;
          acc += u(a * packed.w[t * outputs + c]);
        }
        out[(oy * args.out_w + ox) * outputs + c] = static_cast<int8_t>(
            requantize(static_cast<int32_t>(acc), packed.multipliers[c], args.out));
      }
    }
  }
}

constexpr DwconvS8Kernel make_row() {
  DwconvS8Kernel row{};
  row.name = "qs8_dwconv__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.block = 1;
  row.throughput = 1;
  row.packed_bytes = packed_bytes;
  row.pack = pack;
  row.scratch_bytes = scratch_bytes;
  row.run = run;
  return row;
}

}  // namespace

extern const DwconvS8Kernel kDwconvS8Scalar;
const DwconvS8Kernel kDwconvS8Scalar = make_row();

}  // namespace qrt::kernels
