// Runs a float model on samples and remembers what its values were.
#pragma once

#include <memory>
#include <vector>

#include "src/model/model.h"
#include "src/quantize/progress.h"
#include "src/quantize/run_sample.h"
#include "src/quantize/statistics.h"

namespace qrt::quantize {

// A model at work on samples: one session, which takes the samples' shapes.
class Runner {
 public:
  static rt::Result<Runner> create(std::shared_ptr<const rt::Model> model, size_t threads);

  rt::Session& session() { return *session_; }
  rt::Status run(const Sample& sample) { return run_sample(session_.get(), sample); }

 private:
  explicit Runner(std::unique_ptr<rt::Session> session) : session_(std::move(session)) {}

  std::unique_ptr<rt::Session> session_;
};

struct CalibrateOptions {
  size_t threads = 1;
  std::vector<bool> by_channel;  // by value of the main graph: sums by channel are wanted
  Progress progress;
};

// Of all f32 values of the main graph that are computed, and of its inputs. An error if one is not
// a finite number; it names the value and the sample.
rt::Result<Statistics> calibrate(const std::shared_ptr<const rt::Model>& model,
                                 const SampleSource& samples, const CalibrateOptions& options);

// Sentences on what is wrong with the data: too few samples, repeated ones, values that never
// change, ranges that one sample alone decides.
std::vector<std::string> doubts(const Statistics& statistics);

}  // namespace qrt::quantize
