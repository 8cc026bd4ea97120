// Operators that move elements, as NumPy, TensorFlow and ONNX define them.
#pragma once

#include "tests/oracle/tensor.h"

namespace oracle {

Tensor transpose(const Tensor& in, const Dims& perm);
Tensor concat(const std::vector<Tensor>& inputs, size_t axis);
// Elements [begin, begin + size) of an axis.
Tensor part(const Tensor& in, size_t axis, int32_t begin, int32_t size);

// Which elements of an axis of n Python's x[begin:end:stride] takes; `no_begin` and `no_end` leave
// that side out, as x[:end] does.
Dims python_range(int32_t n, int32_t begin, int32_t end, int32_t stride, bool no_begin,
                  bool no_end);
// The named elements of each axis.
Tensor pick_elements(const Tensor& in, const std::vector<Dims>& elements);

enum class PadMode { Constant, Reflect, Symmetric };
Tensor pad(const Tensor& in, const Dims& before, const Dims& after, PadMode mode, double value);

// Negative indices count from the end; the first `batch` axes of both are one.
Tensor gather(const Tensor& data, const Tensor& indices, size_t axis, size_t batch);
Tensor gather_nd(const Tensor& data, const Tensor& indices, size_t batch);

Tensor broadcast_to(const Tensor& in, const Dims& shape);
Tensor tile(const Tensor& in, const Dims& multiples);
// [N,H,W,C]; depth_first: ONNX's DCR, TensorFlow's only order.
Tensor depth_to_space(const Tensor& in, int32_t block, bool depth_first);
Tensor space_to_depth(const Tensor& in, int32_t block);

}  // namespace oracle
