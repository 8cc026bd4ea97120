// Timing of a session for `qrt bench`: warm-up, many runs, their distribution, and the time spent
// in each operator.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "src/cli/public_api.h"

namespace qrt::cli {

struct Timings {
  size_t runs = 0;
  double min_us = 0, median_us = 0, mean_us = 0, p90_us = 0, p99_us = 0;
};

// The same numbers in every run of the tool: quantized inputs and bytes take any value of their
// type, floats lie in [-1, 1], and integers that may be indices or counts are zero.
void fill_random(Session& session);

// Called between runs, outside of what is timed, with the seconds that have passed.
using Progress = std::function<void(double)>;

// Runs; where a state that grows has no more room, it begins anew.
rt::Status run_anew(Session& session);

// Runs for `seconds`, but at least three times, and anew like run_anew.
rt::Result<Timings> measure(Session& session, double seconds, const Progress& progress);

// Nanoseconds a run spent in each operator; those that only rename have 0.
rt::Result<std::vector<double>> profile(Session& session, double seconds, const Progress& progress);

// The most memory that this process has had, in bytes; 0: not known.
uint64_t peak_rss_bytes();

}  // namespace qrt::cli
