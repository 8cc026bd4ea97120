// Checks of shapes and axes that a model gives. The arithmetic on orders of axes is
// src/graph/axis_order.h's: here an order says where each axis of an ONNX tensor lies in the
// graph's value, so that the importer can change axes' numbers instead of moving elements.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/graph/axis_order.h"
#include "src/import/dim.h"
#include "src/import/onnx/errors.h"

namespace qrt::import::onnx_import {

using graph::channels_last;
using graph::Order;
using graph::plain_order;
using graph::position;
using graph::transposition;
using Shape = Dimensions;
using graph::without_axes;

// The shape in memory of a tensor of this shape.
Shape arranged(const Shape& shape, const Order& order);
// The opposite.
Shape from_memory(const Shape& shape, const Order& order);
// Whether the elements lie the same way in both orders, whatever open dimensions become.
bool same_elements(const Shape& shape, const Order& a, const Order& b);

// Throws Invalid if a dimension is negative, or Unsupported if one is 0 or if there are too many
// dimensions or elements for libqrt. Open dimensions may be anything.
void check_size(const Shape& shape);
// The same, and the number of elements where each open dimension is 1.
int64_t least_elements(const Shape& shape);
// The same, and the number of elements; Unsupported if that is open.
int64_t checked_elements(const Shape& shape);
// From ONNX's 64 bits, checked as above.
Shape checked_shape(const std::vector<int64_t>& dims);
// The same for a constant, which may be without elements.
Shape checked_constant_shape(std::vector<int64_t> dims);
// An axis that may count from the end, or Invalid.
int checked_axis(int64_t axis, size_t rank);
// Sorted, or Invalid if an axis is out of range or given twice.
std::vector<int> checked_axes(const std::vector<int64_t>& axes, size_t rank);
// The axes before `axis` as one, and those from it on as another.
Shape flattened(rt::Dims& dims, const Shape& shape, int axis);
// numpy's rule, or Invalid.
Shape broadcast(rt::Dims& dims, const Shape& a, const Shape& b);

// "1x3x224x224" for messages; "?" for an open dimension.
std::string text(const Shape& shape);

}  // namespace qrt::import::onnx_import
