// What a model answered: summaries, the best classes with their labels, and .npy files.
#pragma once

#include <string>
#include <vector>

#include "src/cli/running_model.h"

namespace qrt::cli {

// The lines of a file; line i names class i.
rt::Result<std::vector<std::string>> read_labels(const std::string& path);
// The labels that the model itself has for an output; none are none.
std::vector<std::string> model_labels(const Model& model, size_t output);

struct Best {
  size_t index = 0;
  double value = 0;
};

// The outputs with scores of classes: at most one dimension above 1. With labels, only those with
// as many elements as labels.
std::vector<size_t> score_outputs(const RunningModel& model,
                                  const std::vector<std::string>& labels);

// The k highest elements of an output, best first; of equal ones the first.
std::vector<Best> top(const RunningModel& model, size_t output, size_t k);

// Whether the output comes out of a Softmax or Logistic, so that its values are probabilities.
bool gives_probabilities(const RunningModel& model, size_t output);

// "97.3 %" or "12.4".
std::string score_text(double value, bool probability);

// "class 7" where there are no labels.
std::string label_of(const std::vector<std::string>& labels, size_t index);

struct OutputSummary {
  double low = 0, high = 0;
  std::vector<double> first;  // a few values
};
OutputSummary summary_of(const RunningModel& model, size_t output);

// Shape, type, range and first values: a few lines for people.
std::string summarize_output(const RunningModel& model, size_t output);

// "PREFIX.K.npy"
std::string output_path(const std::string& prefix, size_t output);

// Writes output_path() for every output K, in the model's own type. On an error, those already
// written are removed.
rt::Status write_outputs(const RunningModel& model, const std::string& prefix);

// The folder that files with this prefix go to exists: asked before a long run.
rt::Status check_prefix(const std::string& prefix);

}  // namespace qrt::cli
