// When two quantized values are quantized alike, and which real numbers they can hold.
#pragma once

#include <limits>

#include "src/graph/graph.h"

namespace qrt::graph {

// Integers of both values stand for the same real numbers.
bool same_quantization(const Value& a, const Value& b);

// What kernels compute with, s8, s16 around zero, or u8 before u8_to_s8: with one scale.
bool computable(const Value& value);
// The same, but for s16.
bool eight_bit(const Value& value);

struct Interval {
  float min = -std::numeric_limits<float>::infinity();
  float max = std::numeric_limits<float>::infinity();
};
Interval interval_of(const std::unique_ptr<fb::ClampT>& clamp);
// Clamping to `first`, then to `second`, as one clamp; right also where they do not overlap.
Interval then(Interval first, Interval second);
// The real numbers that a value of this quantization can hold: all, if its type is no integer.
Interval range_of(const Value& value);

}  // namespace qrt::graph
