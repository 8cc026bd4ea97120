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
  if (is_float(tensor.type)) return true;
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
        store(rt::Half(static_cast<double>(reals[i])), i, bytes);
        break;
      case DType::BF16:
        store(rt::BFloat16(static_cast<double>(reals[i])), i, bytes);
        break;
      case DType::F64:
        store(static_cast<double>(reals[i]), i, bytes);
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
        value = static_cast<double>(load<rt::Half>(data, i));
        break;
      case DType::BF16:
        value = static_cast<double>(load<rt::BFloat16>(data, i));
        break;
      case DType::F64:
        value = load<double>(data, i);
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
