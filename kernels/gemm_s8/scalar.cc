// The specification of gemm_s8. Packed: bias with the zero points folded in, weight zero points and
// multipliers, one of each a column, then the weights as they came.
#include "kernels/gemm_s8.h"

namespace qrt::kernels {
namespace {

struct Packed {
  int32_t* bias;
  int32_t* w_zero_points;
  float* multipliers;
  int8_t* w;
};

Packed layout(void* packed, size_t n) {
  auto* words = static_cast<int32_t*>(packed);
  return {words, words + n, reinterpret_cast<float*>(words + 2 * n),
          reinterpret_cast<int8_t*>(words + 3 * n)};
}

uint64_t packed_bytes(size_t n, size_t taps, size_t k) {
  return uint64_t{n} * (3 * 4 + uint64_t{taps} * k);
}

size_t row_bytes(size_t, size_t) { return 0; }

// Unsigned arithmetic wraps around by definition.
uint32_t u(int32_t x) { return static_cast<uint32_t>(x); }

void pack(const GemmS8Weights& weights, void* memory) {
  const Packed packed = layout(memory, weights.n);
  const size_t k_total = weights.taps * weights.k;
  for (size_t n = 0; n < weights.n; ++n) {
    const int8_t* w = weights.w + n * k_total;
    const int32_t w_zero = weights.w_zero_points != nullptr ? weights.w_zero_points[n] : 0;
    uint32_t sum = 0;
    for (size_t k = 0; k < k_total; ++k) {
      packed.w[n * k_total + k] = w[k];
      sum += u(w[k] - w_zero);
    }
    // sum (a - za)(w - zw) = sum a (w - zw) - za sum (w - zw)
    const uint32_t bias = weights.bias != nullptr ? u(weights.bias[n]) : 0;
    packed.bias[n] = static_cast<int32_t>(bias - u(weights.a_zero_point) * sum);
    packed.w_zero_points[n] = w_zero;
    packed.multipliers[n] = weights.multipliers != nullptr ? weights.multipliers[n] : 0.0f;
  }
}

int32_t accumulate(const GemmS8Args& args, const Packed& packed, size_t m, size_t n) {
  uint32_t acc = u(packed.bias[n]);
  const int32_t w_zero = packed.w_zero_points[n];
  const int8_t* w = packed.w + n * args.taps * args.k;
  for (size_t t = 0; t < args.taps; ++t, w += args.k) {
    const int8_t* a = args.indirection != nullptr ? args.indirection[m * args.taps + t]
                                                  : args.a + m * args.a_stride;
    for (size_t k = 0; k < args.k; ++k) acc += u(a[k] * (w[k] - w_zero));
  }
  return static_cast<int32_t>(acc);
}

void run(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int8_t* out) {
  const Packed packed = layout(const_cast<void*>(args.packed), args.n);
  for (size_t m = m0; m < m1; ++m) {
    for (size_t n = n0; n < n1; ++n) {
      const int32_t acc = accumulate(args, packed, m, n);
      out[m * args.out_stride + n] =
          static_cast<int8_t>(requantize(acc, packed.multipliers[n], args.out));
    }
  }
}

void run_s32(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int32_t* out) {
  const Packed packed = layout(const_cast<void*>(args.packed), args.n);
  for (size_t m = m0; m < m1; ++m) {
    for (size_t n = n0; n < n1; ++n) {
      out[m * args.out_stride + n] = accumulate(args, packed, m, n);
    }
  }
}

constexpr GemmS8Kernel make_row() {
  GemmS8Kernel row{};
  row.name = "qs8_gemm_1x1__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.mr = 1;
  row.nr = 1;
  row.throughput = 1;
  row.row_bytes = row_bytes;
  row.packed_bytes = packed_bytes;
  row.pack = pack;
  row.run = run;
  row.run_s32 = run_s32;
  return row;
}

}  // namespace

extern const GemmS8Kernel kGemmS8Scalar;
const GemmS8Kernel kGemmS8Scalar = make_row();

}  // namespace qrt::kernels
