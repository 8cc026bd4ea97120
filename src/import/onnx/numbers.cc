#include "src/import/onnx/numbers.h"

#include <cstring>

namespace qrt::import::onnx_import {
namespace {

constexpr int64_t kMaxElements = 1 << 14;

int64_t count(const Shape& shape) {
  int64_t elements = 1;
  for (int32_t dim : shape) elements *= dim;
  return elements;
}

template <class T>
void read(const graph::Value& value, std::vector<int64_t>* integers) {
  for (size_t i = 0; i < value.data->size() / sizeof(T); ++i) {
    T element;
    std::memcpy(&element, value.data->data() + i * sizeof(T), sizeof(T));
    integers->push_back(static_cast<int64_t>(element));
  }
}

template <class T>
graph::Bytes write(const std::vector<int64_t>& integers) {
  graph::Bytes bytes(integers.size() * sizeof(T));
  for (size_t i = 0; i < integers.size(); ++i) {
    const T element = static_cast<T>(integers[i]);
    std::memcpy(bytes.data() + i * sizeof(T), &element, sizeof(T));
  }
  return bytes;
}

}  // namespace

std::optional<Numbers> numbers_of(Builder& builder, Tensor& tensor) {
  const int made = tensor.forms.front().value;
  if (!builder.graph.value(made).constant() || count(tensor.shape) > kMaxElements) {
    return std::nullopt;
  }
  const graph::Value& value = *builder.constant_value(tensor);
  if (!value.quantization.empty()) return std::nullopt;
  Numbers result{value.type, tensor.shape, {}, {}};
  switch (value.type) {
    case DType::F32:
      result.floats.resize(value.data->size() / sizeof(float));
      if (!result.floats.empty()) {
        std::memcpy(result.floats.data(), value.data->data(), value.data->size());
      }
      return result;
    case DType::S64:
      read<int64_t>(value, &result.integers);
      return result;
    case DType::S32:
      read<int32_t>(value, &result.integers);
      return result;
    case DType::S16:
      read<int16_t>(value, &result.integers);
      return result;
    case DType::S8:
      read<int8_t>(value, &result.integers);
      return result;
    case DType::U8:
    case DType::Bool:
      read<uint8_t>(value, &result.integers);
      return result;
    default:
      return std::nullopt;
  }
}

TensorPtr make_constant(Builder& builder, const std::string& name, const Numbers& numbers) {
  builder.charge(numbers.size() * sizeof(int64_t));
  graph::Bytes bytes;
  switch (numbers.type) {
    case DType::F32:
      bytes.resize(numbers.floats.size() * sizeof(float));
      if (!bytes.empty()) std::memcpy(bytes.data(), numbers.floats.data(), bytes.size());
      break;
    case DType::S64:
      bytes = write<int64_t>(numbers.integers);
      break;
    case DType::S32:
      bytes = write<int32_t>(numbers.integers);
      break;
    case DType::S16:
      bytes = write<int16_t>(numbers.integers);
      break;
    default:
      bytes = write<uint8_t>(numbers.integers);
      break;
  }
  return builder.constant(name, numbers.type, numbers.shape, std::move(bytes));
}

}  // namespace qrt::import::onnx_import
