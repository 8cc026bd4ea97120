// Tables of s16 functions that are interpolated (kernels/elementwise_s16.h), made as TensorFlow
// Lite makes them, so that they hold the same integers.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/elementwise_s16.h"

namespace qrt::rt {

using TableS16 = std::array<int16_t, kernels::kS16TableEntries>;

// Each entry is the function at its place, in steps of the output, less half the error that
// interpolation has midway to the next. Computed in T: with inputs (q - in_zero_point) * in_scale
// for all s16 values q, and outputs q * out_scale. Where the function has no value, it is 0.
template <class T, class Function>
TableS16 make_table_s16(T in_scale, int32_t in_zero_point, T out_scale, const Function& function) {
  constexpr int kIntervals = 512;
  const T first = in_scale * static_cast<T>(-32768 - in_zero_point);
  const T last = in_scale * static_cast<T>(32767 - in_zero_point);
  const T step = (last - first) / kIntervals, half_step = step / 2;
  const T per_step = T{65536} / (out_scale * T{32767} - out_scale * T{-32768});
  const auto steps_at = [&](T x) {
    // Limits that sums of several do not leave.
    const T steps = function(x) * per_step;
    return std::isnan(steps) ? T{0} : std::clamp<T>(steps, T(-1e30), T(1e30));
  };
  const auto entry = [](T steps) {
    return static_cast<int16_t>(std::clamp<T>(steps, T{-32768}, T{32767}));
  };
  TableS16 table;
  for (int i = 0; i < kIntervals; ++i) {
    const T here = std::round(steps_at(first + static_cast<T>(i) * step));
    const T next = steps_at(first + static_cast<T>(i + 1) * step);
    const T midway = std::round(steps_at(first + static_cast<T>(i) * step + half_step));
    const T error = std::round((next + here) / 2) - midway;
    table[static_cast<size_t>(i)] = entry(here - std::round(error / 2));
  }
  table[kIntervals] = entry(std::round(steps_at(last)));
  return table;
}

}  // namespace qrt::rt
