// What calibration remembers of the values of a float model: enough to choose any quantization of
// them afterwards, in memory that does not grow with the data.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "src/quantize/histogram.h"

namespace qrt::quantize {

// Over all samples, of the elements at one place of the last axis.
struct ChannelStatistics {
  std::vector<double> sum;
  std::vector<float> min, max;
  uint64_t count = 0;  // of elements a channel
};

// An end of the range: the samples that reach furthest and second furthest.
struct Extreme {
  float first = 0, second = 0;
  size_t sample = 0;  // that of `first`
};

struct ValueStatistics {
  std::string name;
  uint64_t count = 0;  // of elements; 0: never seen
  size_t samples = 0;
  Extreme low, high;
  double mean_low = 0, mean_high = 0;  // moving averages of the samples' ends
  double sum = 0, squares = 0;
  bool changes = false;     // whether samples differed in it
  double last_squares = 0;  // those of the last sample, to see that
  Histogram histogram;
  ChannelStatistics channels;  // empty where nobody asked

  bool seen() const { return count > 0; }
};

// The sum of x x^T over inputs x (unfolded) of an output of an operator with weights: the squared
// error that a change d of an output's weights makes is d^T H d, known without data.
// [groups][k][k] for the k weights of an output; symmetric.
struct Gram {
  size_t k = 0, groups = 0;
  std::vector<double> sums;
  uint64_t count = 0;  // of inputs x, for each group

  const double* group(size_t g) const { return sums.data() + g * k * k; }
};

// By value of the model's main graph.
struct Statistics {
  std::vector<ValueStatistics> values;
  size_t samples = 0;
  size_t repeated = 0;           // samples that were the same as one before
  uint64_t data = 0;             // a fingerprint of the samples
  std::map<size_t, Gram> grams;  // by node; those that were asked for
};

// Adds a sample's elements; `channels`: the length of the last axis, or 0 if sums by channel are
// not wanted. The place of an element that is no finite number, or n.
size_t add_values(const float* values, size_t n, size_t channels, size_t sample,
                  ValueStatistics* to);

}  // namespace qrt::quantize
