// Operators that gather and scatter single elements or parts, as ONNX and TensorFlow define them;
// the largest elements of an axis; running sums.
#pragma once

#include "tests/oracle/tensor.h"

namespace oracle {

// Negative indices count from the end.
Tensor gather_elements(const Tensor& data, const Tensor& indices, size_t axis);

using Combine = std::function<double(double, double)>;
Tensor scatter_elements(Tensor data, const Tensor& indices, const Tensor& updates, size_t axis,
                        const Combine& combine);
Tensor scatter_nd(Tensor data, const Tensor& indices, const Tensor& updates,
                  const Combine& combine);

// The part of this shape that begins at `begins`, moved inside where it would stick out.
Tensor slice_at(const Tensor& data, const Dims& begins, const Dims& shape);
Tensor update_at(Tensor data, const Tensor& part, const Dims& begins);

struct Ranked {
  Tensor values, indices;
};
// Of equal elements the first comes first.
Ranked top_k(const Tensor& in, size_t axis, int32_t k, bool smallest);

Tensor cum_sum(const Tensor& in, size_t axis, bool exclusive, bool reverse);

}  // namespace oracle
