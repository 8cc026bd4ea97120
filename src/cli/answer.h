// What `qrt run` prints of one run: for people, and as JSON.
#pragma once

#include <string>
#include <vector>

#include "src/cli/run.h"

namespace qrt::cli {

struct Answer {
  const std::vector<std::string>& files;  // of the inputs
  const std::vector<TensorInput>& inputs;
  std::vector<size_t> ranked;                    // outputs whose best classes are wanted
  std::vector<std::vector<std::string>> labels;  // of each output; empty without
  double us = 0;                                 // the run took
};

void print_answer(const RunningModel& model, const RunOptions& options, const Answer& answer);
void print_answer_json(const RunningModel& model, const RunOptions& options, const Answer& answer);

}  // namespace qrt::cli
