#include "src/import/onnx/slice.h"

#include <algorithm>
#include <limits>

#include "src/import/onnx/errors.h"

namespace qrt::import::onnx_import {

bool SliceRange::forward() const {
  return std::all_of(steps.begin(), steps.end(), [](int64_t step) { return step == 1; });
}

SliceRange slice_range(const Shape& shape, const std::vector<int64_t>& starts,
                       const std::vector<int64_t>& ends, std::vector<int64_t> axes,
                       std::vector<int64_t> steps) {
  SliceRange range{std::vector<int64_t>(shape.size(), 0), std::vector<int64_t>(shape.size(), 1),
                   shape};
  if (axes.empty()) {
    for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    invalid("starts, ends, axes and steps of different lengths");
  }
  checked_axes(axes, shape.size());  // none is given twice
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(checked_axis(axes[i], shape.size()));
    const int64_t dim = shape[axis];
    if (steps[i] == 0) invalid("a step of 0");
    // A step beyond the axis takes one element, however large it is.
    const int64_t step = std::clamp(steps[i], -dim, dim);
    const auto from_end = [dim](int64_t at) { return at < 0 ? at + dim : at; };
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? dim : dim - 1;
    const int64_t begin = std::clamp(from_end(starts[i]), low, high);
    const int64_t end = std::clamp(from_end(ends[i]), low, high);
    const int64_t span = step > 0 ? end - begin : begin - end;
    if (span <= 0) unsupported("an empty slice");
    range.begins[axis] = begin;
    range.steps[axis] = step;
    range.shape[axis] = static_cast<int32_t>((span - 1) / std::abs(step) + 1);
  }
  return range;
}

fb::SliceT slice_options(const SliceRange& range, const Order& order) {
  fb::SliceT options;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto axis = static_cast<size_t>(order[i]);
    const int64_t begin = range.begins[axis], step = range.steps[axis];
    const int64_t end = begin + step * range.shape[axis];
    options.begins.push_back(static_cast<int32_t>(begin));
    options.strides.push_back(static_cast<int32_t>(step));
    // Backwards to the first element: -1 would mean the last one.
    options.ends.push_back(static_cast<int32_t>(std::clamp<int64_t>(end, 0, INT32_MAX)));
    if (end < 0) options.end_mask |= 1u << i;
  }
  return options;
}

}  // namespace qrt::import::onnx_import
