// Arithmetic on shapes and on the orders in which a tensor's axes may lie in memory. ONNX's tensors
// are NCHW, libqrt's kernels read NHWC: whoever translates between them keeps with each tensor the
// order in which it lies, and changes axes' numbers instead of moving elements.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "src/graph/graph.h"

namespace qrt::graph {

using Shape = std::vector<int32_t>;
// order[i] is the axis that lies at position i: of an NCHW tensor, {0,2,3,1} lies as NHWC.
using Order = std::vector<int>;

Order plain_order(size_t rank);
// Of a tensor whose last axis is the channels (NHWC), the order with them second (NCHW).
Order channels_first(size_t rank);
// The opposite: of an NCHW tensor, NHWC.
Order channels_last(size_t rank);

// The shape in memory of a tensor of this shape.
Shape arranged(const Shape& shape, const Order& order);
// The position in memory of an axis.
int position(const Order& order, int axis);
// The `perm` of the Transpose from one order to another.
std::vector<int32_t> transposition(const Order& from, const Order& to);
// Whether the elements lie the same way in both orders, axes of one element aside.
bool same_elements(const Shape& shape, const Order& a, const Order& b);
// The order that is left when some axes are dropped; `axes` is sorted.
Order without_axes(const Order& order, const std::vector<int>& axes);

// Reshapes a tensor that lies in `order` without moving its elements: the order of the result, or
// nothing if some elements would have to move. Both shapes have equally many elements.
// Sizes in 64 bits: of an unknown dimension, a number that stands for it in both shapes.
using Sizes = std::vector<int64_t>;
std::optional<Order> reshaped_order(const Sizes& from, const Order& order, const Sizes& to);
// The order closest to `order` from which that reshape moves nothing.
Order reshapable_order(const Sizes& from, const Order& order, const Sizes& to);
// The bytes of a constant with its axes in another order; `perm` as of Transpose.
Bytes transpose_bytes(const Value& value, const std::vector<int32_t>& perm);

}  // namespace qrt::graph
