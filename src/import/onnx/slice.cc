#include "src/import/onnx/slice.h"

#include <algorithm>
#include <limits>

#include "src/import/onnx/errors.h"

namespace qrt::import::onnx_import {

bool SliceRange::takes_all() const {
  return std::all_of(whole.begin(), whole.end(), [](bool all) { return all; });
}

bool SliceRange::takes_nothing() const {
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (!open[i] && sizes[i] == 0) return true;
  }
  return false;
}

SliceRange slice_range(const Shape& shape, const std::vector<int64_t>& starts,
                       const std::vector<int64_t>& ends, std::vector<int64_t> axes,
                       std::vector<int64_t> steps) {
  SliceRange range;
  for (Dim dim : shape) {
    range.begins.push_back(0);
    range.steps.push_back(1);
    range.whole.push_back(true);
    range.open.push_back(dim.open());
    range.sizes.push_back(dim.open() ? 0 : dim.symbol());
    range.ends.push_back(range.sizes.back());
  }
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
    if (steps[i] == 0) invalid("a step of 0");
    if (range.open[axis]) {
      range.begins[axis] = starts[i];
      range.ends[axis] = ends[i];
      range.steps[axis] = steps[i];
      range.whole[axis] = starts[i] == 0 && ends[i] >= INT32_MAX && steps[i] == 1;
      continue;
    }
    const int64_t dim = shape[axis];
    // A step beyond the axis takes one element, however large it is.
    const int64_t step = std::clamp(steps[i], -dim, dim);
    const auto from_end = [dim](int64_t at) { return at < 0 ? at + dim : at; };
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? dim : dim - 1;
    const int64_t begin = std::clamp(from_end(starts[i]), low, high);
    const int64_t end = std::clamp(from_end(ends[i]), low, high);
    const int64_t span = std::max<int64_t>(step > 0 ? end - begin : begin - end, 0);
    range.begins[axis] = span == 0 ? 0 : begin;
    range.steps[axis] = span == 0 ? 1 : step;
    range.sizes[axis] = span == 0 ? 0 : (span - 1) / std::abs(step) + 1;
    range.ends[axis] = range.begins[axis] + step * range.sizes[axis];
    range.whole[axis] = range.sizes[axis] == dim && step == 1;
  }
  return range;
}

fb::SliceT slice_options(const SliceRange& range, const Order& order) {
  fb::SliceT options;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto axis = static_cast<size_t>(order[i]);
    const auto narrow = [](int64_t number) {
      return static_cast<int32_t>(std::clamp<int64_t>(number, -INT32_MAX, INT32_MAX));
    };
    const int64_t end = range.ends[axis];
    options.begins.push_back(narrow(range.begins[axis]));
    options.strides.push_back(narrow(range.steps[axis]));
    // Backwards to the first element: -1 would mean the last one. An open axis counts negative ends
    // from its own end, except those that lie before any beginning.
    const bool to_first = end < 0 && (!range.open[axis] || end <= -INT32_MAX);
    options.ends.push_back(to_first ? 0 : narrow(end));
    if (to_first || (range.open[axis] && range.whole[axis])) options.end_mask |= 1u << i;
  }
  return options;
}

}  // namespace qrt::import::onnx_import
