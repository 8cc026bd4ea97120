// A model's value by a metric: all samples through a session.
#pragma once

#include <functional>
#include <vector>

#include "src/quantize/metrics.h"
#include "src/quantize/progress.h"
#include "src/quantize/samples.h"

namespace qrt::quantize {

// What is right for the sample with this number.
using LabelOf = std::function<rt::Result<Label>(size_t sample)>;

// Adds all samples to the metric, whose value() then tells. `what` is what progress is told.
// `times_us`, if not null, gets how long each run took. Errors name the sample.
rt::Status evaluate(rt::Session* session, const SampleSource& samples, const LabelOf& label_of,
                    Metric* metric, const Progress& progress, const char* what,
                    std::vector<double>* times_us = nullptr);

}  // namespace qrt::quantize
