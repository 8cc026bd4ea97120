#include "kernels/avx2.h"
#include "kernels/function_f32/functions.h"

namespace qrt::kernels {
namespace {

struct Avx2 {
  using V = __m256;
  static constexpr size_t lanes = 8;

  static QRT_INLINE V broadcast(float x) { return _mm256_set1_ps(x); }
  static QRT_INLINE V load(const float* p) { return _mm256_loadu_ps(p); }
  static QRT_INLINE void store(float* p, V x) { _mm256_storeu_ps(p, x); }
  static QRT_INLINE V max(V a, V b) { return _mm256_max_ps(a, b); }
  static QRT_INLINE V min(V a, V b) { return _mm256_min_ps(a, b); }
  static QRT_INLINE V where_less(V a, V b, V yes, V no) {
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
  }
  static QRT_INLINE V absolute(V x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
  static QRT_INLINE V with_sign(V x, V y) {
    return _mm256_or_ps(x, _mm256_and_ps(y, _mm256_set1_ps(-0.0f)));
  }
  static QRT_INLINE V scaled(V x, V shifted) {
    const __m256i n = _mm256_sub_epi32(_mm256_castps_si256(shifted), _mm256_set1_epi32(0x4b400000));
    const __m256i half = _mm256_srai_epi32(n, 1);
    return _mm256_mul_ps(_mm256_mul_ps(x, power(half)), power(_mm256_sub_epi32(n, half)));
  }

 private:
  static QRT_INLINE V power(__m256i n) {
    const __m256i exponent = _mm256_add_epi32(n, _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
  }
};

}  // namespace

extern const FunctionF32Kernel kFunctionF32Avx2;
const FunctionF32Kernel kFunctionF32Avx2 =
    Functions<Avx2>::row("f32_function_x8__avx2", QRT_SET_AVX2, 10);

}  // namespace qrt::kernels
