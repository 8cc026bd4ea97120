// A metric that is somebody's own program: it is given a folder with the outputs of all samples,
// SAMPLE.OUTPUT.npy (000000.0.npy, ...), as the last word of its command line, and prints a number,
// of which higher is better.
#pragma once

#include <memory>
#include <string>

#include "src/quantize/metrics.h"

namespace qrt::cli {

// The command is run by the shell. The folder is the system's temporary one's, and goes away with
// the metric.
rt::Result<std::unique_ptr<quantize::Metric>> make_command_metric(const std::string& command);

}  // namespace qrt::cli
