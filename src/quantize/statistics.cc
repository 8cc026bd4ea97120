#include "src/quantize/statistics.h"

#include <algorithm>
#include <cmath>

namespace qrt::quantize {
namespace {

// Of the moving averages.
constexpr double kKeep = 0.9;

void add_extreme(float value, size_t sample, bool first, bool high, Extreme* extreme) {
  const auto further = [high](float a, float b) { return high ? a > b : a < b; };
  if (first) {
    *extreme = {value, value, sample};
  } else if (further(value, extreme->first)) {
    *extreme = {value, extreme->first, sample};
  } else if (further(value, extreme->second) || extreme->second == extreme->first) {
    // With one sample so far, the second was a copy of the first.
    extreme->second = value;
  }
}

void add_channels(const float* values, size_t n, size_t channels, ChannelStatistics* to) {
  if (to->sum.empty()) {
    to->sum.assign(channels, 0.0);
    to->min.assign(values, values + channels);
    to->max = to->min;
  }
  for (size_t begin = 0; begin + channels <= n; begin += channels) {
    for (size_t c = 0; c < channels; ++c) {
      const float value = values[begin + c];
      to->sum[c] += static_cast<double>(value);
      to->min[c] = std::min(to->min[c], value);
      to->max[c] = std::max(to->max[c], value);
    }
  }
  to->count += n / channels;
}

}  // namespace

size_t add_values(const float* values, size_t n, size_t channels, size_t sample,
                  ValueStatistics* to) {
  if (n == 0) return n;
  float low = values[0], high = values[0];
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
    const auto wide = static_cast<double>(values[i]);
    sum += wide;
    squares += wide * wide;
  }
  if (!std::isfinite(sum)) {
    const float* bad = std::find_if(values, values + n, [](float v) { return !std::isfinite(v); });
    if (bad != values + n) return static_cast<size_t>(bad - values);
  }
  const bool first = !to->seen();
  add_extreme(low, sample, first, false, &to->low);
  add_extreme(high, sample, first, true, &to->high);
  const double keep = first ? 0 : kKeep;
  to->mean_low = keep * to->mean_low + (1 - keep) * static_cast<double>(low);
  to->mean_high = keep * to->mean_high + (1 - keep) * static_cast<double>(high);
  to->sum += sum;
  to->squares += squares;
  to->changes = to->changes || (!first && squares != to->last_squares);
  to->last_squares = squares;
  to->histogram.add(values, n, std::max(std::fabs(low), std::fabs(high)));
  if (channels > 0 && n % channels == 0) add_channels(values, n, channels, &to->channels);
  to->count += n;
  ++to->samples;
  return n;
}

}  // namespace qrt::quantize
