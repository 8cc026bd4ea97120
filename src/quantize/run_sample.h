// One sample through a session, and what came out as real numbers.
#pragma once

#include <vector>

#include "src/quantize/samples.h"
#include "src/runtime/session.h"

namespace qrt::quantize {

// Gives the session the sample's shapes and elements, and its variables their first state. Errors
// name the sample.
rt::Status feed_sample(rt::Session* session, const Sample& sample);
// feed_sample, and a run.
rt::Status run_sample(rt::Session* session, const Sample& sample);

// The real numbers that elements stand for; integers without a quantization as they are.
std::vector<double> decode(const rt::Tensor& tensor, const void* data, size_t count);

struct RealTensor {
  rt::Shape shape;
  std::vector<double> values;
};

// All outputs of the last run.
std::vector<RealTensor> real_outputs(const rt::Session& session);

}  // namespace qrt::quantize
