// What `qrt run` is asked to do, shared by its two ways: one run that shows everything (run.cc),
// and a table of many pictures (run_each.cc).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/cli/outcome.h"
#include "src/cli/picture_options.h"
#include "src/cli/running_model.h"
#include "src/cli/tensor_input.h"

namespace qrt::cli {

// The widest that --draw draws, in columns.
inline constexpr int kMaxDrawWidth = 40;

struct RunOptions {
  std::string model, signature;
  std::vector<std::string> inputs;  // FILE or NAME=FILE
  std::vector<std::string> each;
  std::vector<std::string> shapes;  // NAME=1x3x224x224
  std::string labels, output, isa;
  PictureArguments picture;
  size_t top = 0;  // 0: not asked
  size_t threads = 1;
  int draw_width = 0;  // 0: what fits
  bool reference = false, draw = false, json = false;
};

// Copies inputs into the session, which takes other shapes if they have them.
rt::Status set_inputs(Session& session, const std::vector<TensorInput>& inputs);

// One run from zero state; microseconds.
rt::Result<double> timed_run(Session& session);

// An error that says how many labels and how many classes there are.
Outcome no_such_labels(const RunningModel& model, const RunOptions& options, size_t labels);

// "\n  0  'image' f32 1x1x28x28": one line an input, after a line of text.
std::string list_inputs(const RunningModel& model);

Outcome run_each(RunningModel& model, const RunOptions& options,
                 const std::vector<PictureOptions>& pictures,
                 const std::vector<std::string>& labels);

}  // namespace qrt::cli
