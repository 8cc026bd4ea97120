#include "kernels/avx512.h"
#include "kernels/function_f32/functions.h"

namespace qrt::kernels {
namespace {

struct Avx512 {
  using V = __m512;
  static constexpr size_t lanes = 16;

  static QRT_INLINE V broadcast(float x) { return _mm512_set1_ps(x); }
  static QRT_INLINE V load(const float* p) { return _mm512_loadu_ps(p); }
  static QRT_INLINE void store(float* p, V x) { _mm512_storeu_ps(p, x); }
  static QRT_INLINE V max(V a, V b) { return _mm512_max_ps(a, b); }
  static QRT_INLINE V min(V a, V b) { return _mm512_min_ps(a, b); }
  static QRT_INLINE V where_less(V a, V b, V yes, V no) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes);
  }
  static QRT_INLINE V absolute(V x) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), x); }
  static QRT_INLINE V with_sign(V x, V y) {
    return _mm512_or_ps(x, _mm512_and_ps(y, _mm512_set1_ps(-0.0f)));
  }
  static QRT_INLINE V scaled(V x, V shifted) {
    const __m512i n = _mm512_sub_epi32(_mm512_castps_si512(shifted), _mm512_set1_epi32(0x4b400000));
    const __m512i half = _mm512_srai_epi32(n, 1);
    return _mm512_mul_ps(_mm512_mul_ps(x, power(half)), power(_mm512_sub_epi32(n, half)));
  }

 private:
  static QRT_INLINE V power(__m512i n) {
    const __m512i exponent = _mm512_add_epi32(n, _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
  }
};

}  // namespace

extern const FunctionF32Kernel kFunctionF32Avx512vnni;
const FunctionF32Kernel kFunctionF32Avx512vnni =
    Functions<Avx512>::row("f32_function_x16__avx512vnni", QRT_SET_AVX512VNNI, 30);

}  // namespace qrt::kernels
