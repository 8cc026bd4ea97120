#include "src/opspec/element.h"

#include <cmath>
#include <cstring>

namespace qrt::rt {
namespace {

// What integers an element type can hold: [min, max), exact in double.
bool integer_limits(DType type, double* min, double* max) {
  const double half = std::ldexp(1.0, static_cast<int>(dtype_bits(type)) - 1);
  switch (type) {
    case DType::S8:
    case DType::S16:
    case DType::S32:
    case DType::S64:
      *min = -half;
      *max = half;
      return true;
    case DType::U8:
      *min = 0;
      *max = 256;
      return true;
    case DType::Bool:
      *min = 0;
      *max = 2;
      return true;
    default:
      return false;
  }
}

template <class T>
bool put(T element, uint64_t* bits) {
  std::memcpy(bits, &element, sizeof element);
  return true;
}

}  // namespace

bool encode_element(const Tensor& tensor, float value, uint64_t* bits) {
  *bits = 0;
  if (tensor.type == DType::F32) return put(value, bits);
  if (tensor.type == DType::F64) return put(static_cast<double>(value), bits);
  if (tensor.type == DType::F16) return put(Half(static_cast<double>(value)), bits);
  if (tensor.type == DType::BF16) return put(BFloat16(static_cast<double>(value)), bits);
  double integer = static_cast<double>(value), min, max;
  if (!integer_limits(tensor.type, &min, &max)) return false;
  const Quantization& q = tensor.quantization;
  if (q.present()) {
    integer = std::nearbyint(integer / static_cast<double>(q.scale())) + q.zero_point();
  }
  if (!(integer >= min && integer < max) || integer != std::floor(integer)) return false;
  const auto element = static_cast<int64_t>(integer);
  std::memcpy(bits, &element, sizeof element);
  return true;
}

}  // namespace qrt::rt
