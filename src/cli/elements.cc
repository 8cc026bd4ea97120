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

}  // namespace qrt::cli
