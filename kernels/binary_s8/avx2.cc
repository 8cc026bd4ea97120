// binary_s8 for AVX2: 32 bytes at a time as four vectors of floats. Differences from a zero point
// and their products are integers below 2^24, so float computes them exactly.
#include "kernels/binary_s8.h"

#include "kernels/avx2.h"

namespace qrt::kernels {
namespace {

// One operand: an array, or one value for all (kStep 0).
template <int kStep>
struct Operand {
  const int8_t* bytes;
  Widener widener;
  __m256 multiplier, value;

  Operand(const int8_t* from, int32_t zero, float scale)
      : bytes(from),
        widener(make_widener(zero)),
        multiplier(_mm256_set1_ps(scale)),
        value(term(_mm_set1_epi8(*from))) {}

  __m256 term(__m128i x) const { return _mm256_mul_ps(widen_8(widener, x), multiplier); }
  __m256 at(size_t i) const { return kStep == 0 ? value : term(load8(bytes + i)); }
  __m128i tail(size_t i, size_t n) const { return load_partial(bytes + i * kStep, kStep * n); }
  __m256 of(__m128i x) const { return kStep == 0 ? value : term(x); }
};

struct Sum {
  __m256 operator()(__m256 a, __m256 b) const { return _mm256_add_ps(a, b); }
};
struct Product {
  __m256 multiplier;
  __m256 operator()(__m256 a, __m256 b) const {
    return _mm256_mul_ps(_mm256_mul_ps(a, b), multiplier);
  }
};

template <class Op, class A, class B>
void run(const Op& op, const A& a, const B& b, const Quantizer& q, size_t n, int8_t* out) {
  size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    __m256 steps[4];
    for (size_t v = 0; v < 4; ++v) steps[v] = op(a.at(i + 8 * v), b.at(i + 8 * v));
    store32(out + i, quantize_32(q, steps));
  }
  if (i + 16 <= n) {
    store16(out + i, quantize_16(q, op(a.at(i), b.at(i)), op(a.at(i + 8), b.at(i + 8))));
    i += 16;
  }
  if (i < n) {
    const __m128i x = a.tail(i, n - i), y = b.tail(i, n - i);
    const __m256 low = op(a.of(x), b.of(y)), high = op(a.of(upper_8(x)), b.of(upper_8(y)));
    store_partial(out + i, quantize_16(q, low, high), n - i);
  }
}

template <class Op>
void run_steps(const Op& op, const BinaryS8Args& args, float a_scale, float b_scale,
               const int8_t* a, size_t a_step, const int8_t* b, size_t b_step, size_t n,
               int8_t* out) {
  const Quantizer q = make_quantizer(args.out);
  if (a_step == 0) {
    run(op, Operand<0>(a, args.a_zero_point, a_scale), Operand<1>(b, args.b_zero_point, b_scale), q,
        n, out);
  } else if (b_step == 0) {
    run(op, Operand<1>(a, args.a_zero_point, a_scale), Operand<0>(b, args.b_zero_point, b_scale), q,
        n, out);
  } else {
    run(op, Operand<1>(a, args.a_zero_point, a_scale), Operand<1>(b, args.b_zero_point, b_scale), q,
        n, out);
  }
}

void add(const BinaryS8Args& args, const int8_t* a, size_t a_step, const int8_t* b, size_t b_step,
         size_t n, int8_t* out) {
  if (n == 0) return;
  run_steps(Sum{}, args, args.a_multiplier, args.b_multiplier, a, a_step, b, b_step, n, out);
}

void mul(const BinaryS8Args& args, const int8_t* a, size_t a_step, const int8_t* b, size_t b_step,
         size_t n, int8_t* out) {
  if (n == 0) return;
  run_steps(Product{_mm256_set1_ps(args.a_multiplier)}, args, 1.0f, 1.0f, a, a_step, b, b_step, n,
            out);
}

constexpr BinaryS8Kernel make_row() {
  BinaryS8Kernel row{};
  row.name = "qs8_binary_x32__avx2";
  row.needs = QRT_SET_AVX2;
  row.preference = 10;
  row.add = add;
  row.mul = mul;
  return row;
}

}  // namespace

extern const BinaryS8Kernel kBinaryS8Avx2;
const BinaryS8Kernel kBinaryS8Avx2 = make_row();

}  // namespace qrt::kernels
