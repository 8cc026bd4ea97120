// binary_s8 for AVX-512: 64 bytes at a time as four vectors of floats. Differences from a zero
// point and their products are integers below 2^24, so float computes them exactly.
#include "kernels/binary_s8.h"

#include "kernels/avx512.h"

namespace qrt::kernels {
namespace {

// One operand: an array, or one value for all (kStep 0).
template <int kStep>
struct Operand {
  const int8_t* bytes;
  __m512i magic_less_zero;
  __m512 multiplier, value;

  Operand(const int8_t* from, int32_t zero, float scale)
      : bytes(from),
        magic_less_zero(_mm512_set1_epi32(0x4B400000 - zero)),
        multiplier(_mm512_set1_ps(scale)),
        value(term(_mm_set1_epi8(*from))) {}

  // An integer below 2^22 added to the bits of 1.5 * 2^23 is a float that much larger: additions
  // have more ports than conversions.
  __m512 term(__m128i x) const {
    const __m512i bits = _mm512_add_epi32(_mm512_cvtepi8_epi32(x), magic_less_zero);
    const __m512 integer = _mm512_sub_ps(_mm512_castsi512_ps(bits), _mm512_set1_ps(12582912.0f));
    return _mm512_mul_ps(integer, multiplier);
  }
  // Elements i to i + 15, of which those in `real` are there.
  __m512 at(size_t i, __mmask16 real) const {
    return kStep == 0 ? value : term(_mm_maskz_loadu_epi8(real, bytes + i));
  }
  __m512 at(size_t i) const {
    return kStep == 0 ? value : term(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i)));
  }
};

struct Sum {
  __m512 operator()(__m512 a, __m512 b) const { return _mm512_add_ps(a, b); }
};
struct Product {
  __m512 multiplier;
  __m512 operator()(__m512 a, __m512 b) const {
    return _mm512_mul_ps(_mm512_mul_ps(a, b), multiplier);
  }
};

template <class Op, class A, class B>
void run(const Op& op, const A& a, const B& b, Output limits, size_t n, int8_t* out) {
  const Quantizer quantizer = make_quantizer(limits);
  __m512 steps[4];
  size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    for (size_t v = 0; v < 4; ++v) steps[v] = op(a.at(i + 16 * v), b.at(i + 16 * v));
    _mm512_storeu_si512(out + i, in_order(quantize_64<false>(quantizer, steps)));
  }
  if (i == n) return;
  const __mmask64 rest = mask_of(n - i);
  for (size_t v = 0; v < 4; ++v) {
    const auto real = static_cast<__mmask16>(rest >> (16 * v));
    steps[v] = op(a.at(i + 16 * v, real), b.at(i + 16 * v, real));
  }
  _mm512_mask_storeu_epi8(out + i, rest, in_order(quantize_64<false>(quantizer, steps)));
}

template <class Op>
void run_steps(const Op& op, const BinaryS8Args& args, float a_scale, float b_scale,
               const int8_t* a, size_t a_step, const int8_t* b, size_t b_step, size_t n,
               int8_t* out) {
  if (n == 0) return;
  const int32_t a_zero = args.a_zero_point, b_zero = args.b_zero_point;
  if (a_step == 0) {
    run(op, Operand<0>(a, a_zero, a_scale), Operand<1>(b, b_zero, b_scale), args.out, n, out);
  } else if (b_step == 0) {
    run(op, Operand<1>(a, a_zero, a_scale), Operand<0>(b, b_zero, b_scale), args.out, n, out);
  } else {
    run(op, Operand<1>(a, a_zero, a_scale), Operand<1>(b, b_zero, b_scale), args.out, n, out);
  }
}

void add(const BinaryS8Args& args, const int8_t* a, size_t a_step, const int8_t* b, size_t b_step,
         size_t n, int8_t* out) {
  run_steps(Sum{}, args, args.a_multiplier, args.b_multiplier, a, a_step, b, b_step, n, out);
}

void mul(const BinaryS8Args& args, const int8_t* a, size_t a_step, const int8_t* b, size_t b_step,
         size_t n, int8_t* out) {
  run_steps(Product{_mm512_set1_ps(args.a_multiplier)}, args, 1.0f, 1.0f, a, a_step, b, b_step, n,
            out);
}

constexpr BinaryS8Kernel make_row() {
  BinaryS8Kernel row{};
  row.name = "qs8_binary_x64__avx512vnni";
  row.needs = QRT_SET_AVX512VNNI;
  row.preference = 30;
  row.add = add;
  row.mul = mul;
  return row;
}

}  // namespace

extern const BinaryS8Kernel kBinaryS8Avx512vnni;
const BinaryS8Kernel kBinaryS8Avx512vnni = make_row();

}  // namespace qrt::kernels
