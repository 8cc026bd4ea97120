// Where along one axis an output pixel of Resize comes from, in the float arithmetic of the runtime
// that the model was made for: a coordinate that is one rounding off picks another pixel.
#pragma once

#include <cstdint>

#include "qrt_generated.h"

namespace qrt::rt {

struct ResizeAxis {
  int32_t in = 1, out = 1;  // pixels
  fb::ResizeCoordinates coordinates = fb::ResizeCoordinates::ByFlags;
  // ByFlags:
  bool align_corners = false, half_pixel_centers = false;
  // The others:
  float scale = 0;  // output pixels per input pixel; 0: the quotient of the sizes
  fb::ResizeRounding rounding = fb::ResizeRounding::Floor;
};

// Between which pixels output pixel i lies: 0...in-1, and as much of a pixel behind as the
// fraction.
float resize_position(const ResizeAxis& axis, int32_t i);
// The pixel that output pixel i is a copy of.
int32_t resize_nearest(const ResizeAxis& axis, int32_t i);

}  // namespace qrt::rt
