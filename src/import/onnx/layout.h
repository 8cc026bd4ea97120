// Checks of shapes and axes that a model gives. The arithmetic on orders of axes is
// src/graph/axis_order.h's: here an order says where each axis of an ONNX tensor lies in the
// graph's value, so that the importer can change axes' numbers instead of moving elements.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/graph/axis_order.h"

namespace qrt::import::onnx_import {

using graph::arranged;
using graph::channels_last;
using graph::Order;
using graph::plain_order;
using graph::position;
using graph::reshapable_order;
using graph::reshaped_order;
using graph::same_elements;
using graph::Shape;
using graph::transposition;
using graph::without_axes;

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
