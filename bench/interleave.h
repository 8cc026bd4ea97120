// Times things against each other: in one process and in turns, so that a change of the machine's
// throughput meets all of them alike.
#pragma once

#include <functional>
#include <vector>

namespace qrt::bench {

// Seconds a call takes, for each of `calls`: the median of at least 15 samples, which take at least
// `min_seconds` together. A sample repeats the call for 200 microseconds or more.
std::vector<double> interleaved_seconds(const std::vector<std::function<void()>>& calls,
                                        double min_seconds);

double median(std::vector<double> values);

}  // namespace qrt::bench
