// The specification of gemm_s4. Packed: scales, then zero points plus 8 (if there are any), then
// the weights plus 8, an output behind the other, each beginning with a byte of its own.
#include "kernels/gemm_s4/blocks.h"

namespace qrt::kernels {
namespace {

uint64_t scale_bytes(const GemmS4Shape& shape) {
  return uint64_t{shape.n} * blocks_of(shape) * (shape.half_scales ? 2 : 4);
}
uint64_t zero_bytes(const GemmS4Shape& shape) {
  return shape.zero_points ? uint64_t{shape.n} * blocks_of(shape) : 0;
}

uint64_t packed_bytes(GemmS4Shape shape) {
  return scale_bytes(shape) + zero_bytes(shape) + uint64_t{shape.n} * (depth_of(shape) / 2);
}

void pack(const GemmS4Weights& weights, void* packed) {
  const GemmS4Shape& shape = weights.shape;
  auto* to = static_cast<uint8_t*>(packed);
  const void* scales =
      shape.half_scales ? static_cast<const void*>(weights.scales_f16) : weights.scales;
  memcpy(to, scales, static_cast<size_t>(scale_bytes(shape)));
  to += scale_bytes(shape);
  for (size_t i = 0; i < zero_bytes(shape); ++i) {
    *to++ = static_cast<uint8_t>(weights.zero_points[i] + 8);
  }
  for (size_t n = 0; n < shape.n; ++n) {
    for (size_t k = 0; k < depth_of(shape); k += 2) {
      const size_t at = n * shape.k + k;
      const int low = k < shape.k ? raised_nibble(weights.w, at) : 0;
      const int high = k + 1 < shape.k ? raised_nibble(weights.w, at + 1) : 0;
      *to++ = static_cast<uint8_t>(low | high << 4);
    }
  }
}

void run(const GemmS4Args& args, size_t m0, size_t m1, size_t n0, size_t n1, float* out) {
  const GemmS4Shape& shape = args.shape;
  const size_t blocks = blocks_of(shape), depth = depth_of(shape);
  const auto* packed = static_cast<const uint8_t*>(args.packed);
  const uint8_t* zero_points = packed + scale_bytes(shape);
  for (size_t m = m0; m < m1; ++m) {
    for (size_t n = n0; n < n1; ++n) {
      const int8_t* a = args.a + m * depth;
      const uint8_t* w = zero_points + zero_bytes(shape) + n * (depth / 2);
      float total = 0;
      for (size_t b = 0; b < blocks; ++b) {
        const size_t i = n * blocks + b, count = block_depth(shape, b);
        int32_t sum = args.corrections[m * blocks + b];
        if (shape.zero_points) sum *= zero_points[i];
        for (size_t k = 0; k < count; k += 2) {
          const int pair = w[k / 2];
          sum += a[k] * (pair & 15) + a[k + 1] * (pair >> 4);
        }
        float scale;
        if (shape.half_scales) {
          uint16_t half;
          memcpy(&half, packed + 2 * i, sizeof half);
          scale = float_of_half(half);
        } else {
          memcpy(&scale, packed + 4 * i, sizeof scale);
        }
        total += static_cast<float>(sum) * scale;
        a += count;
        w += count / 2;
      }
      out[m * args.out_stride + n] = total;
    }
  }
}

constexpr GemmS4Kernel make_row() {
  GemmS4Kernel row{};
  row.name = "s4_gemm_1x1__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.mr = 1;
  row.nr = 1;
  row.throughput = 1;
  row.packed_bytes = packed_bytes;
  row.pack = pack;
  row.correct = correct_blocks;
  row.run = run;
  return row;
}

}  // namespace

extern const GemmS4Kernel kGemmS4Scalar;
const GemmS4Kernel kGemmS4Scalar = make_row();

}  // namespace qrt::kernels
