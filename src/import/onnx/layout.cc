#include "src/import/onnx/layout.h"

#include <algorithm>

#include "src/base/checked.h"
#include "src/base/shape.h"
#include "src/import/onnx/errors.h"
#include "src/opspec/shape_functions.h"

namespace qrt::import::onnx_import {
namespace {

// Indices and sizes of tensors are 32-bit numbers in the kernels.
constexpr int64_t kMaxElements = INT32_MAX;

}  // namespace

Shape arranged(const Shape& shape, const Order& order) {
  Shape result;
  for (int axis : order) result.push_back(shape[static_cast<size_t>(axis)]);
  return result;
}

Shape from_memory(const Shape& shape, const Order& order) {
  Shape result(shape.size());
  for (size_t i = 0; i < order.size(); ++i) result[static_cast<size_t>(order[i])] = shape[i];
  return result;
}

bool same_elements(const Shape& shape, const Order& a, const Order& b) {
  return graph::same_elements(declared(shape), a, b);
}

int64_t least_elements(const Shape& shape) {
  Shape least;
  for (Dim dim : shape) least.emplace_back(least_size(dim));
  return checked_elements(least);
}

void check_size(const Shape& shape) { least_elements(shape); }

int64_t checked_elements(const Shape& shape) {
  if (shape.size() > static_cast<size_t>(rt::kMaxRank)) {
    unsupported("a tensor of %zu dimensions, more than %d", shape.size(), rt::kMaxRank);
  }
  int64_t elements = 1;
  for (int32_t dim : shape) {
    if (dim < 0) invalid("a tensor of shape %s", text(shape).c_str());
    if (dim == 0) unsupported("a tensor without elements: %s", text(shape).c_str());
    elements *= dim;
    if (elements > kMaxElements) unsupported("a tensor too large: %s", text(shape).c_str());
  }
  return elements;
}

Shape checked_shape(const std::vector<int64_t>& dims) {
  Shape shape;
  for (int64_t dim : dims) {
    if (dim < 0) invalid("a dimension of %lld", static_cast<long long>(dim));
    if (dim > kMaxElements) unsupported("a dimension of %lld", static_cast<long long>(dim));
    shape.push_back(static_cast<int32_t>(dim));
  }
  checked_elements(shape);
  return shape;
}

Shape checked_constant_shape(std::vector<int64_t> dims) {
  const std::vector<int64_t> given = dims;
  std::replace(dims.begin(), dims.end(), int64_t{0}, int64_t{1});
  Shape shape = checked_shape(dims);
  for (size_t i = 0; i < shape.size(); ++i) {
    if (given[i] == 0) shape[i] = 0;
  }
  return shape;
}

int checked_axis(int64_t axis, size_t rank) {
  const auto r = static_cast<int64_t>(rank);
  if (axis < -r || axis >= r) {
    invalid("axis %lld of a tensor of %zu dimensions", static_cast<long long>(axis), rank);
  }
  return static_cast<int>(axis < 0 ? axis + r : axis);
}

std::vector<int> checked_axes(const std::vector<int64_t>& axes, size_t rank) {
  std::vector<int> result;
  for (int64_t axis : axes) result.push_back(checked_axis(axis, rank));
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end()) {
    invalid("an axis is given twice");
  }
  return result;
}

Shape flattened(rt::Dims& dims, const Shape& shape, int axis) {
  check_size(shape);
  int32_t sizes[2] = {1, 1};
  for (size_t i = 0; i < shape.size(); ++i) {
    int32_t& size = sizes[i < static_cast<size_t>(axis) ? 0 : 1];
    size = dims.mul(size, shape[i].symbol());
  }
  return {sizes[0], sizes[1]};
}

Shape broadcast(rt::Dims& dims, const Shape& a, const Shape& b) {
  const auto dims_of = [](const Shape& shape) {
    check_size(shape);
    rt::Shape result;
    for (Dim dim : shape) result.push_back(dim.symbol());
    return result;
  };
  rt::Shape broadcasted;
  if (!rt::broadcast(dims, dims_of(a), dims_of(b), &broadcasted)) {
    invalid("shapes %s and %s cannot be broadcast", text(a).c_str(), text(b).c_str());
  }
  const Shape result(broadcasted.begin(), broadcasted.end());
  check_size(result);
  return result;
}

std::string text(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string result;
  for (Dim dim : shape) {
    result += (result.empty() ? "" : "x") + (dim.open() ? "?" : std::to_string(dim.symbol()));
  }
  return result;
}

}  // namespace qrt::import::onnx_import
