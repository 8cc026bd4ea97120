// Resizing along one axis as what it is in general: each element of the result is a weighted sum of
// a few elements of the input. For what libqrt's Resize does not know: cubic interpolation,
// antialiasing, crops.
#pragma once

#include <cstdint>
#include <vector>

namespace qrt::import::onnx_import {

struct TapOptions {
  enum class Coordinates {
    Asymmetric,
    HalfPixel,
    PytorchHalfPixel,
    AlignCorners,
    HalfPixelSymmetric,
    CropAndResize
  } coordinates = Coordinates::HalfPixel;
  bool cubic = false;  // else linear
  bool antialias = false, exclude_outside = false;
  double cubic_a = -0.75;
  double begin = 0, end = 1;  // of the crop, in parts of the axis
};

// One element of the result.
struct Taps {
  std::vector<int32_t> elements;  // of the input
  std::vector<double> weights;    // that add up to 1; none: it lies outside of the input
};

// For an axis of `in` elements that becomes one of `out`; `scale` is ONNX's, output per input.
std::vector<Taps> resize_taps(int32_t in, int32_t out, double scale, const TapOptions& options);

}  // namespace qrt::import::onnx_import
