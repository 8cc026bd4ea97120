// A real number as an element of a tensor.
#pragma once

#include "src/opspec/tensor.h"

namespace qrt::rt {

// The bits of `value`, in real units, as one element of `tensor`, in the lowest bytes; false if its
// type has no such element.
[[nodiscard]] bool encode_element(const Tensor& tensor, float value, uint64_t* bits);

}  // namespace qrt::rt
