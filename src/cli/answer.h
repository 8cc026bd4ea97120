// What `qrt run` prints of one run: for people, and as JSON.
#pragma once

#include <string>
#include <vector>

#include "src/cli/run.h"

namespace qrt::cli {

struct Answer {
  const std::vector<std::string>& files;  // of the inputs
  const std::vector<TensorInput>& inputs;
  const std::vector<std::string>& labels;
  std::vector<size_t> ranked;  // outputs whose best classes are wanted
  double us = 0;               // the run took
};

void print_answer(const rt::Session& session, const RunOptions& options, const Answer& answer);
void print_answer_json(const rt::Session& session, const RunOptions& options, const Answer& answer);

}  // namespace qrt::cli
