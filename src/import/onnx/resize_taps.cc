#include "src/import/onnx/resize_taps.h"

#include <algorithm>
#include <cmath>

namespace qrt::import::onnx_import {
namespace {

using Coordinates = TapOptions::Coordinates;

// Where element i of the result lies in the input. (ONNX's Operators.md, Resize)
double position_of(double i, int32_t in, int32_t out, double scale, const TapOptions& o) {
  switch (o.coordinates) {
    case Coordinates::Asymmetric:
      return i / scale;
    case Coordinates::AlignCorners:
      return out == 1 ? 0 : i * (in - 1) / (out - 1);
    case Coordinates::PytorchHalfPixel:
      return out == 1 ? 0 : (i + 0.5) / scale - 0.5;
    case Coordinates::HalfPixelSymmetric:
      // The middle of the result is that of the input, although `out` was rounded down.
      return in / 2.0 * (1 - out / (scale * in)) + (i + 0.5) / scale - 0.5;
    case Coordinates::CropAndResize:
      if (out == 1) return (o.begin + o.end) * (in - 1) / 2;
      return o.begin * (in - 1) + i * (o.end - o.begin) * (in - 1) / (out - 1);
    default:
      return (i + 0.5) / scale - 0.5;
  }
}

// Keys' kernel (1981).
double cubic_weight(double distance, double a) {
  const double x = std::fabs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

Taps taps_at(double position, int32_t in, double scale, const TapOptions& o) {
  // A result smaller than the input takes more elements into account.
  const double squeeze = o.antialias ? std::min(scale, 1.0) : 1.0;
  const double reach = (o.cubic ? 2 : 1) / squeeze;
  Taps taps;
  double sum = 0;
  for (double at = std::floor(position - reach) + 1; at < position + reach; ++at) {
    if (o.exclude_outside && (at < 0 || at >= in)) continue;
    const double distance = (at - position) * squeeze;
    const double weight =
        o.cubic ? cubic_weight(distance, o.cubic_a) : std::max(1 - std::fabs(distance), 0.0);
    if (weight == 0) continue;
    taps.elements.push_back(static_cast<int32_t>(std::clamp(at, 0.0, in - 1.0)));
    taps.weights.push_back(weight);
    sum += weight;
  }
  for (double& weight : taps.weights) weight /= sum;
  return taps;
}

}  // namespace

std::vector<Taps> resize_taps(int32_t in, int32_t out, double scale, const TapOptions& options) {
  std::vector<Taps> all;
  for (int32_t i = 0; i < out; ++i) {
    const double position = position_of(i, in, out, scale, options);
    const bool outside =
        options.coordinates == Coordinates::CropAndResize && (position < 0 || position > in - 1);
    all.push_back(outside ? Taps{} : taps_at(position, in, scale, options));
  }
  return all;
}

}  // namespace qrt::import::onnx_import
