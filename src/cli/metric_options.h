// --metric, --labels and what goes with them: how the tool scores a model, for `qrt eval` and the
// search of `qrt quantize`.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "src/cli/labels.h"
#include "src/cli/model_source.h"
#include "src/quantize/metrics.h"

namespace qrt::cli {

struct MetricArguments {
  std::string metric;  // a name or a command
  LabelArguments labels;
  std::string alphabet;  // a file
  std::string output;    // a name or a number
  size_t blank = 0;
  int64_t ignored = 255;
};

// Returns --metric.
CLI::Option* add_metric_options(CLI::App* command, MetricArguments* arguments);

// A metric for a model's outputs, and the labels of the data set (null for a command), which must
// outlive them as the model must.
struct Scoring {
  std::unique_ptr<quantize::Metric> metric;
  std::unique_ptr<Labels> labels;

  // Of the sample with this number in the data set.
  rt::Result<quantize::Label> label(size_t sample) const;
};
rt::Result<Scoring> open_scoring(const MetricArguments& arguments, const Dataset& dataset,
                                 const OpenModel& open);

}  // namespace qrt::cli
