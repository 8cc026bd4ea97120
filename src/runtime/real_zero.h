// What a state holds before the first run: real zero, which for a quantized tensor is the zero
// point of each element.
#pragma once

#include "src/opspec/tensor.h"

namespace qrt::rt {

// Fills the memory of a tensor that has this shape, of any type and quantization.
void fill_with_real_zero(const Tensor& tensor, const Shape& shape, void* memory);

}  // namespace qrt::rt
