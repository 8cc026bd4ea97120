// From what calibration has seen of a tensor to the range that its integers cover, and from that to
// scale and zero point. All in double from exact counts: the same on every machine.
#pragma once

#include "src/graph/graph.h"
#include "src/quantize/statistics.h"

namespace qrt::quantize {

struct Range {
  double low = 0, high = 0;  // low <= 0 <= high: zero is always exact, for padding
};

enum class Observer : uint8_t {
  MinMax,         // all that was seen
  MovingAverage,  // of the samples' ends (keeping 0.9)
  Percentile,     // all but 0.01 % at the ends
  Entropy,   // least Kullback-Leibler divergence (Migacz, "8-bit inference with TensorRT", 2017)
  Mse,       // least mean squared error, each end by itself
  MseShrunk  // the same, both ends shrunk by one factor
};

const char* observer_name(Observer observer);
bool find_observer(const std::string& name, Observer* observer);  // false: there is none
std::string observer_names();                                     // "minmax, average, ..."

// Of a tensor that was seen. `levels`: how many integers there are: 256 for s8.
Range choose_range(const ValueStatistics& statistics, Observer observer, int levels);

Range join(Range a, Range b);

// The quantization whose integers of this type (s8, s16) just cover the range; s16 is symmetric.
// A range of nothing but zero gets a scale of 1.
graph::Quantization quantization_for(Range range, graph::DType type);

// The share of values outside of what the quantization can hold, by the histogram's bins.
double clipped_share(const ValueStatistics& statistics, Range range);

}  // namespace qrt::quantize
