// How long operators take on this machine, for the search of a mix and for reports.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "src/model/model.h"
#include "src/quantize/samples.h"

namespace qrt::quantize {

struct Times {
  double run_us = 0;  // the median of runs
  std::map<std::string, double>
      operators;  // microseconds a run, by operator name; those of one name add up
};

// Runs a sample for about `seconds`, at least five times.
rt::Result<Times> time_operators(const std::shared_ptr<const rt::Model>& model,
                                 const Sample& sample, size_t threads, double seconds);

}  // namespace qrt::quantize
