// The specification of convert.
#include "kernels/convert_s8.h"

namespace qrt::kernels {
namespace {

void f32_to_s8(const float* in, size_t n, float inverse_scale, Output out_range, int8_t* out) {
  for (size_t i = 0; i < n; ++i) {
    const float steps = in[i] == in[i] ? in[i] * inverse_scale : 0.0f;
    out[i] = static_cast<int8_t>(quantize_steps(steps, out_range));
  }
}

void s8_to_f32(const int8_t* in, size_t n, float scale, int32_t zero_point, float* out) {
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<float>(in[i] - zero_point) * scale;
}

constexpr ConvertS8Kernel make_row() {
  ConvertS8Kernel row{};
  row.name = "convert__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.f32_to_s8 = f32_to_s8;
  row.s8_to_f32 = s8_to_f32;
  return row;
}

}  // namespace

extern const ConvertS8Kernel kConvertS8Scalar;
const ConvertS8Kernel kConvertS8Scalar = make_row();

}  // namespace qrt::kernels
