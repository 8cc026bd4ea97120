// Reductions over axes, softmax, and where the largest element stands.
#pragma once

#include "tests/oracle/tensor.h"

namespace oracle {

// Each output is `result` of the elements that differ in `axes` only, in order. Axes may count from
// the end.
Tensor reduce(const Tensor& in, const Dims& axes, bool keep_dims,
              const std::function<double(const std::vector<double>&)>& result);

// exp(beta * x) / sum over the last axis, or the logarithm of it.
Tensor softmax(const Tensor& in, double beta, bool log);

}  // namespace oracle
