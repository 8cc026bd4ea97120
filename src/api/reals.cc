#include "src/api/reals.h"

#include <cmath>
#include <cstring>

#include "kernels/requantize.h"

namespace qrt::api {
namespace {

using rt::DType;
using rt::Status;
using rt::Tensor;

template <class T>
void quantize(const Tensor& tensor, const float* from, size_t count, void* to) {
  rt::IntRange range = {0, 0};
  (void)rt::quantized_range(tensor.type, &range);
  const kernels::Output out = {tensor.quantization.zero_point(), range.min, range.max};
  const float inverse = 1.0f / tensor.quantization.scale();
  for (size_t i = 0; i < count; ++i) {
    const float steps = std::isnan(from[i]) ? 0.0f : from[i] * inverse;
    const T value = static_cast<T>(kernels::quantize_steps(steps, out));
    std::memcpy(static_cast<uint8_t*>(to) + i * sizeof value, &value, sizeof value);
  }
}

template <class T>
void dequantize(const Tensor& tensor, const void* from, size_t count, float* to) {
  const float scale = tensor.quantization.scale();
  const int32_t zero_point = tensor.quantization.zero_point();
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, static_cast<const uint8_t*>(from) + i * sizeof value, sizeof value);
    to[i] = static_cast<float>(value - zero_point) * scale;
  }
}

Status not_real(const Tensor& tensor) {
  return rt::error(rt::Code::Unsupported, "tensor '%s' of %s does not hold real numbers",
                   tensor.name, rt::dtype_name(tensor.type));
}

bool quantized(const Tensor& tensor) {
  return tensor.quantization.present() && tensor.quantization.per_tensor();
}

}  // namespace

Status set_reals(const Tensor& tensor, const float* from, size_t count, void* to) {
  if (tensor.type == DType::F32) {
    std::memcpy(to, from, count * sizeof(float));
  } else if (tensor.type == DType::S8 && quantized(tensor)) {
    quantize<int8_t>(tensor, from, count, to);
  } else if (tensor.type == DType::U8 && quantized(tensor)) {
    quantize<uint8_t>(tensor, from, count, to);
  } else if (tensor.type == DType::S16 && quantized(tensor)) {
    quantize<int16_t>(tensor, from, count, to);
  } else {
    return not_real(tensor);
  }
  return {};
}

Status get_reals(const Tensor& tensor, const void* from, size_t count, float* to) {
  if (tensor.type == DType::F32) {
    std::memcpy(to, from, count * sizeof(float));
  } else if (tensor.type == DType::S8 && quantized(tensor)) {
    dequantize<int8_t>(tensor, from, count, to);
  } else if (tensor.type == DType::U8 && quantized(tensor)) {
    dequantize<uint8_t>(tensor, from, count, to);
  } else if (tensor.type == DType::S16 && quantized(tensor)) {
    dequantize<int16_t>(tensor, from, count, to);
  } else {
    return not_real(tensor);
  }
  return {};
}

}  // namespace qrt::api
