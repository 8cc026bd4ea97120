#include "src/import/onnx/layout.h"

#include <algorithm>

#include "src/base/checked.h"
#include "src/base/shape.h"
#include "src/import/onnx/errors.h"

namespace qrt::import::onnx_import {
namespace {

// Indices and sizes of tensors are 32-bit numbers in the kernels.
constexpr int64_t kMaxElements = INT32_MAX;

}  // namespace

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

Shape broadcast(const Shape& a, const Shape& b) {
  const size_t rank = std::max(a.size(), b.size());
  Shape result(rank);
  for (size_t i = 0; i < rank; ++i) {  // from the last axis
    const int32_t da = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int32_t db = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (da != db && da != 1 && db != 1) {
      invalid("shapes %s and %s cannot be broadcast", text(a).c_str(), text(b).c_str());
    }
    result[rank - 1 - i] = std::max(da, db);
  }
  checked_elements(result);
  return result;
}

std::string text(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string result;
  for (int32_t dim : shape) result += (result.empty() ? "" : "x") + std::to_string(dim);
  return result;
}

}  // namespace qrt::import::onnx_import
