#include "src/cli/elements.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace qrt::cli {
namespace {

using rt::DType;

template <class T>
void store(T value, size_t i, std::vector<uint8_t>* bytes) {
  std::memcpy(bytes->data() + i * sizeof(T), &value, sizeof(T));
}

template <class T>
T load(const void* data, size_t i) {
  T value;
  std::memcpy(&value, static_cast<const uint8_t*>(data) + i * sizeof(T), sizeof(T));
  return value;
}

// IEEE half precision, rounded to nearest even; written out, for C++17 has no such type.
uint16_t to_half(float value) {
  const auto sign = static_cast<uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const float magnitude = std::fabs(value);
  // 65520 is half way between the largest half and the next power of two.
  if (!(magnitude < 65520.0F)) return static_cast<uint16_t>(sign | 0x7C00);
  if (magnitude == 0) return sign;
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  // The unit in the last place: eleven bits, and no smaller than the subnormals'.
  const int unit = std::max(exponent - 11, -24);
  const auto units = static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, -unit)));
  // The leading bit of a normal number's units carries into the exponent field, as it should.
  const uint32_t bits = unit == -24 ? units : units + (static_cast<uint32_t>(unit + 24) << 10);
  return static_cast<uint16_t>(sign | bits);
}

double from_half(uint16_t half) {
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  const double sign = (half & 0x8000) != 0 ? -1.0 : 1.0;
  if (exponent == 31) return fraction == 0 ? sign * HUGE_VAL : std::nan("");
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

int64_t quantize(float real, const rt::Tensor& tensor, const rt::IntRange& range) {
  const double scaled =
      std::nearbyint(static_cast<double>(real) / static_cast<double>(tensor.quantization.scale())) +
      tensor.quantization.zero_point();
  return static_cast<int64_t>(
      std::clamp(scaled, static_cast<double>(range.min), static_cast<double>(range.max)));
}

}  // namespace

size_t bytes_for(DType type, size_t count) { return (count * rt::dtype_bits(type) + 7) / 8; }

bool takes_reals(const rt::Tensor& tensor) {
  if (tensor.type == DType::F32 || tensor.type == DType::F16) return true;
  rt::IntRange range;
  return rt::quantized_range(tensor.type, &range) && tensor.type != DType::S4 &&
         tensor.quantization.present() && tensor.quantization.per_tensor();
}

rt::Status encode(const rt::Tensor& tensor, const std::vector<float>& reals,
                  std::vector<uint8_t>* bytes) {
  bytes->resize(bytes_for(tensor.type, reals.size()));
  rt::IntRange range{0, 0};
  const bool quantized = rt::quantized_range(tensor.type, &range);
  for (size_t i = 0; i < reals.size(); ++i) {
    if (quantized && std::isnan(reals[i])) {
      return rt::error(rt::Code::InvalidArgument,
                       "element %zu is not a number, which cannot be quantized", i);
    }
    switch (tensor.type) {
      case DType::F32:
        store(reals[i], i, bytes);
        break;
      case DType::F16:
        store(std::isnan(reals[i]) ? uint16_t{0x7E00} : to_half(reals[i]), i, bytes);
        break;
      case DType::S16:
        store(static_cast<int16_t>(quantize(reals[i], tensor, range)), i, bytes);
        break;
      case DType::S32:
        store(static_cast<int32_t>(quantize(reals[i], tensor, range)), i, bytes);
        break;
      default:  // S8 and U8: the lowest byte
        store(static_cast<uint8_t>(quantize(reals[i], tensor, range)), i, bytes);
        break;
    }
  }
  return {};
}

std::vector<double> decode(const rt::Tensor& tensor, const void* data, size_t count) {
  std::vector<double> reals(count);
  const rt::Quantization& q = tensor.quantization;
  const bool quantized = q.present() && q.per_tensor();
  const double scale = quantized ? static_cast<double>(q.scale()) : 1;
  const double zero_point = quantized ? q.zero_point() : 0;
  for (size_t i = 0; i < count; ++i) {
    double value = 0;
    switch (tensor.type) {
      case DType::F32:
        value = static_cast<double>(load<float>(data, i));
        break;
      case DType::F16:
        value = from_half(load<uint16_t>(data, i));
        break;
      case DType::S8:
        value = load<int8_t>(data, i);
        break;
      case DType::U8:
      case DType::Bool:
        value = load<uint8_t>(data, i);
        break;
      case DType::S16:
        value = load<int16_t>(data, i);
        break;
      case DType::S32:
        value = load<int32_t>(data, i);
        break;
      case DType::S64:
        value = static_cast<double>(load<int64_t>(data, i));
        break;
      case DType::S4: {
        const uint8_t pair = load<uint8_t>(data, i / 2);
        const int nibble = i % 2 == 0 ? pair & 15 : pair >> 4;
        value = nibble < 8 ? nibble : nibble - 16;
        break;
      }
    }
    reals[i] = scale * (value - zero_point);
  }
  return reals;
}

}  // namespace qrt::cli
