// Turns ONNX's slices, whose ends may lie anywhere, into exact begins, steps and sizes.
#pragma once

#include <vector>

#include "src/import/onnx/builder.h"

namespace qrt::import::onnx_import {

// One entry an axis of ONNX's shape; begins lie within the axis, steps may be negative. Of an open
// axis, begins and ends are as ONNX gives them.
struct SliceRange {
  std::vector<int64_t> begins, ends, steps;
  std::vector<bool> whole;  // nothing is left out
  std::vector<bool> open;
  std::vector<int64_t> sizes;  // of the result; not of an open axis

  bool takes_all() const;
  bool takes_nothing() const;
};

// Empty `axes` or `steps` stand for ONNX's defaults. Throws Invalid.
SliceRange slice_range(const Shape& shape, const std::vector<int64_t>& starts,
                       const std::vector<int64_t>& ends, std::vector<int64_t> axes,
                       std::vector<int64_t> steps);

// For a tensor that lies in `order`.
fb::SliceT slice_options(const SliceRange& range, const Order& order);

}  // namespace qrt::import::onnx_import
