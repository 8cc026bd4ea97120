// Arithmetic on shapes and on the orders in which a tensor's axes may lie in memory. ONNX's tensors
// are NCHW, libqrt's kernels read NHWC: a tensor's order says where each ONNX axis went, so that
// the importer can change axes' numbers instead of moving elements.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace qrt::import::onnx_import {

using Shape = std::vector<int32_t>;
// order[i] is the ONNX axis that lies at position i: {0,2,3,1} is NHWC.
using Order = std::vector<int>;

Order plain_order(size_t rank);
Order channels_last(size_t rank);

// The shape in memory of a tensor of this ONNX shape.
Shape arranged(const Shape& shape, const Order& order);
// The position in memory of an ONNX axis.
int position(const Order& order, int axis);
// The `perm` of the Transpose from one order to another.
std::vector<int32_t> transposition(const Order& from, const Order& to);
// Whether the elements lie the same way in both orders, axes of one element aside.
bool same_elements(const Shape& shape, const Order& a, const Order& b);
// The order that is left when some ONNX axes are dropped; `axes` is sorted.
Order without_axes(const Order& order, const std::vector<int>& axes);

// Reshapes a tensor that lies in `order` without moving its elements: the order of the result, or
// nothing if some elements would have to move. Both shapes have equally many elements.
std::optional<Order> reshaped_order(const Shape& from, const Order& order, const Shape& to);
// The order closest to `order` from which that reshape moves nothing.
Order reshapable_order(const Shape& from, const Order& order, const Shape& to);

// Throws Invalid if a dimension is negative, or Unsupported if one is 0 or if there are too many
// dimensions or elements for libqrt.
int64_t checked_elements(const Shape& shape);
// From ONNX's 64 bits, checked as above.
Shape checked_shape(const std::vector<int64_t>& dims);
// The same for a constant, which may be without elements.
Shape checked_constant_shape(std::vector<int64_t> dims);
// An axis that may count from the end, or Invalid.
int checked_axis(int64_t axis, size_t rank);
// Sorted, or Invalid if an axis is out of range or given twice.
std::vector<int> checked_axes(const std::vector<int64_t>& axes, size_t rank);
// numpy's rule, or Invalid.
Shape broadcast(const Shape& a, const Shape& b);

// "1x3x224x224" for messages.
std::string text(const Shape& shape);

}  // namespace qrt::import::onnx_import
