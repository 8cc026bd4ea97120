#include "src/ops/resize_axis.h"

#include <algorithm>
#include <cmath>

namespace qrt::rt {
namespace {

// A position this close to the middle between two pixels is taken for the middle, as ONNX Runtime
// does: (4 + 0.5) / 0.3 - 0.5 is 14.5 but for the rounding of 0.3.
constexpr float kTie = 1e-6f;

float clamped(const ResizeAxis& axis, float position) {
  return std::clamp(position, 0.0f, static_cast<float>(axis.in - 1));
}

// TensorFlow Lite's: input pixels per output pixel, multiplied.
float step(const ResizeAxis& axis) {
  if (axis.align_corners && axis.out > 1) {
    return static_cast<float>(axis.in - 1) / static_cast<float>(axis.out - 1);
  }
  return static_cast<float>(axis.in) / static_cast<float>(axis.out);
}

// ONNX's: divided by the scale. Not clamped.
float onnx_position(const ResizeAxis& axis, int32_t i) {
  const float scale =
      axis.scale != 0 ? axis.scale : static_cast<float>(axis.out) / static_cast<float>(axis.in);
  const auto pixel = static_cast<float>(i);
  if (scale == 1) return pixel;
  switch (axis.coordinates) {
    case fb::ResizeCoordinates::AlignCorners:
      if (axis.out == 1) return 0;
      return pixel * static_cast<float>(axis.in - 1) / static_cast<float>(axis.out - 1);
    case fb::ResizeCoordinates::Asymmetric:
      return pixel / scale;
    case fb::ResizeCoordinates::PytorchHalfPixel:
      if (axis.out == 1) return 0;
      break;
    default:
      break;
  }
  return (pixel + 0.5f) / scale - 0.5f;
}

float onnx_round(fb::ResizeRounding rounding, float position) {
  switch (rounding) {
    case fb::ResizeRounding::Floor:
      return std::floor(position);
    case fb::ResizeRounding::Ceil:
      return std::ceil(position);
    default:
      break;
  }
  const bool tie = std::fabs(position - std::floor(position) - 0.5f) <= kTie;
  if (!tie) return std::round(position);
  return rounding == fb::ResizeRounding::RoundPreferFloor ? std::floor(position)
                                                          : std::ceil(position);
}

}  // namespace

float resize_position(const ResizeAxis& axis, int32_t i) {
  if (axis.coordinates != fb::ResizeCoordinates::ByFlags) {
    return clamped(axis, onnx_position(axis, i));
  }
  const float scale = step(axis);
  const auto pixel = static_cast<float>(i);
  return clamped(axis, axis.half_pixel_centers ? (pixel + 0.5f) * scale - 0.5f : pixel * scale);
}

int32_t resize_nearest(const ResizeAxis& axis, int32_t i) {
  if (axis.coordinates != fb::ResizeCoordinates::ByFlags) {
    const float rounded = onnx_round(axis.rounding, onnx_position(axis, i));
    return static_cast<int32_t>(clamped(axis, rounded));
  }
  const float position =
      (static_cast<float>(i) + (axis.half_pixel_centers ? 0.5f : 0.0f)) * step(axis);
  const float rounded = axis.align_corners ? std::round(position) : std::floor(position);
  return static_cast<int32_t>(clamped(axis, rounded));
}

}  // namespace qrt::rt
