// convert for AVX2.
#include "kernels/convert_s8.h"

#include "kernels/avx2.h"

namespace qrt::kernels {
namespace {

// Eight floats as steps, NaN as none.
__m256 steps_of(__m256 x, __m256 inverse_scale) {
  const __m256 number = _mm256_and_ps(x, _mm256_cmp_ps(x, x, _CMP_ORD_Q));
  return _mm256_mul_ps(number, inverse_scale);
}

void f32_to_s8(const float* in, size_t n, float inverse_scale, Output out_range, int8_t* out) {
  const Quantizer q = make_quantizer(out_range);
  const __m256 inverse = _mm256_set1_ps(inverse_scale);
  size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    __m256 steps[4];
    for (size_t v = 0; v < 4; ++v) steps[v] = steps_of(_mm256_loadu_ps(in + i + 8 * v), inverse);
    store32(out + i, quantize_32(q, steps));
  }
  while (i < n) {
    const size_t rest = n - i < 16 ? n - i : 16;
    alignas(32) float buffer[16] = {};
    memcpy(buffer, in + i, rest * sizeof(float));
    const __m128i bytes = quantize_16(q, steps_of(_mm256_load_ps(buffer), inverse),
                                      steps_of(_mm256_load_ps(buffer + 8), inverse));
    if (rest == 16) {
      store16(out + i, bytes);
    } else {
      store_partial(out + i, bytes, rest);
    }
    i += rest;
  }
}

void s8_to_f32(const int8_t* in, size_t n, float scale, int32_t zero_point, float* out) {
  const Widener widener = make_widener(zero_point);
  const __m256 step = _mm256_set1_ps(scale);
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    _mm256_storeu_ps(out + i, _mm256_mul_ps(widen_8(widener, load8(in + i)), step));
  }
  for (; i < n; ++i) out[i] = static_cast<float>(in[i] - zero_point) * scale;
}

constexpr ConvertS8Kernel make_row() {
  ConvertS8Kernel row{};
  row.name = "convert_x32__avx2";
  row.needs = QRT_SET_AVX2;
  row.preference = 10;
  row.f32_to_s8 = f32_to_s8;
  row.s8_to_f32 = s8_to_f32;
  return row;
}

}  // namespace

extern const ConvertS8Kernel kConvertS8Avx2;
const ConvertS8Kernel kConvertS8Avx2 = make_row();

}  // namespace qrt::kernels
