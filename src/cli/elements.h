// Real numbers to a tensor's elements and back, one at a time and in plain code: what the tool
// needs to feed models from pictures and sounds, and to show what they answer.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/opspec/tensor.h"
#include "src/quantize/run_sample.h"

namespace qrt::cli {

// The bytes that `count` elements of the type take.
size_t bytes_for(rt::DType type, size_t count);

// f32, f64, f16 or bf16.
inline bool is_float(rt::DType type) {
  return type == rt::DType::F32 || type == rt::DType::F64 || type == rt::DType::F16 ||
         type == rt::DType::BF16;
}

// Whether encode can write the tensor: a float, or an integer with one scale.
bool takes_reals(const rt::Tensor& tensor);

// Writes the elements of a tensor that takes_reals: quantized to the nearest (ties to even) and
// clamped. An error for a value that is not a number.
rt::Status encode(const rt::Tensor& tensor, const std::vector<float>& reals,
                  std::vector<uint8_t>* bytes);

// The real numbers that elements stand for.
using quantize::decode;

}  // namespace qrt::cli
