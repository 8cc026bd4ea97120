// The float model's answers on a few samples, kept, so that many quantized candidates can be judged
// by how close they come.
#pragma once

#include <memory>
#include <vector>

#include "src/model/model.h"
#include "src/quantize/progress.h"
#include "src/quantize/samples.h"

namespace qrt::quantize {

class Reference {
 public:
  // Runs the model on `most` of the samples, evenly chosen, or as many as memory for the answers
  // allows.
  static rt::Result<Reference> create(std::shared_ptr<const rt::Model> model,
                                      const SampleSource& samples, size_t most, size_t threads);

  // Signal to quantization noise of the candidate's float outputs, in dB: the noise of each output
  // relative to its signal, averaged over outputs. At most kExact, where nothing differs.
  rt::Result<double> sqnr_db(const std::shared_ptr<const rt::Model>& candidate) const;
  static constexpr double kExact = 200;

  size_t samples() const { return samples_.size(); }
  const Sample& sample() const { return samples_[0]; }  // one of them

 private:
  std::vector<Sample> samples_;
  std::vector<std::vector<std::vector<float>>> answers_;  // by sample and output
  size_t threads_ = 1;
};

// `bytes` as a model that owns them.
rt::Result<std::shared_ptr<const rt::Model>> own_model(const std::vector<uint8_t>& bytes);

}  // namespace qrt::quantize
