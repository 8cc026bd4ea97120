// The specification of winograd_s8: the convolution itself. Packed: bias with the zero points
// folded in, multipliers, then w - w_zero_point in 16 bits, [n][taps][channels].
#include "kernels/winograd_s8.h"

namespace qrt::kernels {
namespace {

constexpr size_t kTaps = 9;

struct Packed {
  int32_t* bias;
  float* multipliers;
  int16_t* w;
};

Packed layout(void* packed, size_t n) {
  auto* words = static_cast<int32_t*>(packed);
  return {words, reinterpret_cast<float*>(words + n), reinterpret_cast<int16_t*>(words + 2 * n)};
}

bool accepts(size_t, const WinogradS8Weights&) { return true; }
size_t cost(size_t) { return 1; }
size_t block(size_t, size_t) { return 16; }
uint64_t packed_bytes(size_t, size_t n, size_t channels) {
  return uint64_t{n} * (2 * 4 + uint64_t{kTaps} * channels * 2);
}
uint64_t scratch_bytes(size_t, size_t, size_t) { return 0; }

uint32_t u(int32_t x) { return static_cast<uint32_t>(x); }

void pack(size_t, const WinogradS8Weights& weights, void* memory) {
  const size_t size = kTaps * weights.channels;
  const Packed packed = layout(memory, weights.n);
  for (size_t n = 0; n < weights.n; ++n) {
    const int32_t zero = weights.w_zero_points != nullptr ? weights.w_zero_points[n] : 0;
    uint32_t sum = 0;
    for (size_t i = 0; i < size; ++i) {
      const int32_t w = weights.w[n * size + i] - zero;
      packed.w[n * size + i] = static_cast<int16_t>(w);
      sum += u(w);
    }
    const uint32_t bias = weights.bias != nullptr ? u(weights.bias[n]) : 0;
    packed.bias[n] = static_cast<int32_t>(bias - u(weights.a_zero_point) * sum);
    packed.multipliers[n] = weights.multipliers[n];
  }
}

int8_t pixel(const WinogradS8Args& args, const Packed& packed, size_t oy, size_t ox, size_t n) {
  uint32_t acc = u(packed.bias[n]);
  for (size_t t = 0; t < kTaps; ++t) {
    // Unsigned: what lies before the feature map wraps around to far behind it.
    const size_t y = oy + t / 3 - args.pad_top, x = ox + t % 3 - args.pad_left;
    const bool inside = y < args.in_h && x < args.in_w;
    const int8_t* a = args.in + (inside ? y * args.in_w + x : 0) * args.channels;
    const int16_t* w = packed.w + (n * kTaps + t) * args.channels;
    for (size_t c = 0; c < args.channels; ++c) {
      acc += u((inside ? a[c] : args.a_zero_point) * w[c]);
    }
  }
  return static_cast<int8_t>(
      requantize(static_cast<int32_t>(acc), packed.multipliers[n], args.out));
}

void run(const WinogradS8Args& args, size_t t0, size_t t1, size_t n0, size_t n1, int8_t* out) {
  const Packed packed = layout(const_cast<void*>(args.packed), args.n);
  const size_t size = args.tile, across = (args.out_w + size - 1) / size;
  for (size_t t = t0; t < t1; ++t) {
    for (size_t i = 0; i < size * size; ++i) {
      const size_t y = t / across * size + i / size, x = t % across * size + i % size;
      if (y >= args.out_h || x >= args.out_w) continue;
      for (size_t n = n0; n < n1; ++n) {
        out[(y * args.out_w + x) * args.n + n] = pixel(args, packed, y, x, n);
      }
    }
  }
}

constexpr WinogradS8Kernel make_row() {
  WinogradS8Kernel row{};
  row.name = "qs8_winograd__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.nr = 1;
  row.throughput = 1;
  row.input_cost = cost;
  row.output_cost = cost;
  row.accepts = accepts;
  row.block = block;
  row.packed_bytes = packed_bytes;
  row.pack = pack;
  row.scratch_bytes = scratch_bytes;
  row.run = run;
  return row;
}

}  // namespace

extern const WinogradS8Kernel kWinogradS8Scalar;
const WinogradS8Kernel kWinogradS8Scalar = make_row();

}  // namespace qrt::kernels
