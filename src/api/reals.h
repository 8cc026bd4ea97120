// Real numbers to a tensor's elements and back: f32, and s8, u8 and s16 with one scale.
#pragma once

#include "src/base/status.h"
#include "src/opspec/tensor.h"

namespace qrt::api {

// `count` elements each; the tensor's memory may have any alignment. Unsupported for other tensors.
// Quantized: to the nearest value, half to even, saturated; not-a-number is real zero.
rt::Status set_reals(const rt::Tensor& tensor, const float* from, size_t count, void* to);
rt::Status get_reals(const rt::Tensor& tensor, const void* from, size_t count, float* to);

}  // namespace qrt::api
