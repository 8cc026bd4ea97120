// Small constants as numbers: the shapes, axes, limits... that an operator has as inputs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/import/onnx/builder.h"

namespace qrt::import::onnx_import {

// A constant's elements: integers (and Bool) or floats, in ONNX's order.
struct Numbers {
  DType type = DType::S64;
  Shape shape;
  std::vector<int64_t> integers;
  std::vector<float> floats;

  bool is_float() const { return type == DType::F32; }
  size_t size() const { return is_float() ? floats.size() : integers.size(); }
};

// Nothing if the tensor is not constant, or is quantized, or has more than a few thousand elements.
std::optional<Numbers> numbers_of(Builder& builder, Tensor& tensor);
TensorPtr make_constant(Builder& builder, const std::string& name, const Numbers& numbers);

}  // namespace qrt::import::onnx_import
