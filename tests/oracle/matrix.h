// Products of matrices.
#pragma once

#include "tests/oracle/tensor.h"

namespace oracle {

// in [...,I], weights [O,I], bias [O] or empty -> [...,O]
Tensor fully_connected(const Tensor& in, const Tensor& weights, const std::vector<double>& bias);

// numpy.matmul of a and b, whose last two axes are swapped first where asked for.
Tensor mat_mul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b);

// numpy.broadcast_shapes; empty lists are scalars.
Dims broadcast_shapes(const Dims& a, const Dims& b);

// The index into a tensor of shape `shape` that is broadcast to where `index` counts.
Dims broadcast_index(const Dims& index, const Dims& shape);

}  // namespace oracle
